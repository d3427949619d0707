import { readdir, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { syncFolder } from "../durable-file.ts";
import { buildDigits, buildsFolder, latestBuild, readBuild } from "./build-record.ts";
import { filesIn } from "./delta-files.ts";
import { latestVersion, logFile, pathsOfVersions } from "./delta-log.ts";
import type { Lake } from "./lake.ts";

/** What a vacuum removed. */
export interface Vacuumed {
  readonly files: number;
  readonly bytes: number;
  /** Numbers of the build records that went. */
  readonly builds: readonly number[];
}

/** What a vacuum must leave alone. */
export interface VacuumLimits {
  /** Nothing that was in use within this time goes, ms since 1970: whoever began to read then can end. */
  readonly before: number;
  /** Builds that something pins, such as a release; the newest is kept in any case. */
  readonly builds: ReadonlySet<number>;
  /** Versions that something pins beside the builds, by table. */
  readonly versions: Readonly<Record<string, readonly number[]>>;
  /** True: counts only. Default false. */
  readonly isRehearsal?: boolean;
}

/**
 * Removes old builds, and the data files that no version needs which is pinned, newest, or was the newest since `before`.
 *
 * Log entries stay: an old version still says what it held, reading it then fails with `TABLE_DAMAGED`. Killed anywhere, it has
 * removed less.
 *
 * @throws UsherError `TABLE_DAMAGED`: a log that cannot be read; its table keeps everything.
 * Cost: one reading of each log and each folder.
 */
export async function vacuumLake(lake: Lake, limits: VacuumLimits): Promise<Vacuumed> {
  const { kept, gone } = await sortBuilds(lake, limits);
  const pins = new Map<string, Set<number>>();
  const pin = (table: string, version: number) =>
    pins.set(table, (pins.get(table) ?? new Set()).add(version));
  for (const number of kept) {
    const { tables, inputs = {} } = await readBuild(lake.folder, number);
    for (const [table, version] of Object.entries({ ...tables, ...inputs })) pin(table, version);
  }
  for (const [table, versions] of Object.entries(limits.versions))
    for (const version of versions) pin(table, version);
  if (!limits.isRehearsal) {
    // builds first: a build whose files have gone must not be there
    for (const number of gone) await rm(join(buildsFolder(lake.folder), `${buildDigits(number)}.json`));
    if (gone.length > 0) await syncFolder(buildsFolder(lake.folder));
  }
  let [files, bytes] = [0, 0];
  for (const table of await lake.tables()) {
    for (const { path, size } of await filesToGo(lake.folderOf(table), pins.get(table), limits.before)) {
      files++;
      bytes += size;
      if (!limits.isRehearsal) await rm(path, { force: true });
    }
  }
  return { files, bytes, builds: gone };
}

async function sortBuilds(
  lake: Lake,
  { before, builds }: VacuumLimits,
): Promise<{ kept: number[]; gone: number[] }> {
  const newest = (await latestBuild(lake.folder))?.number;
  const kept: number[] = [];
  const gone: number[] = [];
  const names = newest === undefined ? [] : await readdir(buildsFolder(lake.folder));
  for (const name of names.sort()) {
    const digits = /^(\d{8})\.json$/.exec(name)?.[1];
    if (digits === undefined) continue;
    const number = Number(digits);
    const { mtimeMs } = await stat(join(buildsFolder(lake.folder), name));
    const isKept = number === newest || builds.has(number) || mtimeMs >= before;
    (isKept ? kept : gone).push(number);
  }
  return { kept, gone };
}

async function filesToGo(
  tableFolder: string,
  pinned: ReadonlySet<number> | undefined,
  before: number,
): Promise<{ path: string; size: number }[]> {
  const latest = (await latestVersion(tableFolder)) as number;
  const versions = new Set([latest, ...(pinned ?? [])]);
  for (let version = latest; version > 0; version--) {
    // the version before was the newest until this entry came
    if ((await stat(logFile(tableFolder, version))).mtimeMs < before) break;
    versions.add(version - 1);
  }
  const needed = await pathsOfVersions(tableFolder, versions);
  const found: { path: string; size: number }[] = [];
  for (const path of await filesIn(tableFolder)) {
    const name = relative(tableFolder, path).split(sep).join("/");
    if (!name.endsWith(".parquet") || name.startsWith("_delta_log/") || needed.has(name)) continue;
    const { mtimeMs, size } = await stat(path);
    if (mtimeMs < before) found.push({ path, size });
  }
  return found;
}

import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../durable-file.ts";
import { buildDigits, buildsFolder, latestBuild, readBuild } from "./build-record.ts";
import { checkpointTable } from "./checkpoint.ts";
import { pathInside, tableNamesIn, unnamedFiles } from "./delta-files.ts";
import { checkpointFile, logFile, logVersions, pathsOfVersions } from "./delta-log.ts";
import type { Lake } from "./lake.ts";

/** What a vacuum removed. */
export interface Vacuumed {
  /** Data files, and unfinished files of logs. */
  readonly files: number;
  readonly bytes: number;
  /** Entries and checkpoints of logs. */
  readonly logFiles: number;
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
 * Removes old builds, the data files that no version needs which is pinned, newest, or was the newest since `before`, what killed
 * writers left, and the entries of logs before the last checkpoint that is that old.
 *
 * A pinned version whose entries go gets a checkpoint of its own, so that it reads as before; reading another old version then fails
 * with `TABLE_DAMAGED` or `TABLE_MISSING`. Killed anywhere, it has removed less.
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
  let [files, bytes, logFiles] = [0, 0, 0];
  for (const table of await tableNamesIn(lake.folder)) {
    const use = await usedVersions(lake.folderOf(table), pins.get(table) ?? new Set(), limits.before);
    for (const { path, size } of await filesToGo(lake, table, { use, before: limits.before })) {
      files++;
      bytes += size;
      if (!limits.isRehearsal) await rm(path, { force: true });
    }
    logFiles += await trimLog(lake, table, { use, isRehearsal: limits.isRehearsal ?? false });
  }
  return { files, bytes, logFiles, builds: gone };
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

/** Versions of a table that somebody may read. */
interface UsedVersions {
  readonly pinned: ReadonlySet<number>;
  /** The newest, and those that were it within the grace time, the newest first; none where the table has no version. */
  readonly recent: readonly number[];
}

async function usedVersions(
  tableFolder: string,
  pinned: ReadonlySet<number>,
  before: number,
): Promise<UsedVersions> {
  const { entries } = await logVersions(tableFolder);
  const recent: number[] = [];
  for (const version of entries.toReversed()) {
    recent.push(version);
    // the version before was the newest until this entry came
    if ((await stat(logFile(tableFolder, version))).mtimeMs < before) break;
  }
  return { pinned, recent };
}

async function filesToGo(
  { engine, folderOf }: Lake,
  table: string,
  { use, before }: { use: UsedVersions; before: number },
): Promise<{ path: string; size: number }[]> {
  const folder = folderOf(table);
  const needed = await pathsOfVersions({ engine, folder }, new Set([...use.recent, ...use.pinned]));
  const found: { path: string; size: number }[] = [];
  for (const path of await unnamedFiles(folder)) {
    if (needed.has(pathInside(folder, path))) continue;
    const { mtimeMs, size } = await stat(path);
    if (mtimeMs < before) found.push({ path, size });
  }
  return found;
}

/**
 * Removes what lies before the newest checkpoint that every recent version can be read from, the oldest first.
 *
 * Source: Delta transaction log protocol, "Metadata Cleanup"; the checkpoints of pinned versions are kept beyond that.
 * @returns How many files went.
 */
async function trimLog(
  lake: Lake,
  table: string,
  { use, isRehearsal }: { use: UsedVersions; isRehearsal: boolean },
): Promise<number> {
  const folder = lake.folderOf(table);
  const { entries, checkpoints } = await logVersions(folder);
  const oldest = use.recent.at(-1) ?? -1;
  const cut = checkpoints.findLast((version) => version <= oldest) ?? -1;
  const gone = [
    ...entries.filter((version) => version < cut).map((version) => logFile(folder, version)),
    ...checkpoints
      .filter((version) => version < cut && !use.pinned.has(version))
      .map((version) => checkpointFile(folder, version)),
  ];
  if (gone.length === 0 || isRehearsal) return gone.length;
  for (const version of use.pinned) {
    if (version < cut && !checkpoints.includes(version)) await checkpointTable(lake, table, version);
  }
  for (const path of gone) await rm(path, { force: true });
  return gone.length;
}

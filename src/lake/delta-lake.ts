import { randomUUID } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolderDurable, syncFile, syncFolder, writeFileDurable } from "../durable-file.ts";
import type { Engine } from "../engine/engine.ts";
import { UsherError } from "../errors.ts";
import { entryText } from "./delta-entry.ts";
import { removeLeftovers, tableNamesIn } from "./delta-files.ts";
import {
  everyPath,
  latestVersion,
  logFile,
  logFolder,
  logVersions,
  replay,
  type Snapshot,
} from "./delta-log.ts";
import { columnsOfSchema, schemaString } from "./delta-schema.ts";
import type { Lake, StagedFile, StagedVersion, StageOptions } from "./lake.ts";
import { withLakeErrors } from "./lake-error.ts";
import { sqlName, sqlPath, sqlText } from "./sql-text.ts";

/** A log with more entries is read on from where it was read before; a shorter one is read anew, so that damage is seen at once. */
const shortLogMax = 64;

/**
 * The lake over one folder: Parquet (zstd) written by the engine, and a Delta log written here (reader version 1, writer version 2).
 *
 * Times in a SELECT without a zone are taken as UTC and stored as instants. A file that no log entry names and that is older than this
 * call is what a killed process left behind: readers never see it, and the next `stage` or `commit` of its table removes it. So at most
 * one process may write a lake, while any number may read it.
 *
 * @param folder Made when the first table is staged.
 * Source: Delta transaction log protocol. Checked with the Python package deltalake 1.6.6.
 * @example
 * import { openDuckdb } from "../engine/duckdb.ts";
 * import { openLake } from "./delta-lake.ts";
 * const engine = await openDuckdb();
 * const lake = openLake("usher-home/lake", engine);
 * await lake.commit(await lake.stage("silver_tags", "SELECT 'u1' AS user_id, 'slow' AS tag")); // → 0
 * await engine.rows(`SELECT tag FROM ${await lake.relation("silver_tags")}`); // → [{ tag: "slow" }]
 */
export function openLake(folder: string, engine: Engine): Lake {
  const openedAt = Date.now();
  const session = randomUUID().slice(0, 8); // file clocks are coarser than ours: the name tells what this lake itself has staged
  const folderOf = (table: string) => join(folder, layerOf(table), table);
  const placeOf = (table: string) => ({ engine, folder: folderOf(table) });
  const read = rememberingReplay(engine);
  const snapshot = (table: string, version?: number) =>
    snapshotOf({ tableFolder: folderOf(table), table, version, read });
  const tidied = new Set<string>();
  const tidy = async (table: string) => {
    if (tidied.has(table)) return; // what is left behind later has a name of this session
    await removeLeftovers(placeOf(table), { before: openedAt, butNot: session });
    const { entries, checkpoints } = await logVersions(folderOf(table));
    if ((entries.at(-1) ?? 0) > shortLogMax || checkpoints.length > 0) tidied.add(table);
  };

  return {
    folder,
    engine,
    folderOf,
    latest: (table) => latestVersion(folderOf(table)),
    tables: () => tablesIn(folder, folderOf),
    relation: async (table, version) => relationOf(await snapshot(table, version), folderOf(table)),
    transactions: async (table, version) => {
      if (version !== undefined) return (await snapshot(table, version)).transactions;
      const latest = await latestVersion(folderOf(table));
      return latest === undefined ? {} : (await read(folderOf(table), latest)).transactions;
    },
    rowCount: async (table, version) => {
      const { files } = await snapshot(table, version);
      if (files.every((file) => file.rowCount >= 0)) {
        return files.reduce((sum, file) => sum + file.rowCount, 0);
      }
      const relation = await relationOf(await snapshot(table, version), folderOf(table));
      const [row] = await engine.rows(`SELECT count(*) AS n FROM ${relation}`);
      return Number(row?.["n"]);
    },
    stage: (table, select, options = {}) =>
      withLakeErrors(async () => {
        await makeFolderDurable(folderOf(table));
        await tidy(table);
        const stamp = `${session}-${randomUUID()}`;
        return stageSelect(engine, { table, select, folder: folderOf(table), stamp, ...options });
      }),
    commit: (staged, info = {}) =>
      withLakeErrors(async () => {
        await tidy(staged.table);
        return commitStaged(staged, { tableFolder: folderOf(staged.table), info, read });
      }),
    discard: async ({ table, files }) => {
      // a commit may fail after its entry became visible, when the folder cannot be synced: then the files belong to a version
      const named = await everyPath(placeOf(table));
      for (const { path } of files) {
        if (!named.has(path)) await rm(join(folderOf(table), ...path.split("/")), { force: true });
      }
    },
  };
}

type Replay = (tableFolder: string, version: number) => Promise<Snapshot>;

/** A {@link replay} that goes on from the newest version it has read of a long log. */
function rememberingReplay(engine: Engine): Replay {
  const known = new Map<string, Snapshot>();
  return async (folder, version) => {
    const last = known.get(folder);
    const snapshot = await replay({ engine, folder }, version, last);
    if (version > Math.max(shortLogMax, last?.version ?? 0)) known.set(folder, snapshot);
    return snapshot;
  };
}

function layerOf(table: string): string {
  const layer = /^([a-z]+)_[a-z0-9_]+$/.exec(table)?.[1];
  if (layer === undefined) {
    throw new UsherError("INTERNAL", `expected a table name such as silver_ratings, got ${table}`);
  }
  return layer;
}

async function tablesIn(folder: string, folderOf: (table: string) => string): Promise<string[]> {
  const found: string[] = [];
  for (const table of await tableNamesIn(folder)) {
    if ((await latestVersion(folderOf(table))) !== undefined) found.push(table);
  }
  return found;
}

async function snapshotOf(of: {
  tableFolder: string;
  table: string;
  version: number | undefined;
  read: Replay;
}): Promise<Snapshot> {
  const { tableFolder, table, version, read } = of;
  const latest = await latestVersion(tableFolder);
  if (latest === undefined) throw new UsherError("TABLE_MISSING", `the lake has no table ${table}`);
  if (version !== undefined && (!Number.isInteger(version) || version < 0 || version > latest)) {
    throw new UsherError("TABLE_MISSING", `${table} has versions 0..${latest}, not ${version}`);
  }
  return read(tableFolder, version ?? latest);
}

/**
 * The FROM text of a snapshot, after a look at each file: one that is missing or cut off is found here, not as a wrong figure later.
 * @throws UsherError `TABLE_DAMAGED`.
 */
export async function relationOf(snapshot: Snapshot, tableFolder: string): Promise<string> {
  const paths: string[] = [];
  for (const file of snapshot.files) {
    const path = join(tableFolder, ...file.path.split("/"));
    const size = await stat(path).then(
      (stats) => stats.size,
      () => undefined,
    );
    if (size !== file.sizeBytes) {
      const found = size === undefined ? "no such file" : `${size}`;
      throw new UsherError("TABLE_DAMAGED", `expected ${file.sizeBytes} bytes in ${path}, got ${found}`);
    }
    paths.push(sqlPath(path));
  }
  const columns = columnsOfSchema(snapshot.schemaString);
  if (paths.length === 0) {
    const nulls = columns.map(({ name, sqlType }) => `CAST(NULL AS ${sqlType}) AS ${sqlName(name)}`);
    return `(SELECT ${nulls.join(", ")} WHERE false)`;
  }
  if (snapshot.partitionBy.length === 0) {
    return `read_parquet([${paths.join(", ")}], hive_partitioning = false)`;
  }
  // the values of partition columns stand in the folders' names, not in the files
  const types = columns
    .filter(({ name }) => snapshot.partitionBy.includes(name))
    .map(({ name, sqlType }) => `${sqlText(name)}: ${sqlType}`);
  const names = columns.map(({ name }) => sqlName(name)).join(", ");
  return `(SELECT ${names} FROM read_parquet([${paths.join(", ")}], hive_partitioning = true, hive_types = {${types.join(", ")}}))`;
}

interface StageRequest extends StageOptions {
  readonly table: string;
  readonly select: string;
  readonly folder: string;
  /** Part of the names of the files. */
  readonly stamp: string;
}

async function stageSelect(engine: Engine, request: StageRequest): Promise<StagedVersion> {
  const { table, folder, stamp, mode = "overwrite", partitionBy = [], replaces, transactions } = request;
  const described = await engine.rows(`DESCRIBE ${request.select}`);
  const columns = described.map((row) => ({
    name: String(row["column_name"]),
    sqlType: String(row["column_type"]),
  }));
  const zoneless = columns.filter(({ sqlType }) => sqlType === "TIMESTAMP").map(({ name }) => name);
  const schema = schemaString(
    columns.map(({ name, sqlType }) => ({
      name,
      sqlType: zoneless.includes(name) ? "TIMESTAMP WITH TIME ZONE" : sqlType,
    })),
  );
  const select =
    zoneless.length === 0
      ? request.select
      : `SELECT * REPLACE (${zoneless
          .map((name) => `CAST(${sqlName(name)} AS TIMESTAMP WITH TIME ZONE) AS ${sqlName(name)}`)
          .join(", ")}) FROM (${request.select})`;
  const target = partitionBy.length === 0 ? join(folder, `part-${stamp}.parquet`) : folder;
  const partitioning =
    partitionBy.length === 0
      ? ""
      : `, PARTITION_BY (${partitionBy.map(sqlName).join(", ")}), FILENAME_PATTERN 'part-${stamp}-{uuid}', OVERWRITE_OR_IGNORE true`;
  try {
    const written = await engine.rows(
      `COPY (${select}) TO ${sqlText(target)} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS true${partitioning})`,
    );
    const files = written.map((row) => stagedFile(row, folder));
    await makeDurable(folder, files);
    const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
    const extra = { ...(replaces ? { replaces } : {}), ...(transactions ? { transactions } : {}) };
    return { table, rowCount, files, mode, schemaString: schema, partitionBy, ...extra };
  } catch (error) {
    await removeLeftovers({ engine, folder }, { stamp }).catch(() => {}); // the first error tells more
    throw error;
  }
}

/** What `RETURN_STATS` tells of one written file. */
function stagedFile(row: Record<string, unknown>, folder: string): StagedFile {
  const path = String(row["filename"]).slice(folder.length).replaceAll("\\", "/").replace(/^\/+/, "");
  const partition = (row["partition_keys"] ?? {}) as Record<string, string | null>;
  return { path, sizeBytes: Number(row["file_size_bytes"]), rowCount: Number(row["count"]), partition };
}

/** DuckDB's COPY makes no fsync: without this a commit that survives a power cut could name an empty file. */
async function makeDurable(folder: string, files: readonly StagedFile[]): Promise<void> {
  const folders = new Set<string>([folder]);
  for (const file of files) {
    const parts = file.path.split("/");
    await syncFile(join(folder, ...parts));
    for (let depth = 1; depth < parts.length; depth++) folders.add(join(folder, ...parts.slice(0, depth)));
  }
  for (const path of [...folders].reverse()) await syncFolder(path);
}

async function commitStaged(
  staged: StagedVersion,
  context: { tableFolder: string; info: Readonly<Record<string, string | number>>; read: Replay },
): Promise<number> {
  const { tableFolder, info, read } = context;
  const latest = await latestVersion(tableFolder);
  const previous = latest === undefined ? undefined : await read(tableFolder, latest);
  if (previous && staged.mode === "append" && previous.schemaString !== staged.schemaString) {
    throw new UsherError(
      "INTERNAL",
      `append to ${staged.table}: expected the columns ${previous.schemaString}, got ${staged.schemaString}`,
    );
  }
  const live = new Set(previous?.files.map(({ path }) => path));
  if (staged.replaces?.some((path) => !live.has(path))) {
    // their rows have gone meanwhile, and would come back
    throw new UsherError(
      "TABLE_CONFLICT",
      `${staged.table}: files that were to be written anew have left the table`,
    );
  }
  const version = (latest ?? -1) + 1;
  const text = entryText(staged, {
    previous,
    now: Date.now(),
    tableId: randomUUID(),
    engineInfo: "usher-recommender",
    info,
  });
  await makeFolderDurable(logFolder(tableFolder));
  try {
    await writeFileDurable(logFile(tableFolder, version), text, { exclusive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      throw new UsherError(
        "TABLE_CONFLICT",
        `${staged.table}: another writer committed version ${version} first`,
        { cause: error },
      );
    }
    throw error;
  }
  return version;
}

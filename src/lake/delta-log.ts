import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { UsherError } from "../errors.ts";
import type { StagedFile } from "./lake.ts";
import { sqlPath } from "./sql-text.ts";

/** The table as of one version. */
export interface Snapshot {
  readonly version: number;
  readonly tableId: string;
  readonly createdTime: number;
  readonly schemaString: string;
  readonly partitionBy: readonly string[];
  /** Live files, in the order in which they were added. */
  readonly files: readonly StagedFile[];
  /** The last number that each writer left, by its name. */
  readonly transactions: Readonly<Record<string, number>>;
}

/** One line of a log entry, or one row of a checkpoint, where absent members are null. Only what is read here. */
interface Action {
  readonly protocol?: { readonly minReaderVersion: number } | null;
  readonly metaData?: {
    readonly id: string;
    readonly schemaString: string;
    readonly partitionColumns: readonly string[];
    readonly createdTime?: number | null;
  } | null;
  readonly add?: {
    readonly path: string;
    readonly size: number;
    readonly partitionValues?: Readonly<Record<string, string | null>> | null;
    readonly stats?: string | null;
  } | null;
  readonly remove?: { readonly path: string } | null;
  readonly txn?: { readonly appId: string; readonly version: number } | null;
}

/** Folder of a table's log. */
export function logFolder(tableFolder: string): string {
  return join(tableFolder, "_delta_log");
}

/** File of one version's log entry. */
export function logFile(tableFolder: string, version: number): string {
  return join(logFolder(tableFolder), `${String(version).padStart(20, "0")}.json`);
}

/** File of a version's checkpoint: the whole table as of that version, as one Parquet file. */
export function checkpointFile(tableFolder: string, version: number): string {
  return join(logFolder(tableFolder), `${String(version).padStart(20, "0")}.checkpoint.parquet`);
}

/** Which versions a log has files of, ascending. */
export interface LogVersions {
  readonly entries: readonly number[];
  readonly checkpoints: readonly number[];
}

/**
 * What lies in a table's log; nothing where there is none.
 *
 * `_last_checkpoint` is not asked: it saves the listing of an object store, and here the folder is listed anyway.
 */
export async function logVersions(tableFolder: string): Promise<LogVersions> {
  const names = await readdir(logFolder(tableFolder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const versionsOf = (pattern: RegExp) =>
    names
      .flatMap((name) => pattern.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((left, right) => left - right);
  return {
    entries: versionsOf(/^(\d{20})\.json$/),
    checkpoints: versionsOf(/^(\d{20})\.checkpoint\.parquet$/),
  };
}

/** Newest version of a table, `undefined` where there is none. */
export async function latestVersion(tableFolder: string): Promise<number | undefined> {
  return (await logVersions(tableFolder)).entries.at(-1);
}

/** A table's folder, and the engine that reads its checkpoints. */
export interface LogPlace {
  readonly engine: Pick<Engine, "rows">;
  readonly folder: string;
}

/**
 * The table as of a version: from the newest checkpoint that is not newer, and the entries after it, in order, so that a path that was
 * removed and added again is live.
 *
 * @param known A snapshot of the same table to go on from, where it is newer than that checkpoint and not newer than the version.
 * @throws UsherError `TABLE_DAMAGED`, naming the file that is missing, cut off, or needs a newer reader; `TABLE_MISSING`: a vacuum
 * has removed what the version was told by.
 * Source: Delta transaction log protocol, "Action Reconciliation". Multi-part and V2 checkpoints of other writers are passed over.
 */
export async function replay(place: LogPlace, version: number, known?: Snapshot): Promise<Snapshot> {
  const read = async (found: LogVersions) =>
    snapshotOf(place, await goOn(place, { found, version, from: known && stateOf(known) }));
  const found = await logVersions(place.folder);
  try {
    return await read(found);
  } catch (error) {
    const now = await logVersions(place.folder);
    if (now.entries[0] === found.entries[0]) throw error;
    return read(now); // a vacuum went through it meanwhile
  }
}

/** A table while its log is read. */
interface State {
  version: number;
  /** In the order in which they were added. */
  readonly live: Map<string, StagedFile>;
  readonly transactions: Record<string, number>;
  metaData: Action["metaData"];
}

const emptyState = (version: number): State => ({
  version,
  live: new Map(),
  transactions: {},
  metaData: undefined,
});

const stateOf = (known: Snapshot): State => ({
  version: known.version,
  live: new Map(known.files.map((file) => [file.path, file])),
  transactions: { ...known.transactions },
  metaData: {
    id: known.tableId,
    schemaString: known.schemaString,
    partitionColumns: known.partitionBy,
    createdTime: known.createdTime,
  },
});

function snapshotOf({ folder }: LogPlace, { metaData, live, ...state }: State): Snapshot {
  if (!metaData) throw damaged(logFile(folder, 0), "holds no metaData");
  return {
    version: state.version,
    tableId: metaData.id,
    createdTime: metaData.createdTime ?? 0,
    schemaString: metaData.schemaString,
    partitionBy: metaData.partitionColumns,
    files: [...live.values()],
    transactions: state.transactions,
  };
}

/** Brings a state on to a version, which must not be older; it is changed where no checkpoint is newer. */
async function goOn(
  place: LogPlace,
  of: { found: LogVersions; version: number; from: State | undefined },
): Promise<State> {
  const { found, version } = of;
  const from = of.from && of.from.version <= version ? of.from : undefined;
  const newer = found.checkpoints.filter((one) => one <= version && one > (from?.version ?? -1)).reverse();
  let [state, failure]: [State | undefined, unknown] = [undefined, undefined];
  for (const checkpoint of newer) {
    try {
      state = emptyState(checkpoint);
      for (const action of await readCheckpoint(place, checkpoint))
        take(state, action, checkpointFile(place.folder, checkpoint));
      break;
    } catch (error) {
      state = undefined;
      failure ??= error; // the entries before it, where they are still there, say the same
    }
  }
  state ??= from ?? emptyState(-1);
  for (let entry = state.version + 1; entry <= version; entry++) {
    if (entry < (found.entries[0] ?? 0)) throw failure ?? vacuumed(place.folder, { version, found });
    const file = logFile(place.folder, entry);
    for (const action of await readEntry(file)) take(state, action, file);
    state.version = entry;
  }
  return state;
}

function take(state: State, action: Action, file: string): void {
  const needed = action.protocol?.minReaderVersion ?? 1;
  if (needed > 1) throw damaged(file, `needs Delta reader version ${needed}; Usher reads 1`);
  state.metaData = action.metaData ?? state.metaData;
  if (action.txn) state.transactions[action.txn.appId] = action.txn.version;
  if (action.remove) state.live.delete(plainPath(action.remove.path));
  if (action.add) {
    const added = stagedFile(action.add, file);
    state.live.delete(added.path); // added again: its place is the last
    state.live.set(added.path, added);
  }
}

function vacuumed(folder: string, { version, found }: { version: number; found: LogVersions }): UsherError {
  const first = found.entries[0] ?? 0;
  if (found.checkpoints.length === 0) return damaged(logFile(folder, first - 1), "cannot be read");
  return new UsherError(
    "TABLE_MISSING",
    `version ${version} of ${folder} has been vacuumed; its log begins at ${first}`,
  );
}

/** The actions of a checkpoint, as an entry would say them. @throws UsherError `TABLE_DAMAGED`. */
async function readCheckpoint({ engine, folder }: LogPlace, version: number): Promise<Action[]> {
  const file = sqlPath(checkpointFile(folder, version));
  const rows = await engine.rows(
    `SELECT CAST(to_json(found) AS VARCHAR) AS action FROM read_parquet(${file}) AS found`,
  );
  return rows.map((row) => JSON.parse(String(row["action"])) as Action);
}

/**
 * Paths of all data files that a log names, also those that have left the table since: old versions stay readable.
 * @throws UsherError `TABLE_DAMAGED`. Cost: one reading of everything that is left of the log.
 */
export async function everyPath(place: LogPlace): Promise<Set<string>> {
  const { entries, checkpoints } = await logVersions(place.folder);
  const first = entries[0] ?? 0;
  const gap = entries.findIndex((entry, at) => entry !== first + at);
  // what a missing entry named must not be taken for unnamed
  if (gap > 0) throw damaged(logFile(place.folder, first + gap), "is missing");
  if (first > 0 && !checkpoints.some((one) => one >= first))
    throw damaged(logFile(place.folder, first - 1), "is missing");
  const paths = new Set<string>();
  const note = (actions: readonly Action[]) => {
    for (const { add, remove } of actions) {
      if (add) paths.add(plainPath(add.path));
      if (remove) paths.add(plainPath(remove.path));
    }
  };
  for (const entry of entries) note(await readEntry(logFile(place.folder, entry)));
  // entries from the first on say everything that a checkpoint says
  for (const version of first === 0 ? [] : checkpoints) note(await readCheckpoint(place, version));
  return paths;
}

/**
 * The data files that the table had in each of some versions, together. Paths are as on disk.
 * @throws UsherError `TABLE_DAMAGED`, `TABLE_MISSING`. Cost: at most one reading of the log.
 */
export async function pathsOfVersions(place: LogPlace, versions: ReadonlySet<number>): Promise<Set<string>> {
  const found = await logVersions(place.folder);
  const paths = new Set<string>();
  let state: State | undefined;
  for (const version of [...versions].sort((left, right) => left - right)) {
    state = await goOn(place, { found, version, from: state });
    for (const path of state.live.keys()) paths.add(path);
  }
  return paths;
}

async function readEntry(file: string): Promise<Action[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw damaged(file, "cannot be read", error);
  }
  if (!text.endsWith("\n") && !text.endsWith("}")) throw damaged(file, "is cut off");
  try {
    return text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as Action);
  } catch (error) {
    throw damaged(file, "holds a line that is no JSON", error);
  }
}

function stagedFile(add: NonNullable<Action["add"]>, entry: string): StagedFile {
  let rowCount: unknown;
  try {
    rowCount = (JSON.parse(add.stats ?? "null") as { numRecords?: number } | null)?.numRecords;
  } catch (error) {
    throw damaged(entry, `has unreadable statistics for ${add.path}`, error);
  }
  return {
    path: plainPath(add.path),
    sizeBytes: add.size,
    // another writer may leave the count out; −1 has the rows counted
    rowCount: typeof rowCount === "number" ? rowCount : -1,
    partition: add.partitionValues ?? {},
  };
}

function plainPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // not encoded by its writer: then it is the name itself
  }
}

function damaged(file: string, what: string, cause?: unknown): UsherError {
  return new UsherError("TABLE_DAMAGED", `expected a Delta log entry, but ${file} ${what}`, {
    cause,
    details: { file },
  });
}

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsherError } from "../errors.ts";
import type { StagedFile } from "./lake.ts";

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

/** One line of a log entry. Only the members that are read here. */
interface Action {
  readonly protocol?: { readonly minReaderVersion: number };
  readonly metaData?: {
    readonly id: string;
    readonly schemaString: string;
    readonly partitionColumns: readonly string[];
    readonly createdTime?: number;
  };
  readonly add?: {
    readonly path: string;
    readonly size: number;
    readonly partitionValues?: Readonly<Record<string, string | null>>;
    readonly stats?: string;
  };
  readonly remove?: { readonly path: string };
  readonly txn?: { readonly appId: string; readonly version: number };
}

/** Folder of a table's log. */
export function logFolder(tableFolder: string): string {
  return join(tableFolder, "_delta_log");
}

/** File of one version's log entry. */
export function logFile(tableFolder: string, version: number): string {
  return join(logFolder(tableFolder), `${String(version).padStart(20, "0")}.json`);
}

/** Newest version of a table, `undefined` where there is none. */
export async function latestVersion(tableFolder: string): Promise<number | undefined> {
  const names = await readdir(logFolder(tableFolder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  let latest: number | undefined;
  for (const name of names) {
    const version = /^(\d{20})\.json$/.exec(name)?.[1];
    if (version !== undefined) latest = Math.max(latest ?? 0, Number(version));
  }
  return latest;
}

/**
 * Replays the log up to a version, in order, so that a path that was removed and added again is live.
 *
 * @param known A snapshot of the same table, of this version or an older one, to go on from. Default: from the first entry.
 * @throws UsherError `TABLE_DAMAGED`, naming the entry that is missing, cut off, or needs a newer reader.
 * Source: Delta transaction log protocol, "Action Reconciliation". Checkpoints are not read: entries are never cleaned up here.
 */
export async function replay(tableFolder: string, version: number, known?: Snapshot): Promise<Snapshot> {
  const live = new Map<string, StagedFile>(known?.files.map((file) => [file.path, file]));
  const transactions: Record<string, number> = { ...known?.transactions };
  let metaData: Action["metaData"] = known && {
    id: known.tableId,
    schemaString: known.schemaString,
    partitionColumns: known.partitionBy,
    createdTime: known.createdTime,
  };
  for (let entry = (known?.version ?? -1) + 1; entry <= version; entry++) {
    for (const action of await readEntry(logFile(tableFolder, entry))) {
      if ((action.protocol?.minReaderVersion ?? 1) > 1) {
        throw damaged(
          logFile(tableFolder, entry),
          `needs Delta reader version ${action.protocol?.minReaderVersion}; Usher reads 1`,
        );
      }
      metaData = action.metaData ?? metaData;
      if (action.txn) transactions[action.txn.appId] = action.txn.version;
      if (action.remove) live.delete(plainPath(action.remove.path));
      if (action.add) {
        const file = stagedFile(action.add, logFile(tableFolder, entry));
        live.delete(file.path); // added again: its place is the last
        live.set(file.path, file);
      }
    }
  }
  if (!metaData) throw damaged(logFile(tableFolder, 0), "holds no metaData");
  return {
    version,
    tableId: metaData.id,
    createdTime: metaData.createdTime ?? 0,
    schemaString: metaData.schemaString,
    partitionBy: metaData.partitionColumns,
    files: [...live.values()],
    transactions,
  };
}

/** Paths of all data files that any version up to this one names, also those removed since: old versions stay readable. */
export async function everyPath(tableFolder: string, version: number | undefined): Promise<Set<string>> {
  const paths = new Set<string>();
  for (let entry = 0; entry <= (version ?? -1); entry++) {
    for (const { add, remove } of await readEntry(logFile(tableFolder, entry))) {
      if (add) paths.add(plainPath(add.path));
      if (remove) paths.add(plainPath(remove.path));
    }
  }
  return paths;
}

/** Text of a log entry that makes the staged files the new version of a table. */
export function entryText(
  staged: {
    readonly files: readonly StagedFile[];
    readonly mode: "overwrite" | "append";
    readonly schemaString: string;
    readonly partitionBy: readonly string[];
    readonly replaces?: readonly string[];
    readonly transactions?: Readonly<Record<string, number>>;
  },
  context: {
    /** `undefined` for version 0. */
    readonly previous: Snapshot | undefined;
    readonly now: number;
    readonly tableId: string;
    readonly engineInfo: string;
    readonly info: Readonly<Record<string, string | number>>;
  },
): string {
  const { previous, now } = context;
  const mode = previous === undefined ? "ErrorIfExists" : staged.mode === "append" ? "Append" : "Overwrite";
  const actions: object[] = [
    {
      commitInfo: {
        timestamp: now,
        operation: staged.replaces ? "OPTIMIZE" : "WRITE",
        operationParameters: { mode, partitionBy: JSON.stringify(staged.partitionBy) },
        engineInfo: context.engineInfo,
        isBlindAppend: mode !== "Overwrite" && !staged.replaces,
        ...(Object.keys(context.info).length > 0 ? { userMetadata: JSON.stringify(context.info) } : {}),
      },
    },
  ];
  if (previous === undefined) actions.push({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } });
  const sameShape =
    previous?.schemaString === staged.schemaString &&
    previous.partitionBy.join("\0") === staged.partitionBy.join("\0");
  if (!sameShape) {
    actions.push({
      metaData: {
        id: previous?.tableId ?? context.tableId,
        format: { provider: "parquet", options: {} },
        schemaString: staged.schemaString,
        partitionColumns: staged.partitionBy,
        configuration: {},
        createdTime: previous?.createdTime ?? now,
      },
    });
  }
  for (const [appId, version] of Object.entries(staged.transactions ?? {}))
    actions.push({ txn: { appId, version, lastUpdated: now } });
  const replaced = new Set(staged.replaces);
  const leaves = (file: StagedFile) => (staged.replaces ? replaced.has(file.path) : mode === "Overwrite");
  const dataChange = staged.replaces === undefined;
  for (const file of previous?.files ?? [])
    if (leaves(file)) actions.push(removeAction(file, { now, dataChange }));
  for (const file of staged.files) actions.push(addAction(file, { now, dataChange }));
  return `${actions.map((action) => JSON.stringify(action)).join("\n")}\n`;
}

interface ActionContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** False where the rows stay the same and only lie elsewhere. */
  readonly dataChange: boolean;
}

function removeAction(file: StagedFile, { now, dataChange }: ActionContext): object {
  return {
    remove: {
      path: encodedPath(file.path),
      deletionTimestamp: now,
      dataChange,
      extendedFileMetadata: true,
      partitionValues: file.partition,
      size: file.sizeBytes,
    },
  };
}

function addAction(file: StagedFile, { now, dataChange }: ActionContext): object {
  return {
    add: {
      path: encodedPath(file.path),
      partitionValues: file.partition,
      size: file.sizeBytes,
      modificationTime: now,
      dataChange,
      stats: JSON.stringify({ numRecords: file.rowCount }),
    },
  };
}

/**
 * The data files that the table had in each of some versions, together. Paths are as on disk.
 * @throws UsherError `TABLE_DAMAGED`. Cost: one reading of the log.
 */
export async function pathsOfVersions(
  tableFolder: string,
  versions: ReadonlySet<number>,
): Promise<Set<string>> {
  const live = new Set<string>();
  const found = new Set<string>();
  for (let entry = 0; entry <= Math.max(-1, ...versions); entry++) {
    for (const { add, remove } of await readEntry(logFile(tableFolder, entry))) {
      if (remove) live.delete(plainPath(remove.path));
      if (add) live.add(plainPath(add.path));
    }
    if (versions.has(entry)) for (const path of live) found.add(path);
  }
  return found;
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

/** In the log a path is a relative URI; on disk it is what that decodes to. */
export function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/").replaceAll("%3D", "=");
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

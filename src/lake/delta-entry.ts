import type { Snapshot } from "./delta-log.ts";
import type { StagedFile, StagedVersion } from "./lake.ts";

/** Text of a log entry that makes the staged files the new version of a table. */
export function entryText(
  staged: Omit<StagedVersion, "table" | "rowCount">,
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

/** In the log a path is a relative URI; on disk it is what that decodes to. */
export function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/").replaceAll("%3D", "=");
}

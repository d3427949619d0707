import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { syncFile, syncFolder, writeFileDurable } from "../durable-file.ts";
import { encodedPath } from "./delta-entry.ts";
import { checkpointFile, latestVersion, logFolder, replay, type Snapshot } from "./delta-log.ts";
import type { Lake } from "./lake.ts";
import { asLakeError } from "./lake-error.ts";
import { sqlText } from "./sql-text.ts";

/** The columns of a checkpoint, one action a row. */
const columns = {
  protocol: "STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER)",
  metaData: `STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)),
    schemaString VARCHAR, partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)`,
  txn: "STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)",
  add: `STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN,
    stats VARCHAR)`,
  remove: "STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN)",
} as const;

/**
 * Writes a checkpoint of a table, so that readers need not go through every entry of its log. Entries stay where they are.
 *
 * @param version Default: the newest. A checkpoint of an older one lets a vacuum remove the entries that lead to it.
 * @returns The version, or `undefined` where the table has none.
 * @throws UsherError `DISK_FULL`.
 * Source: Delta transaction log protocol, "Checkpoints" (classic). Checked with deltalake 1.6.6.
 */
export async function checkpointTable(
  lake: Lake,
  table: string,
  version?: number,
): Promise<number | undefined> {
  const folder = lake.folderOf(table);
  const newest = await latestVersion(folder);
  if (newest === undefined) return undefined;
  const chosen = version ?? newest;
  const log = logFolder(folder);
  const file = checkpointFile(folder, chosen);
  const lines = join(log, `.${basename(file)}.ndjson.tmp`);
  const temporary = join(log, `.${basename(file)}.tmp`);
  try {
    const actions = actionsOf(await replay({ engine: lake.engine, folder }, chosen));
    await writeFileDurable(lines, `${actions.map((action) => JSON.stringify(action)).join("\n")}\n`);
    const shape = Object.entries(columns).map(([column, type]) => `${column}: ${sqlText(type)}`);
    await lake.engine.run(
      `COPY (SELECT * FROM read_json(${sqlText(lines)}, format = 'newline_delimited', maximum_object_size = 67108864,
         columns = {${shape.join(", ")}})) TO ${sqlText(temporary)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    await syncFile(temporary);
    await rename(temporary, file);
    await syncFolder(log);
    // last, so that it never names a checkpoint that is not there
    const last = { version: chosen, size: actions.length };
    if (chosen === newest) await writeFileDurable(join(log, "_last_checkpoint"), JSON.stringify(last));
    return chosen;
  } catch (error) {
    throw asLakeError(error);
  } finally {
    await rm(lines, { force: true });
    await rm(temporary, { force: true });
  }
}

function actionsOf(snapshot: Snapshot): object[] {
  const { tableId, createdTime, schemaString, partitionBy, files, transactions } = snapshot;
  return [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: tableId,
        format: { provider: "parquet", options: {} },
        schemaString,
        partitionColumns: partitionBy,
        configuration: {},
        createdTime,
      },
    },
    ...Object.entries(transactions).map(([appId, version]) => ({ txn: { appId, version } })),
    ...files.map(({ path, partition, sizeBytes, rowCount }) => ({
      add: {
        path: encodedPath(path),
        partitionValues: partition,
        size: sizeBytes,
        modificationTime: createdTime, // the time of the entry is in the entry
        dataChange: false,
        ...(rowCount < 0 ? {} : { stats: JSON.stringify({ numRecords: rowCount }) }),
      },
    })),
  ];
}

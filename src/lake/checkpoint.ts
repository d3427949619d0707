import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFile, syncFolder, writeFileDurable } from "../durable-file.ts";
import { encodedPath, latestVersion, logFolder, replay, type Snapshot } from "./delta-log.ts";
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
 * Writes a checkpoint of a table's newest version, so that other readers need not go through every entry of its log.
 *
 * A checkpoint says nothing new: one that is missing or of an old version is harmless. Entries stay where they are.
 *
 * @returns The version, or `undefined` where the table has none.
 * @throws UsherError `DISK_FULL`.
 * Source: Delta transaction log protocol, "Checkpoints" (classic). Checked with deltalake 1.6.6.
 */
export async function checkpointTable(lake: Lake, table: string): Promise<number | undefined> {
  const folder = lake.folderOf(table);
  const version = await latestVersion(folder);
  if (version === undefined) return undefined;
  const log = logFolder(folder);
  const name = `${String(version).padStart(20, "0")}.checkpoint`;
  const lines = join(log, `.${name}.ndjson.tmp`);
  const temporary = join(log, `.${name}.parquet.tmp`);
  try {
    const actions = actionsOf(await replay(folder, version));
    await writeFileDurable(lines, `${actions.map((action) => JSON.stringify(action)).join("\n")}\n`);
    const shape = Object.entries(columns).map(([column, type]) => `${column}: ${sqlText(type)}`);
    await lake.engine.run(
      `COPY (SELECT * FROM read_json(${sqlText(lines)}, format = 'newline_delimited', maximum_object_size = 67108864,
         columns = {${shape.join(", ")}})) TO ${sqlText(temporary)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    await syncFile(temporary);
    await rename(temporary, join(log, `${name}.parquet`));
    await syncFolder(log);
    // last, so that it never names a checkpoint that is not there
    await writeFileDurable(join(log, "_last_checkpoint"), JSON.stringify({ version, size: actions.length }));
    return version;
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

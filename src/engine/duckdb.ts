import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from "@duckdb/node-api";
import { asUsherError, UsherError } from "../errors.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { readColumns } from "./duckdb-columns.ts";
import { plainValue } from "./duckdb-values.ts";
import type { Column, Engine, SqlValue } from "./engine.ts";

/** What an embedded engine may use. */
export interface DuckdbOptions {
  /** Such as `2GB`. Default: 80 % of the machine's memory. */
  readonly memoryLimit?: string;
  /** Default: one for each core. */
  readonly threads?: number;
  /** Where larger-than-memory steps spill. Made when needed. Default: a folder of this process under the system's temporary folder. */
  readonly temporaryFolder?: string;
}

/**
 * DuckDB in this process, in memory: the default engine.
 *
 * Statements run one after another, in the order of the calls, on one connection, so temporary tables and views are seen by all
 * callers and a name belongs to whoever made it. Times are UTC. Rows come in the order of the query's input unless it sorts.
 * Nothing is fetched from the network: an extension that is not built in is an error.
 *
 * In `rows`, whole numbers are numbers (a `bigint` beyond 2⁵³), decimals are numbers, dates are `YYYY-MM-DD`, times are ISO-8601 with
 * milliseconds and `Z`, lists are arrays, structs and maps are objects.
 *
 * @throws UsherError `DISK_FULL`; `TABLE_DAMAGED` where a Parquet file is missing or cannot be read; else `INTERNAL` with DuckDB's text.
 * @example
 * import { openDuckdb } from "./duckdb.ts";
 * const engine = await openDuckdb();
 * await engine.rows("SELECT $a + 1 AS b", { a: 1 }); // → [{ b: 2 }]
 */
export async function openDuckdb(options: DuckdbOptions = {}): Promise<Engine> {
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    preserve_insertion_order: "true",
    temp_directory: options.temporaryFolder ?? join(tmpdir(), `usher-duckdb-${process.pid}`),
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return engineOver(connection, () => {
    connection.closeSync();
    instance.closeSync();
  });
}

function engineOver(connection: DuckDBConnection, closeAll: () => void): Engine {
  // a connection runs one statement at a time, and a new one would end a result that is still being read
  const inTurn = oneAtATime();
  let closed = false;
  const whileOpen = <Result>(work: () => Promise<Result>): Promise<Result> =>
    inTurn(async () => {
      if (closed) throw new UsherError("INTERNAL", "the engine is closed");
      try {
        return await work();
      } catch (error) {
        throw fromDuckdb(error);
      }
    });
  const stream = (sql: string, parameters?: Record<string, SqlValue>): Promise<DuckDBResult> =>
    connection.stream(sql, parameters);

  return {
    run: (sql, parameters) =>
      whileOpen(async () => {
        await connection.run(sql, parameters);
      }),
    rows: (sql, parameters) =>
      whileOpen(async () => {
        const result = await stream(sql, parameters);
        const names = result.deduplicatedColumnNames();
        const rows: Record<string, unknown>[] = [];
        for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
          for (const values of chunk.getRows()) {
            rows.push(Object.fromEntries(values.map((value, at) => [names[at], plainValue(value)])));
          }
        }
        return rows;
      }),
    columns: (sql, parameters): Promise<Record<string, Column>> =>
      whileOpen(async () => readColumns(await stream(sql, parameters))),
    close: () =>
      inTurn(() => {
        if (closed) return;
        closed = true;
        closeAll();
      }),
  };
}

const parquetFailure =
  /No files found that match|Parquet file|Footer length|No magic bytes|Parquet metadata|TProtocol|corrupt|decompress|Invalid (Input|data).*parquet/i;

/** DuckDB reports by text only; what it says about a damaged table or a full disk gets the code that people act on. */
function fromDuckdb(error: unknown): UsherError {
  if (error instanceof UsherError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const firstLine = text.split("\n", 1)[0] ?? text;
  if (/\.parquet/i.test(text) && parquetFailure.test(text)) {
    return new UsherError("TABLE_DAMAGED", `expected a readable Parquet file: ${firstLine}`, {
      cause: error,
    });
  }
  return asUsherError(error);
}

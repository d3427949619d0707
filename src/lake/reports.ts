import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PinnedTables, QualityReport } from "../contracts/quality.ts";
import { UsherError } from "../errors.ts";
import { reportsFolder } from "./build-record.ts";
import type { Lake } from "./lake.ts";
import { pinned } from "./read.ts";

/**
 * The quality reports of a lake, the newest first; also those of builds that were refused.
 * @param limit At most so many. @throws UsherError `TABLE_DAMAGED`.
 */
export async function qualityReports(lakeFolder: string, limit: number): Promise<QualityReport[]> {
  const folder = reportsFolder(lakeFolder);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const newest = names
    .filter((name) => /^\d{8}\.json$/.test(name))
    .sort()
    .reverse()
    .slice(0, limit);
  return Promise.all(newest.map((name) => readReport(join(folder, name))));
}

async function readReport(file: string): Promise<QualityReport> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as QualityReport;
  } catch (error) {
    throw new UsherError("TABLE_DAMAGED", `expected a quality report in ${file}`, { cause: error });
  }
}

/** A row that no silver table took. */
export interface RefusedRow {
  /** Absent where the row could not be split. */
  readonly table?: string;
  readonly filename: string;
  /** From 1; the header counts. */
  readonly line: number;
  readonly reason: string;
  /** The values as JSON. */
  readonly row?: string;
}

/** The rejected rows of a build, page by page. @param page.from How many to leave out. */
export async function rejectedRowsOf(
  lake: Lake,
  build: PinnedTables,
  page: { from: number; limit: number },
): Promise<RefusedRow[]> {
  const rows = await lake.engine.rows(
    `SELECT "table", filename, line, reason, "row" FROM ${await pinned(lake, build, "silver_rejected_rows")}
     LIMIT CAST($limit AS BIGINT) OFFSET CAST($from AS BIGINT)`,
    { limit: page.limit, from: page.from },
  );
  return rows.map(({ table, filename, line, reason, row }) => ({
    ...(table === null ? {} : { table: String(table) }),
    filename: String(filename),
    line: Number(line),
    reason: String(reason),
    ...(row === null ? {} : { row: String(row) }),
  }));
}

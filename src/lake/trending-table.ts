import { goldTrending, type TrendingRow } from "../contracts/tables.ts";
import { writeFileDurable } from "../durable-file.ts";
import { commitOrDiscard, type Lake } from "./lake.ts";
import { sqlName, sqlText } from "./sql-text.ts";
import { throughFile } from "./through-file.ts";

/** The table of trending items. */
export const trendingTable = "gold_trending";

/**
 * Makes the rows that live state gives the new version of `gold_trending`.
 * @returns The version. @throws UsherError `DISK_FULL`, `TABLE_CONFLICT`.
 */
export async function writeTrending(lake: Lake, rows: readonly TrendingRow[]): Promise<number> {
  const columns = Object.entries(goldTrending.columns);
  const shape = columns.map(([name, { type }]) => `${sqlName(name)}: ${sqlText(type)}`).join(", ");
  return throughFile({ lake, name: trendingTable }, async (file) => {
    await writeFileDurable(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const names = columns.map(([name]) => sqlName(name)).join(", ");
    const staged = await lake.stage(
      trendingTable,
      rows.length === 0
        ? `SELECT ${columns.map(([name, { type }]) => `CAST(NULL AS ${type}) AS ${sqlName(name)}`).join(", ")} WHERE false`
        : `SELECT ${names} FROM read_json(${sqlText(file)}, format = 'newline_delimited', columns = {${shape}})
           ORDER BY "window", genre, rank`,
    );
    return commitOrDiscard(lake, staged);
  });
}

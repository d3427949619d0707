import { type ImportedSource, type StagingName, stagingColumns } from "../contracts/imports.ts";
import {
  duplicateReason,
  type GuardedTable,
  qualityRules,
  type TableRules,
  unknownItemReason,
} from "../contracts/quality.ts";
import type { Engine } from "../engine/engine.ts";
import { sqlName, sqlText } from "./sql-text.ts";

/** What one input brought, after its rows were judged. */
export interface Received {
  readonly table: GuardedTable;
  /** Rows that the source could not split into columns. */
  readonly unsplit: number;
  /** Rows, those that could not be split included. */
  readonly read: number;
  readonly kept: number;
  /** Reason → rows; without the rows that could not be split. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Kept rows whose item is not in the catalogue. */
  readonly withoutItem: number;
}

/** Guarded tables in the order in which they are judged: the catalogue before what refers to it. */
export const guardedTables: readonly GuardedTable[] = [
  "silver_items",
  "silver_users",
  "silver_item_links",
  "silver_ratings",
  "silver_tags",
];

/** Temporary table that holds the rows of a staging input, with the `reason` of those that were rejected. */
export function receivedTable(staging: StagingName): string {
  return `received_${staging}`;
}

/**
 * Reads one staging input into a temporary table and gives each failing row its reason, in the column `reason`.
 *
 * Rows stay in the order of the SELECT. Judge items before ratings, links and tags.
 * Cost: one scan of the source, one grouping by key; memory for the rows, which DuckDB spills when they do not fit.
 */
export async function receive(
  engine: Engine,
  imported: ImportedSource,
  table: GuardedTable,
): Promise<Received> {
  const rules: TableRules = qualityRules[table];
  const name = receivedTable(rules.staging);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${name} AS SELECT *, ${reasonOf(rules)} AS reason FROM (${typedStaging(imported, rules.staging)})`,
  );
  if (rules.staging === "links") {
    await engine.run(
      `UPDATE ${name} SET reason = ${sqlText(unknownItemReason)} WHERE reason IS NULL AND ${withoutItem}`,
    );
  }
  if (rules.uniqueBy.length > 0) await engine.run(markDuplicates(name, rules));
  const counts = await engine.rows(
    `SELECT reason, count(*)::DOUBLE AS n FROM ${name} GROUP BY reason ORDER BY reason`,
  );
  const reasons: Record<string, number> = {};
  let kept = 0;
  let read = 0;
  for (const row of counts) {
    read += Number(row["n"]);
    if (row["reason"] === null) kept = Number(row["n"]);
    else reasons[String(row["reason"])] = Number(row["n"]);
  }
  const unsplit = imported.rejectedCounts[rules.staging] ?? 0;
  const [unknown] = rules.itemsMustExist
    ? await engine.rows(`SELECT count(*)::DOUBLE AS n FROM ${name} WHERE reason IS NULL AND ${withoutItem}`)
    : [];
  return { table, unsplit, read: read + unsplit, kept, reasons, withoutItem: Number(unknown?.["n"] ?? 0) };
}

const withoutItem = `item_id NOT IN (SELECT item_id FROM ${receivedTable("items")} WHERE reason IS NULL)`;

/** The source's SELECT with exactly the columns of the contract: those that it leaves out are NULL. */
function typedStaging(imported: ImportedSource, staging: StagingName): string {
  const columns = Object.entries(stagingColumns[staging]);
  const empty = `SELECT ${columns.map(([name, type]) => `CAST(NULL AS ${type}) AS ${sqlName(name)}`).join(", ")} WHERE false`;
  const select = imported.staging[staging];
  if (select === undefined) return empty;
  const cast = columns.map(([name, type]) => `CAST(${sqlName(name)} AS ${type}) AS ${sqlName(name)}`);
  return `SELECT ${cast.join(", ")} FROM (${empty} UNION ALL BY NAME (${select}))`;
}

function reasonOf(rules: TableRules): string {
  const cases = rules.rowRules.map((rule) => `WHEN ${rule.failsWhen} THEN ${sqlText(rule.reason)}`);
  return `CASE ${cases.join(" ")} END`;
}

/** Of rows with the same key the one furthest down in the file is kept. Absent values of the key count as equal. */
function markDuplicates(name: string, rules: TableRules): string {
  const key = rules.uniqueBy.map(sqlName);
  // a link without a counterpart is no duplicate of another one
  const eligible =
    rules.staging === "links"
      ? `${name}.reason IS NULL AND ${name}.source_id IS NOT NULL`
      : `${name}.reason IS NULL`;
  const same = key.map((column) => `${name}.${column} IS NOT DISTINCT FROM repeated.${column}`);
  return `UPDATE ${name} SET reason = ${sqlText(duplicateReason)} WHERE rowid IN (
    SELECT id FROM (
      SELECT ${name}.rowid AS id, row_number() OVER (
        PARTITION BY ${key.map((column) => `${name}.${column}`).join(", ")} ORDER BY line DESC NULLS LAST, ${name}.rowid DESC
      ) AS place
      FROM ${name} JOIN (
        SELECT ${key.join(", ")} FROM ${name} WHERE ${eligible} GROUP BY ${key.join(", ")} HAVING count(*) > 1
      ) AS repeated ON ${same.join(" AND ")}
      WHERE ${eligible}
    ) WHERE place > 1
  )`;
}

import { open } from "node:fs/promises";
import { type ItemFieldName, itemFieldNames } from "../contracts/catalogue-http.ts";
import type { TableQuality } from "../contracts/quality.ts";
import { bronzeEdits, bronzeEditsTable, tables } from "../contracts/tables.ts";
import type { Engine } from "../engine/engine.ts";
import { commitOrDiscard, type Lake } from "./lake.ts";
import { receivedTable } from "./received.ts";
import { sqlName, sqlText } from "./sql-text.ts";
import { throughFile } from "./through-file.ts";

/** What was written of one item or user, as a document of the catalogue's store. */
export interface EditDocument {
  readonly kind: "item" | "user";
  readonly id: string;
  readonly revision: number;
  readonly updated_at: string;
  readonly is_whole: boolean;
  readonly is_deleted?: boolean;
  readonly fields: object;
}

/** The part of the catalogue's store that a build reads. */
export interface EditReader {
  /** Grows with each write. */
  readonly revision: number;
  items(): Iterable<EditDocument>;
  users(): Iterable<EditDocument>;
}

/** Temporary tables of the edits of a build: `item_id`, flags, the names of the written fields, and a column for each. */
export const receivedItemEdits = "received_item_edits";
export const receivedUserEdits = "received_user_edits";

const writer = "usher-catalogue";

/** How far the writes had come into a version of the bronze table; `undefined` where there is none. */
export async function sunkRevision(lake: Lake, version?: number): Promise<number | undefined> {
  if ((await lake.latest(bronzeEditsTable)) === undefined) return undefined;
  return (await lake.transactions(bronzeEditsTable, version))[writer];
}

/**
 * Makes everything that was written through the API the newest version of its bronze table, unless that holds it already.
 *
 * @throws UsherError `DISK_FULL`, `TABLE_CONFLICT`, `TABLE_DAMAGED`.
 */
export async function sinkEdits(lake: Lake, edits: EditReader): Promise<void> {
  const { revision } = edits; // at once with the documents: nothing is awaited before they are taken
  const documents = [...edits.items(), ...edits.users()];
  if (revision === ((await sunkRevision(lake)) ?? 0)) return;
  await throughFile({ lake, name: "catalogue_edits" }, async (file) => {
    await writeLines(file, documents);
    const staged = await lake.stage(bronzeEditsTable, bronzeSelect(file, documents.length), {
      transactions: { [writer]: revision },
    });
    await commitOrDiscard(lake, staged, { edits: documents.length });
  });
}

const linesAtOnce = 500;

async function writeLines(file: string, documents: readonly EditDocument[]): Promise<void> {
  const handle = await open(file, "w");
  try {
    for (let from = 0; from < documents.length; from += linesAtOnce) {
      const lines = documents.slice(from, from + linesAtOnce).map(({ fields, ...head }) => {
        return `${JSON.stringify({ is_deleted: false, ...head, fields: JSON.stringify(fields) })}\n`;
      });
      await handle.write(lines.join(""));
    }
  } finally {
    await handle.close();
  }
}

function bronzeSelect(file: string, rows: number): string {
  const { columns } = bronzeEdits;
  const made: Readonly<Record<string, string>> = {
    source_file: "'state/catalogue'",
    ingestion_ts: "now()",
    ingestion_date: "CAST(now() AS DATE)",
  };
  const values = Object.entries(columns).map(
    ([name, { type }]) => `CAST(${made[name] ?? sqlName(name)} AS ${type}) AS ${sqlName(name)}`,
  );
  const read = Object.keys(columns).filter((name) => !(name in made));
  const shape = read.map((name) => `${sqlName(name)}: ${sqlText((columns as Shape)[name]?.type ?? "")}`);
  const empty = read.map((name) => `NULL AS ${sqlName(name)}`).join(", ");
  const from =
    rows === 0
      ? `(SELECT ${empty} WHERE false)`
      : `read_json(${sqlText(file)}, format = 'newline_delimited', maximum_object_size = 4194304, columns = {${shape.join(", ")}})`;
  return `SELECT ${values.join(", ")} FROM ${from} ORDER BY kind, id`;
}

type Shape = Readonly<Record<string, { readonly type: string }>>;

/** Reads the newest version of the bronze table into the two temporary tables, which are empty where there is none. @returns The versions read. */
export async function receiveEdits(engine: Engine, lake: Lake): Promise<Readonly<Record<string, number>>> {
  const version = await lake.latest(bronzeEditsTable);
  const none = `(SELECT ${Object.entries(bronzeEdits.columns)
    .map(([name, { type }]) => `CAST(NULL AS ${type}) AS ${sqlName(name)}`)
    .join(", ")} WHERE false)`;
  const rows = version === undefined ? none : await lake.relation(bronzeEditsTable, version);
  const typed = (kind: string, fields: Readonly<Record<string, string>>, id: string) => {
    const names = Object.keys(fields).map((name) => `document.${sqlName(name)} AS ${sqlName(name)}`);
    return `SELECT id AS ${id}, is_whole, is_deleted, updated_at, coalesce(json_keys(fields), []) AS named, ${names.join(", ")}
      FROM (SELECT *, from_json(fields, ${sqlText(JSON.stringify(fields))}) AS document FROM ${rows} WHERE kind = ${sqlText(kind)})`;
  };
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${receivedItemEdits} AS ${typed("item", itemTypes, "item_id")}`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${receivedUserEdits} AS ${typed("user", { features: "MAP(VARCHAR, VARCHAR)", country: "VARCHAR" }, "user_id")}`,
  );
  return version === undefined ? {} : { [bronzeEditsTable]: version };
}

const itemTypes: Readonly<Record<string, string>> = Object.fromEntries(
  itemFieldNames.map((name) => [
    name,
    name === "links" ? "MAP(VARCHAR, VARCHAR)" : tables.silver_items.columns[name].type,
  ]),
);

/** Whether an edit makes an item of itself. */
const isItem = "edit.is_whole AND NOT edit.is_deleted";
/** Items that an edit gives the catalogue though no source has them. */
export const addedItems = `SELECT item_id FROM ${receivedItemEdits} AS edit WHERE ${isItem}`;

const always: Partial<Readonly<Record<ItemFieldName, string>>> = {
  genres: "[]",
  people: "[]",
  countries: "[]",
  features: "MAP {}",
};

/**
 * Items of a source as the edits leave them, by the same rule as `itemWith` of the catalogue.
 *
 * @param source A SELECT with the columns of `silver_items`.
 */
export function editedItems(source: string): string {
  const values = Object.keys(tables.silver_items.columns).map((name) => {
    if (name === "item_id") return "coalesce(source.item_id, edit.item_id) AS item_id";
    if (name === "is_placeholder") return "false AS is_placeholder";
    if (name === "updated_at") return "coalesce(edit.updated_at, source.updated_at) AS updated_at";
    const column = sqlName(name);
    if (name === "is_hidden")
      return "coalesce(edit.is_deleted, false) OR coalesce(edit.is_hidden, false) AS is_hidden";
    if (!itemFieldNames.includes(name as ItemFieldName)) return `source.${column} AS ${column}`;
    const value = `CASE WHEN (${isItem}) OR list_contains(edit.named, ${sqlText(name)}) THEN edit.${column} ELSE source.${column} END`;
    const empty = always[name as ItemFieldName];
    return `${empty === undefined ? value : `coalesce(${value}, ${empty})`} AS ${column}`;
  });
  return `SELECT ${values.join(", ")} FROM (${source}) AS source
    FULL JOIN (SELECT * FROM ${receivedItemEdits}) AS edit USING (item_id)
    WHERE source.item_id IS NOT NULL OR (${isItem})`;
}

/**
 * Links of a source as the edits leave them: an edit that names links has all of its item. An id elsewhere belongs to one item, to the
 * one that was written last.
 *
 * @param source A SELECT of `item_id, source, source_id`.
 * @param items A SELECT of the items that there are.
 */
export const editedLinks = (source: string, items: string): string =>
  `SELECT item_id, source, source_id FROM (
     SELECT item_id, source, source_id, NULL AS written_at FROM (${source})
     WHERE item_id NOT IN (SELECT item_id FROM ${receivedItemEdits} WHERE list_contains(named, 'links') AND NOT is_deleted)
     UNION ALL
     SELECT item_id, entry.key, entry.value, updated_at FROM (
       SELECT item_id, updated_at, unnest(map_entries(links)) AS entry FROM ${receivedItemEdits} AS edit
       WHERE (${isItem}) OR (NOT is_deleted AND item_id IN (${items})))
   ) QUALIFY row_number() OVER (PARTITION BY source, source_id ORDER BY written_at DESC NULLS LAST, item_id) = 1`;

/** The features and the country of users as the edits leave them, over the columns of `described` and `edit`. */
export const editedFeatures = `map_from_entries(list_filter(map_entries(map_concat(
    CASE WHEN edit.is_whole THEN MAP {} ELSE coalesce(described.features, MAP {}) END, coalesce(edit.features, MAP {})
  )), lambda entry: entry.value IS NOT NULL))`;
export const editedCountry =
  "CASE WHEN edit.is_whole OR list_contains(edit.named, 'country') THEN edit.country ELSE described.country END";

/** The check of the edits: parts of items that no source has say nothing. Empty where nothing was written. */
export async function checkEdits(engine: Engine, ts: string): Promise<TableQuality[]> {
  const [found] = await engine.rows(
    `SELECT count(*)::DOUBLE AS n, count(*) FILTER (NOT (${isItem}) AND item_id NOT IN (
       SELECT item_id FROM ${receivedTable("items")} WHERE reason IS NULL))::DOUBLE AS lost FROM ${receivedItemEdits} AS edit`,
  );
  const [total, lost] = [Number(found?.["n"]), Number(found?.["lost"])];
  if (total === 0) return [];
  const check = {
    ...({ name: "consistency", level: "warning", passed: lost * 20 <= total } as const),
    ...{ failed_rows: lost, total_rows: total },
    details: lost === 0 ? "" : `writes of a part, or the withdrawal, of an item that no source has: ${lost}`,
  };
  return [{ table: bronzeEditsTable, ts, checks: [check], errors: 0, warnings: check.passed ? 0 : 1 }];
}

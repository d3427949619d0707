import { UsherError } from "../errors.ts";
import type { TextFormat } from "./text-format.ts";
import { readRecords, type TextRecord } from "./text-records.ts";
import type { ReadOptions } from "./text-scan.ts";

/** The columns of one file. */
export interface TextColumns {
  /** In the order of the file. */
  readonly names: readonly string[];
  /** Line of the header; 0 where the format has none. */
  readonly headerLine: number;
}

/** Columns that bronze adds itself. */
const addedColumns = ["line", "ingestion_date", "ingestion_ts", "source_file"];

/** How many rows are looked at to tell how many columns a file without a header has. */
const probedRows = 100;

/**
 * Finds out which columns a file has: from its header, where case does not matter, or from how many its first rows hold.
 *
 * @throws UsherError `SOURCE_COLUMN_MISSING`, with the wanted and the found columns, also where two headers could be meant;
 * `SOURCE_DAMAGED`, no row at all.
 */
export async function columnsOf(
  path: string,
  options: ReadOptions & { format: TextFormat },
): Promise<TextColumns> {
  const { format, filename } = options;
  const first = await firstRecords(path, { ...options, count: format.header ? 1 : probedRows });
  if (first.length === 0) {
    throw new UsherError("SOURCE_DAMAGED", `${filename}: expected rows, but the file holds only empty lines`);
  }
  return format.header ? columnsOfHeader(first[0] as TextRecord, options) : columnsByCount(first, options);
}

async function firstRecords(
  path: string,
  options: ReadOptions & { format: TextFormat; count: number },
): Promise<TextRecord[]> {
  const records: TextRecord[] = [];
  for await (const batch of readRecords(path, options)) {
    records.push(...batch.slice(0, options.count - records.length));
    if (records.length >= options.count) break;
  }
  return records;
}

function columnsOfHeader(
  header: TextRecord,
  { filename, format }: { filename: string; format: TextFormat },
): TextColumns {
  const found = (header.fields ?? [header.text ?? ""]).map((name) => name.trim());
  const isAlike = (left: string, right: string) => left.toLowerCase() === right.toLowerCase();
  const known = [...format.columns, ...(format.optional ?? [])];
  for (const name of known) {
    const alike = found.filter((one) => isAlike(one, name));
    if (alike.length < 2) continue;
    throw new UsherError(
      "SOURCE_COLUMN_MISSING",
      `${filename}: expected one column ${name}, but ${alike.map((one) => JSON.stringify(one)).join(" and ")} could be meant`,
      { details: { file: filename, alike } },
    );
  }
  const missing = format.columns.filter((name) => !found.some((one) => isAlike(one, name)));
  if (missing.length > 0) {
    throw new UsherError(
      "SOURCE_COLUMN_MISSING",
      `${filename}: expected the columns ${format.columns.join(", ")}; missing: ${missing.join(", ")}; found: ${found.join(", ").slice(0, 500)}`,
      { details: { file: filename, missing, found: found.slice(0, 100) } },
    );
  }
  const names = found.map((one) => known.find((name) => isAlike(one, name)) ?? one);
  return { names: distinctNames(names), headerLine: header.line };
}

/** The most frequent of the possible numbers of columns, so that a damaged first row decides nothing. */
function columnsByCount(
  records: readonly TextRecord[],
  { filename, format }: { filename: string; format: TextFormat },
): TextColumns {
  const all = [...format.columns, ...(format.optional ?? [])];
  const tally = new Map<number, number>();
  for (const { fields } of records) {
    const count = fields?.length ?? 0;
    if (count >= format.columns.length && count <= all.length) tally.set(count, (tally.get(count) ?? 0) + 1);
  }
  const best = [...tally].sort((left, right) => right[1] - left[1])[0];
  if (best === undefined) {
    const counts =
      format.columns.length === all.length ? all.length : `${format.columns.length} to ${all.length}`;
    throw new UsherError(
      "SOURCE_COLUMN_MISSING",
      `${filename}: expected ${counts} columns (${all.join(", ")}) with ${JSON.stringify(format.delimiter)} between them; line ${records[0]?.line} has ${records[0]?.fields?.length ?? 0}`,
      { details: { file: filename, wanted: all } },
    );
  }
  return { names: all.slice(0, best[0]), headerLine: 0 };
}

/** The name of a column of a file as bronze has it. */
export const bronzeName = (name: string): string => name.trim().replace(/[\s,;{}()=]/g, "_");

/** Names that every reader of Parquet and Delta takes, no two alike when case is ignored. */
function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(addedColumns);
  return names.map((name, at) => {
    const plain = bronzeName(name) || `column_${at + 1}`;
    let chosen = plain;
    for (let copy = 2; taken.has(chosen.toLowerCase()); copy++) chosen = `${plain}_${copy}`;
    taken.add(chosen.toLowerCase());
    return chosen;
  });
}

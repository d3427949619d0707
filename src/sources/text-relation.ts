import { randomUUID } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { type RejectedRow, rejectedRowsListedMax } from "../contracts/imports.ts";
import type { Engine } from "../engine/engine.ts";
import { sqlName, sqlPath, sqlText } from "../lake/sql-text.ts";
import type { TextColumns } from "./text-columns.ts";
import { lineBytesMax, type TextFormat } from "./text-format.ts";
import { cutOff, keptTextMax, lastMissing, readRecords, wrongCount } from "./text-records.ts";
import type { TextScan } from "./text-scan.ts";

/** A text file as rows that SQL can read, as long as the file and the temporary folder are there. */
export interface TextRelation {
  /** A SELECT: the file's columns as VARCHAR, and `line` BIGINT, in the order of the file. */
  readonly select: string;
  /** A SELECT of the rows that could not be cut into columns: `filename`, `line`, `reason`, `row`, in the order of the file. */
  readonly rejectedSelect: string;
  /** How many these are, and the first 1,000. Call it after the SELECT ran. @param keptRows How many rows the SELECT gave. */
  rejected(keptRows: number): Promise<{ readonly rows: readonly RejectedRow[]; readonly total: number }>;
}

/** What there is to know about a file before its rows are read. */
export interface ScannedText {
  readonly path: string;
  readonly filename: string;
  readonly format: TextFormat;
  readonly scan: TextScan;
  readonly columns: TextColumns;
}

/**
 * The rows of a text file, each with the line at which it begins.
 *
 * Where rows are simply lines (no quotes, no control characters: nearly every ratings file) DuckDB reads whole lines and cuts them,
 * measured at 3 M rows/s; else the exact reader of `text-records.ts` does. Both give the same rows (a test compares them).
 *
 * @param options.temporaryFolder Where to write what is needed to read the file; removing it is left to the caller.
 */
export async function textRelation(
  text: ScannedText,
  { engine, temporaryFolder }: { engine: Engine; temporaryFolder: string },
): Promise<TextRelation> {
  const { select, rejectedSelect, countRejected } = text.scan.isPlain
    ? linesRelation(text)
    : await recordsRelation(text, temporaryFolder);
  return {
    select,
    rejectedSelect,
    rejected: async (keptRows) => {
      const total = countRejected(keptRows);
      if (total <= 0) return { rows: [], total };
      const rows = await engine.rows(`${rejectedSelect} LIMIT ${rejectedRowsListedMax}`);
      return {
        total,
        rows: rows.map(({ filename, line, reason, row }) => ({
          filename: String(filename),
          line: Number(line),
          reason: String(reason),
          row: String(row),
        })),
      };
    },
  };
}

type Relation = Pick<TextRelation, "select" | "rejectedSelect"> & { countRejected(keptRows: number): number };

function linesRelation(text: ScannedText): Relation {
  const { format, scan, filename } = text;
  const { names, headerLine } = text.columns;
  const lineEnd = scan.lineEnd === "\n" ? "\\n" : "\\r\\n";
  // the delimiter is a character that a plain file does not hold, so each line stays whole
  const lines = `SELECT row_number() OVER () AS line, string AS text FROM read_csv(${sqlPath(text.path)},
    columns = {'string': 'VARCHAR'}, delim = '\u0001', quote = '', escape = '', comment = '', header = false, auto_detect = false,
    new_line = '${lineEnd}', encoding = '${format.encoding}', max_line_size = ${2 * lineBytesMax})`;
  const fields = `SELECT line, text, string_split(text, ${sqlText(format.delimiter)}) AS fields FROM (${lines})
    WHERE line > ${headerLine} AND text IS NOT NULL`;
  const isCutOff = scan.endsWithLineEnd ? "false" : `line = ${scan.lineCount}`;
  const hasAll = `len(fields) = ${names.length}`;
  const isWhole = format.lastValueExpected
    ? `${hasAll} AND NOT (${isCutOff} AND fields[-1] = '')`
    : `${hasAll}`;
  const [before, after] = wrongCount({ expected: names.length, found: "|" }).split("|");
  const reason = `CASE WHEN ${hasAll} THEN ${sqlText(lastMissing)}
    ELSE concat(${sqlText(String(before))}, len(fields), ${sqlText(String(after))}) END || CASE WHEN ${isCutOff} THEN ${sqlText(cutOff)} ELSE '' END`;
  const received = scan.lineCount - scan.emptyLineCount - (headerLine > 0 ? 1 : 0);
  return {
    select: `SELECT ${fieldColumns(names)}, line FROM (${fields}) WHERE ${isWhole}`,
    rejectedSelect: `SELECT ${sqlText(filename)} AS filename, line, ${reason} AS reason, left(text, ${keptTextMax}) AS "row"
      FROM (${fields}) WHERE NOT (${isWhole})`,
    countRejected: (keptRows) => received - keptRows,
  };
}

/** Reads the file exactly, into two files of JSON lines that DuckDB takes as they stand: rows, and what is none. */
async function recordsRelation(text: ScannedText, temporaryFolder: string): Promise<Relation> {
  await mkdir(temporaryFolder, { recursive: true });
  const stamp = randomUUID();
  const paths = {
    rows: join(temporaryFolder, `${stamp}-rows.jsonl`),
    rejected: join(temporaryFolder, `${stamp}-rejected.jsonl`),
  };
  const total = await writeRecords(text, paths);
  const reading = (path: string, columns: string) =>
    `read_json(${sqlPath(path)}, format = 'newline_delimited', columns = {${columns}}, maximum_object_size = ${32 * lineBytesMax})`;
  return {
    select: `SELECT ${fieldColumns(text.columns.names)}, line FROM ${reading(paths.rows, "line: 'BIGINT', fields: 'VARCHAR[]'")}`,
    rejectedSelect: `SELECT ${sqlText(text.filename)} AS filename, line, reason, "row"
      FROM ${reading(paths.rejected, "line: 'BIGINT', reason: 'VARCHAR', \"row\": 'VARCHAR'")}`,
    countRejected: () => total,
  };
}

/** @returns How many rows were rejected. */
async function writeRecords(text: ScannedText, paths: { rows: string; rejected: string }): Promise<number> {
  const { columns } = text;
  let total = 0;
  const rowsFile = await open(paths.rows, "wx");
  const rejectedFile = await open(paths.rejected, "wx");
  try {
    for await (const batch of readRecords(text.path, { ...text, fieldCount: columns.names.length })) {
      let rows = "";
      let rejected = "";
      for (const { line, fields, reason, text: row = "" } of batch) {
        if (line === columns.headerLine) continue;
        if (fields) rows += `${JSON.stringify({ line, fields })}\n`;
        else {
          total++;
          rejected += `${JSON.stringify({ line, reason, row: storable(row) })}\n`;
        }
      }
      await rowsFile.writeFile(rows);
      await rejectedFile.writeFile(rejected);
    }
  } finally {
    await rowsFile.close();
    await rejectedFile.close();
  }
  return total;
}

/** Text that DuckDB takes: without NUL, and without the half of a letter that was cut in two. */
function storable(text: string): string {
  return Buffer.from(text.replaceAll("\0", "\ufffd")).toString();
}

function fieldColumns(names: readonly string[]): string {
  return names.map((name, at) => `fields[${at + 1}] AS ${sqlName(name)}`).join(", ");
}

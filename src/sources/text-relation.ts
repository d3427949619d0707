import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RejectedRow, rejectedRowsKeptMax } from "../contracts/imports.ts";
import type { Engine } from "../engine/engine.ts";
import { sqlName, sqlPath, sqlText } from "../lake/sql-text.ts";
import type { TextColumns } from "./text-columns.ts";
import { lineBytesMax, type TextFormat } from "./text-format.ts";
import { cutOff, readRecords, wrongCount } from "./text-records.ts";
import type { TextScan } from "./text-scan.ts";

/** A text file as rows that SQL can read. */
export interface TextRelation {
  /** A SELECT: the file's columns as VARCHAR, and `line` BIGINT, in the order of the file. */
  readonly select: string;
  /** The rows that could not be cut into columns. Call it after the SELECT ran. @param keptRows How many rows the SELECT gave. */
  rejected(keptRows: number): Promise<{ readonly rows: readonly RejectedRow[]; readonly total: number }>;
  /** Removes what was made to read the file. */
  close(): Promise<void>;
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
 */
export async function textRelation(text: ScannedText, engine: Engine): Promise<TextRelation> {
  return text.scan.isPlain ? linesRelation(text, engine) : recordsRelation(text);
}

function linesRelation(text: ScannedText, engine: Engine): TextRelation {
  const { format, scan, filename } = text;
  const { names, headerLine } = text.columns;
  const lineEnd = scan.lineEnd === "\n" ? "\\n" : "\\r\\n";
  // the delimiter is a character that a plain file does not hold, so each line stays whole
  const lines = `SELECT row_number() OVER () AS line, string AS text FROM read_csv(${sqlPath(text.path)},
    columns = {'string': 'VARCHAR'}, delim = '\u0001', quote = '', escape = '', comment = '', header = false, auto_detect = false,
    new_line = '${lineEnd}', encoding = '${format.encoding}', max_line_size = ${2 * lineBytesMax})`;
  const fields = `SELECT line, text, string_split(text, ${sqlText(format.delimiter)}) AS fields FROM (${lines})
    WHERE line > ${headerLine} AND text IS NOT NULL`;
  const isWhole =
    format.lastValueExpected && !scan.endsWithLineEnd
      ? `len(fields) = ${names.length} AND NOT (line = ${scan.lineCount} AND fields[-1] = '')`
      : `len(fields) = ${names.length}`;
  const received = scan.lineCount - scan.emptyLineCount - (headerLine > 0 ? 1 : 0);
  return {
    select: `SELECT ${fieldColumns(names)}, line FROM (${fields}) WHERE ${isWhole}`,
    rejected: async (keptRows) => {
      const total = received - keptRows;
      if (total === 0) return { rows: [], total };
      const rows = await engine.rows(
        `SELECT line, left(text, 500) AS text, len(fields) AS found FROM (${fields})
         WHERE NOT (${isWhole}) ORDER BY line LIMIT ${rejectedRowsKeptMax}`,
      );
      return {
        total,
        rows: rows.map(({ line, text: row, found }) => ({
          filename,
          line: Number(line),
          reason: lineReason({ found: Number(found), expected: names.length, line: Number(line) }, scan),
          row: String(row),
        })),
      };
    },
    close: async () => {},
  };
}

function lineReason(row: { found: number; expected: number; line: number }, scan: TextScan): string {
  const isCutOff = row.line === scan.lineCount && !scan.endsWithLineEnd;
  return (
    (row.found === row.expected ? "the last value is missing" : wrongCount(row)) + (isCutOff ? cutOff : "")
  );
}

/** Reads the file exactly, into a file of JSON lines that DuckDB takes as it stands. */
async function recordsRelation(text: ScannedText): Promise<TextRelation> {
  const folder = await mkdtemp(join(tmpdir(), "usher-rows-"));
  const path = join(folder, "rows.jsonl");
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const { rows, total } = await writeRecords(text, path);
    const { names } = text.columns;
    return {
      select: `SELECT ${fieldColumns(names)}, line FROM read_json(${sqlPath(path)}, format = 'newline_delimited',
        columns = {line: 'BIGINT', fields: 'VARCHAR[]'}, maximum_object_size = ${32 * lineBytesMax})`,
      rejected: async () => ({ rows, total }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function writeRecords(text: ScannedText, path: string) {
  const rows: RejectedRow[] = [];
  let total = 0;
  const { columns, filename } = text;
  const file = await open(path, "wx");
  try {
    for await (const batch of readRecords(text.path, { ...text, fieldCount: columns.names.length })) {
      let lines = "";
      for (const { line, fields, reason, text: row } of batch) {
        if (line === columns.headerLine) continue;
        if (fields) lines += `${JSON.stringify({ line, fields })}\n`;
        else if (total++ < rejectedRowsKeptMax)
          rows.push({ filename, line, reason: String(reason), row: String(row) });
      }
      await file.writeFile(lines);
    }
  } finally {
    await file.close();
  }
  return { rows, total };
}

function fieldColumns(names: readonly string[]): string {
  return names.map((name, at) => `fields[${at + 1}] AS ${sqlName(name)}`).join(", ");
}

import { lineBytesMax, type TextFormat } from "./text-format.ts";
import { type ReadOptions, readLineBlocks } from "./text-scan.ts";

/** One row: its columns, or why it is none. */
export interface TextRecord {
  /** Line at which it begins, from 1. */
  readonly line: number;
  readonly fields?: readonly string[];
  readonly reason?: string;
  /** The row as it stands; only where it is rejected. */
  readonly text?: string;
}

/** Longest rejected text that is kept, in characters. */
export const keptTextMax = 500;

/**
 * The rows of a file, exactly: RFC 4180 where the format has quotes, else one row a line. Empty lines are no rows.
 *
 * A row whose quotes do not fit costs its first line only: reading goes on at the next line, so one lost quote never swallows the file.
 *
 * @param options.fieldCount Rows with another number of columns are rejected. Absent: every number is accepted.
 * @returns Batches in the order of the file.
 * Cost: O(bytes) for sound files; a quote that never closes costs up to 1 MiB of reading ahead.
 */
export async function* readRecords(
  path: string,
  options: ReadOptions & { format: TextFormat; fieldCount?: number },
): AsyncGenerator<TextRecord[]> {
  let pending = "";
  let line = 1;
  let isFirst = true;
  const decode = options.format.encoding === "utf-8" ? "utf8" : "latin1";
  const drain = (isLast: boolean): TextRecord[] => {
    const cursor = new RecordCursor(pending, line, { ...options, isLast });
    const records = [...cursor.records()];
    pending = pending.slice(cursor.at);
    line = cursor.line;
    return records;
  };
  for await (const block of readLineBlocks(path, options)) {
    let text = block.bytes.toString(decode);
    if (isFirst && text.startsWith("\ufeff")) text = text.slice(1);
    isFirst = false;
    pending += text;
    const records = drain(false);
    if (records.length > 0) yield records;
  }
  const records = drain(true);
  if (records.length > 0) yield records;
}

type Cut =
  | { readonly end: number; readonly fields: string[] }
  | { readonly reason: string }
  | "more text needed";

/** Walks over text that begins at a row. */
class RecordCursor {
  at = 0;
  line: number;
  private readonly text: string;
  private readonly options: { format: TextFormat; fieldCount?: number; isLast: boolean };

  constructor(
    text: string,
    line: number,
    options: { format: TextFormat; fieldCount?: number; isLast: boolean },
  ) {
    this.text = text;
    this.line = line;
    this.options = options;
  }

  *records(): Generator<TextRecord> {
    while (this.at < this.text.length) {
      const feed = this.text.indexOf("\n", this.at);
      if (feed < 0 && !this.options.isLast) return;
      const lineEnd = feed < 0 ? this.text.length : feed + 1;
      const lineText = withoutReturn(this.text.slice(this.at, feed < 0 ? lineEnd : feed));
      if (lineText === "") {
        this.moveTo(lineEnd);
        continue;
      }
      const cut = this.judged(this.cut(lineText, lineEnd), lineEnd);
      if (cut === "more text needed") return;
      const { line } = this;
      if ("reason" in cut) {
        this.moveTo(lineEnd);
        yield { line, reason: cut.reason, text: lineText.slice(0, keptTextMax) };
      } else {
        this.moveTo(cut.end);
        yield { line, fields: cut.fields };
      }
    }
  }

  private moveTo(end: number): void {
    for (let feed = this.text.indexOf("\n", this.at); feed >= 0 && feed < end; ) {
      this.line++;
      feed = this.text.indexOf("\n", feed + 1);
    }
    this.at = end;
  }

  private cut(lineText: string, lineEnd: number): Cut {
    const { quoted, delimiter } = this.options.format;
    if (!quoted || !lineText.includes('"')) return { end: lineEnd, fields: lineText.split(delimiter) };
    return this.cutQuoted();
  }

  /** RFC 4180, section 2, rules 5 to 7. */
  private cutQuoted(): Cut {
    const { text } = this;
    const { delimiter } = this.options.format;
    const fields: string[] = [];
    let at = this.at;
    for (;;) {
      let end: number;
      if (text[at] === '"') {
        const close = closingQuote(text, at + 1);
        if (close < 0) {
          return this.options.isLast || text.length - this.at > lineBytesMax
            ? { reason: "a quote is opened and never closed" }
            : "more text needed";
        }
        fields.push(text.slice(at + 1, close).replaceAll('""', '"'));
        end = close + 1;
        if (text.startsWith("\r\n", end)) end++;
      } else {
        const feed = indexOrEnd(text, "\n", at);
        end = Math.min(indexOrEnd(text, delimiter, at), feed);
        const field = end === feed ? withoutReturn(text.slice(at, end)) : text.slice(at, end);
        if (field.includes('"')) return { reason: "a quote stands inside a value that is not quoted" };
        fields.push(field);
      }
      if (end === text.length || text[end] === "\n") return { end: Math.min(end + 1, text.length), fields };
      if (!text.startsWith(delimiter, end)) {
        return { reason: `after a closing quote, expected "${delimiter}" or the end of the row` };
      }
      at = end + delimiter.length;
    }
  }

  /** The cut, unless the row has the wrong shape. */
  private judged(cut: Cut, lineEnd: number): Cut {
    if (cut === "more text needed") return cut;
    const isCutOff =
      this.options.isLast && lineEnd === this.text.length && !this.text.endsWith("\n") ? cutOff : "";
    if ("reason" in cut) return { reason: cut.reason + isCutOff };
    const { fieldCount, format } = this.options;
    if (cut.fields.some((field) => field.includes("\0"))) return { reason: "the row holds a NUL byte" };
    if (fieldCount === undefined) return cut;
    if (cut.fields.length !== fieldCount) {
      return { reason: wrongCount({ expected: fieldCount, found: cut.fields.length }) + isCutOff };
    }
    if (isCutOff && format.lastValueExpected && cut.fields.at(-1) === "") {
      return { reason: lastMissing + isCutOff };
    }
    return cut;
  }
}

/** The reason for a row whose last value was cut off. */
export const lastMissing = "the last value is missing";

/** Added to the reason of a last row without a line end. */
export const cutOff = "; the file ends in the middle of this row";

/** The reason for a row with the wrong number of columns. */
export function wrongCount(counts: { expected: number; found: number | string }): string {
  return `expected ${counts.expected} columns, found ${counts.found}`;
}

/** Where the quote that opened before `from` closes; −1 where it does not. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function indexOrEnd(text: string, part: string, from: number): number {
  const at = text.indexOf(part, from);
  return at < 0 ? text.length : at;
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { UsherError } from "../errors.ts";
import { encodingNames, lineBytesMax, type TextFormat } from "./text-format.ts";

/** Whole lines of a file; the last block may end without a line end. */
export interface LineBlock {
  readonly bytes: Buffer;
  /** Line of the file at which the block begins, from 1. */
  readonly firstLine: number;
}

/** What one pass over the bytes of a text file finds. */
export interface TextScan {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly md5: string;
  /** Lines, empty ones and an unfinished last one too. */
  readonly lineCount: number;
  readonly emptyLineCount: number;
  readonly endsWithLineEnd: boolean;
  readonly lineEnd: "\n" | "\r\n";
  /** True where rows are just lines: no quotes, no control characters, one kind of line end. */
  readonly isPlain: boolean;
}

const blockBytes = 1 << 20;
const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;

/** How the bytes of a text file are read. */
export interface ReadOptions {
  readonly filename: string;
  /** The content, where it was made in memory: no file is read then. */
  readonly bytes?: Uint8Array;
}

/**
 * The file as blocks of whole lines.
 *
 * @throws UsherError `SOURCE_NOT_FOUND`: it cannot be opened or read; `SOURCE_DAMAGED`: a line above 1 MiB.
 */
export async function* readLineBlocks(
  path: string,
  options: ReadOptions & { onBytes?: (bytes: Buffer) => Promise<void> },
): AsyncGenerator<LineBlock> {
  let carry: Buffer = Buffer.alloc(0);
  let firstLine = 1;
  for await (const bytes of options.bytes ? [Buffer.from(options.bytes)] : readBlocks(path, options)) {
    await options.onBytes?.(bytes);
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      const block = Buffer.concat([carry, bytes.subarray(0, end)]);
      carry = Buffer.from(bytes.subarray(end));
      yield { bytes: block, firstLine };
      firstLine += countOf(lineFeed, block);
    } else carry = Buffer.concat([carry, bytes]);
    if (carry.length > lineBytesMax) {
      throw new UsherError(
        "SOURCE_DAMAGED",
        `${options.filename}: expected lines of text, but from line ${firstLine} on there is no line end within ${lineBytesMax} bytes`,
      );
    }
  }
  if (carry.length > 0) yield { bytes: carry, firstLine };
}

async function* readBlocks(path: string, { filename }: ReadOptions): AsyncGenerator<Buffer> {
  // what the person named cannot be read: no fault of the home, which other failures of the system are taken for
  const orUnreadable = <Result>(work: Promise<Result>): Promise<Result> =>
    work.catch((error: NodeJS.ErrnoException) => {
      throw new UsherError("SOURCE_NOT_FOUND", `${filename}: ${unreadable(path, error)}`, { cause: error });
    });
  const file = await orUnreadable(open(path, "r"));
  try {
    for (;;) {
      const { bytesRead, buffer } = await orUnreadable(
        file.read(Buffer.allocUnsafe(blockBytes), 0, blockBytes, null),
      );
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

const unreadableReasons: Readonly<Record<string, string>> = {
  ENOENT: "there is none (a link may lead nowhere)",
  EACCES: "this process has no right to read it",
  EPERM: "this process has no right to read it",
  EISDIR: "it is a folder",
  ELOOP: "it is a link that leads back to itself",
  EIO: "the disk reports an error",
};

function unreadable(path: string, { code = "", message }: NodeJS.ErrnoException): string {
  const reason = unreadableReasons[code];
  return `expected a file that can be read at ${path}, but ${reason ? `${reason} (${code})` : message}`;
}

function countOf(byte: number, bytes: Uint8Array): number {
  let count = 0;
  for (const one of bytes) if (one === byte) count++;
  return count;
}

/**
 * Reads a file once: checksums, lines, encoding, and whether its rows are simply its lines.
 *
 * @param options.format Absent: any bytes are taken, and nothing is said about encoding.
 * @param options.onRead Told of each piece, in bytes; what it throws ends the reading.
 * @param options.copyTo Also writes the bytes there, unchanged, and makes them durable (the folder's own entry is left to the caller).
 * @throws UsherError `SOURCE_NOT_FOUND`; `DATA_EMPTY`, a file of 0 bytes; `SOURCE_ENCODING`, bytes that are not of the format's encoding;
 * `SOURCE_DAMAGED`.
 */
export async function scanText(
  path: string,
  options: ReadOptions & { format?: TextFormat; copyTo?: string; onRead?: (bytes: number) => void },
): Promise<TextScan> {
  const { filename, format } = options;
  const sha256 = createHash("sha256");
  const md5 = createHash("md5");
  let sizeBytes = 0;
  const copy = options.copyTo === undefined ? undefined : await open(options.copyTo, "wx");
  const onBytes = async (bytes: Buffer) => {
    options.onRead?.(bytes.length);
    sha256.update(bytes);
    md5.update(bytes);
    sizeBytes += bytes.length;
    await copy?.writeFile(bytes);
  };
  try {
    const lines = lineCounter(filename, format);
    for await (const block of readLineBlocks(path, { ...options, onBytes })) lines.take(block);
    if (sizeBytes === 0) {
      throw new UsherError("DATA_EMPTY", `${filename}: expected rows, but the file is empty (0 bytes)`);
    }
    await copy?.sync();
    return { sizeBytes, sha256: sha256.digest("hex"), md5: md5.digest("hex"), ...lines.finish() };
  } finally {
    await (copy as FileHandle | undefined)?.close();
  }
}

const signs = { special: 1, high: 2, carriageReturn: 4 };

/** What each byte means for reading: signs that need the exact reader, letters beyond ASCII, carriage returns. */
function signTable(format: TextFormat | undefined): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(signs.special, 0, 32);
  table[tab] = 0;
  table[lineFeed] = 0;
  table[carriageReturn] = signs.carriageReturn;
  if (format?.quoted) table[0x22] = signs.special;
  table[0x7f] = signs.special;
  table.fill(signs.high, 0x80);
  // DuckDB refuses the control characters of ISO-8859-1
  if (format?.encoding === "latin-1") table.fill(signs.high | signs.special, 0x80, 0xa0);
  return table;
}

function lineCounter(filename: string, format: TextFormat | undefined) {
  const table = signTable(format);
  let lineCount = 0;
  let emptyLineCount = 0;
  let crlfCount = 0;
  let found = 0;
  let returns = 0;
  let lineFeeds = 0;
  let allUtf8 = true;
  let firstHighLine = 0;
  const takeLines = (bytes: Buffer) => {
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte !== lineFeed) {
        const sign = table[byte] as number;
        found |= sign;
        if (sign === signs.carriageReturn) returns++;
        continue;
      }
      const isCrlf = at > start && bytes[at - 1] === carriageReturn;
      if (isCrlf) crlfCount++;
      if (at - start === (isCrlf ? 1 : 0)) emptyLineCount++;
      lineFeeds++;
      start = at + 1;
    }
    lineCount = lineFeeds + (start < bytes.length ? 1 : 0);
    return start === bytes.length;
  };
  let endsWithLineEnd = true;
  return {
    take({ bytes, firstLine }: LineBlock): void {
      const before = found & signs.high;
      endsWithLineEnd = takeLines(bytes);
      if (found & signs.high && !before) firstHighLine = firstLine + highLineOf(bytes);
      if (!(found & signs.high)) return;
      const isValid = isUtf8(bytes);
      if (!isValid && format?.encoding === "utf-8") {
        throw new UsherError(
          "SOURCE_ENCODING",
          `${filename}: expected UTF-8, but line ${firstLine + invalidLineOf(bytes)} holds bytes that are not UTF-8`,
        );
      }
      allUtf8 &&= isValid;
    },
    finish() {
      if (format && lineFeeds === 0 && returns > 0) {
        throw new UsherError(
          "SOURCE_DAMAGED",
          `${filename}: expected lines that end in LF or CR LF, but they all end in CR alone; convert the line ends`,
        );
      }
      // text of ISO-8859-1 that happens to be valid UTF-8 does not occur; such a file was converted by somebody
      if (format?.encoding === "latin-1" && found & signs.high && allUtf8) {
        throw new UsherError(
          "SOURCE_ENCODING",
          `${filename}: expected ${encodingNames["latin-1"]}, but the file is UTF-8 (see line ${firstHighLine})`,
        );
      }
      const isUniform = returns === crlfCount && (crlfCount === 0 || crlfCount === lineFeeds);
      return {
        lineCount,
        emptyLineCount,
        endsWithLineEnd,
        lineEnd: crlfCount > 0 ? ("\r\n" as const) : ("\n" as const),
        isPlain: isUniform && !(found & signs.special),
      };
    },
  };
}

/** Lines before the first one that is not UTF-8. */
function invalidLineOf(bytes: Buffer): number {
  for (let start = 0, line = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(lineFeed, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end;
  }
  return 0;
}

/** Lines before the first one with a letter beyond ASCII. */
function highLineOf(bytes: Buffer): number {
  const at = bytes.findIndex((byte) => byte >= 0x80);
  return countOf(lineFeed, bytes.subarray(0, at));
}

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { endianness } from "node:os";
import { writeFileDurable } from "../durable-file.ts";
import { UsherError } from "../errors.ts";

/** What a file may hold under a name: numbers, or strings (kept as UTF-8 with their offsets). */
export type StoredArray = Float32Array | Float64Array | Int32Array | readonly string[];

/** Named arrays and anything JSON that describes them. */
export interface ArrayFile {
  readonly meta: unknown;
  readonly arrays: Readonly<Record<string, StoredArray>>;
}

/** Where a part of the file is, counted from the end of the header. A string array has the bytes of its text here and its offsets after. */
interface Part {
  readonly name: string;
  readonly type: keyof typeof viewTypes | "string";
  readonly length: number;
  readonly at: number;
  readonly bytes: number;
}

const viewTypes = { f32: Float32Array, f64: Float64Array, i32: Int32Array };
const magic = "USHERA1\n";
const alignment = 64;
const hashBytes = 32;
/** Magic, then the length of the header as a 32-bit integer, then zeros up to the alignment. */
const prefixBytes = alignment;

const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;

/**
 * Writes arrays and their description into one file, durably and whole or not at all.
 *
 * Layout, little-endian: 64 bytes (`USHERA1\n`, header length u32), the header as JSON (`{ meta, parts }`) padded to 64, each array at
 * a multiple of 64, and the SHA-256 of everything before it.
 *
 * @throws UsherError `MODEL_FILE` on a big-endian machine; errors of the file system as they are.
 * @example
 * import { readArrayFile, writeArrayFile } from "./array-file.ts";
 * await writeArrayFile("two.bin", { meta: { n: 2 }, arrays: { ids: ["a", "é"], scores: Float32Array.of(1, 2) } });
 * (await readArrayFile("two.bin")).arrays["ids"]; // → ["a", "é"]
 */
export async function writeArrayFile(path: string, file: ArrayFile): Promise<void> {
  if (endianness() !== "LE") {
    throw new UsherError("MODEL_FILE", "expected a little-endian machine for array files");
  }
  const parts: Part[] = [];
  const chunks: Uint8Array[] = [];
  let at = 0;
  const place = (bytes: Uint8Array) => {
    chunks.push(bytes, new Uint8Array(aligned(bytes.length) - bytes.length));
    at += aligned(bytes.length);
  };
  for (const [name, array] of Object.entries(file.arrays)) {
    const isText = Array.isArray(array);
    const [content, offsets] = isText ? encodeStrings(array) : [bytesOfView(array as Float32Array)];
    const type = isText ? "string" : typeOf(array as Float32Array);
    parts.push({ name, type, length: array.length, at, bytes: content.length });
    place(content);
    if (offsets) place(bytesOfView(offsets));
  }
  const header = Buffer.from(JSON.stringify({ meta: file.meta, parts }));
  const prefix = new Uint8Array(prefixBytes + aligned(header.length));
  prefix.set(Buffer.from(magic));
  new DataView(prefix.buffer).setUint32(magic.length, header.length, true);
  prefix.set(header, prefixBytes);
  const hash = createHash("sha256").update(prefix);
  for (const chunk of chunks) hash.update(chunk);
  await writeFileDurable(path, [prefix, ...chunks, hash.digest()]);
}

/**
 * Reads what {@link writeArrayFile} wrote. The arrays are views on one buffer, so nothing is copied but strings.
 *
 * @throws UsherError `SOURCE_NOT_FOUND`: no such file. `MODEL_FILE`: foreign, truncated or altered; the message says what was expected.
 */
export async function readArrayFile(path: string): Promise<ArrayFile> {
  const buffer = await readWhole(path);
  const { meta, parts, start } = readHeader(path, buffer);
  const content = new Uint8Array(buffer, 0, buffer.byteLength - hashBytes);
  const found = createHash("sha256").update(content).digest();
  if (!found.equals(new Uint8Array(buffer, content.length))) {
    throw damaged(path, "content of the checksum at its end, found other content");
  }
  const arrays: Record<string, StoredArray> = {};
  for (const part of parts) {
    const at = start + part.at;
    arrays[part.name] =
      part.type === "string"
        ? decodeStrings(new Uint8Array(buffer, at, part.bytes), offsetsOf(buffer, part, at))
        : new viewTypes[part.type](buffer, at, part.length);
  }
  return { meta, arrays };
}

const damaged = (path: string, message: string) =>
  new UsherError("MODEL_FILE", `${path}: expected ${message}`);

async function readWhole(path: string): Promise<ArrayBuffer> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    throw new UsherError("SOURCE_NOT_FOUND", `${path}: expected a file, found none`, { cause });
  });
  try {
    const { size } = await file.stat();
    const buffer = new ArrayBuffer(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(new Uint8Array(buffer, at, Math.min(size - at, 1 << 30)));
      if (bytesRead === 0) throw damaged(path, `${size} bytes, found ${at}`);
      at += bytesRead;
    }
    return buffer;
  } finally {
    await file.close();
  }
}

/** The header, after the checks that need no checksum, so that a cut or foreign file is called that. */
function readHeader(path: string, buffer: ArrayBuffer): { meta: unknown; parts: Part[]; start: number } {
  const size = buffer.byteLength;
  const found = Buffer.from(buffer, 0, Math.min(size, magic.length)).toString("latin1");
  if (found !== magic) {
    throw damaged(path, `a file that starts with ${JSON.stringify(magic)}, found ${JSON.stringify(found)}`);
  }
  if (size < prefixBytes + hashBytes) throw damaged(path, `more than ${prefixBytes} bytes, found ${size}`);
  const headerBytes = new DataView(buffer).getUint32(magic.length, true);
  const start = prefixBytes + aligned(headerBytes);
  if (start + hashBytes > size) throw damaged(path, `at least ${start + hashBytes} bytes, found ${size}`);
  let header: { meta: unknown; parts: Part[] };
  try {
    header = JSON.parse(Buffer.from(buffer, prefixBytes, headerBytes).toString("utf8"));
  } catch (cause) {
    throw new UsherError("MODEL_FILE", `${path}: expected a header of JSON`, { cause });
  }
  if (!Array.isArray(header.parts)) throw damaged(path, "a header with a list of parts");
  const expected = header.parts.reduce((sum, part) => sum + partBytes(part), start + hashBytes);
  if (expected !== size) throw damaged(path, `${expected} bytes, found ${size}`);
  return { ...header, start };
}

/** Bytes that a part takes, with padding and, for strings, the offsets. */
function partBytes({ type, bytes, length }: Part): number {
  return aligned(bytes) + (type === "string" ? aligned((length + 1) * 4) : 0);
}

function offsetsOf(buffer: ArrayBuffer, part: Part, at: number): Int32Array {
  return new Int32Array(buffer, at + aligned(part.bytes), part.length + 1);
}

function typeOf(view: Float32Array | Float64Array | Int32Array): keyof typeof viewTypes {
  return view instanceof Float32Array ? "f32" : view instanceof Float64Array ? "f64" : "i32";
}

function bytesOfView(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** The strings as one text, and where each begins and the last ends. */
function encodeStrings(strings: readonly string[]): [Uint8Array, Int32Array] {
  const offsets = new Int32Array(strings.length + 1);
  for (let at = 0; at < strings.length; at++) {
    offsets[at + 1] = offsets[at]! + Buffer.byteLength(strings[at]!);
  }
  return [Buffer.from(strings.join("")), offsets];
}

function decodeStrings(text: Uint8Array, offsets: Int32Array): string[] {
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.length);
  return Array.from({ length: offsets.length - 1 }, (_, at) =>
    buffer.toString("utf8", offsets[at], offsets[at + 1]),
  );
}

import { type Topic, topics } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import type { KeyEncoding } from "../stores/lmdb-environment.ts";
import type { LogRecord, NewRecord } from "./event-log.ts";

/** Most bytes of a key or an id. */
const textBytesMax = 1024;
const headerBytes = 12;
/** A form and 128 bits. */
const uuidBytes = 17;
const uuidForm = 0;
const textForm = 1;

/** A record whose fields are checked and whose texts are bytes. */
export interface CheckedRecord {
  readonly record: NewRecord;
  readonly topic: number;
  readonly key: Buffer;
  readonly id: Buffer;
}

/** @throws UsherError `PARAMETER_INVALID`: a field is not what the log takes. */
export function checkRecord(record: NewRecord): CheckedRecord {
  const topic = topicIndex(record.topic);
  const key = Buffer.from(record.key);
  if (key.length === 0 || key.length > textBytesMax) throw wrongLength("key", record.key);
  if (record.id.length === 0 || record.id.length > textBytesMax) throw wrongLength("id", record.id);
  if (!(record.value instanceof Uint8Array)) {
    throw new UsherError("PARAMETER_INVALID", `value of ${record.id}: expected bytes`);
  }
  if (!Number.isFinite(record.receivedMs)) {
    throw new UsherError("PARAMETER_INVALID", `receivedMs: expected ms since 1970, got ${record.receivedMs}`);
  }
  return { record, topic, key, id: idBytes(record.id) };
}

const wrongLength = (field: string, text: string) =>
  new UsherError(
    "PARAMETER_INVALID",
    `${field} of a record: expected 1..${textBytesMax} bytes of UTF-8, got ${Buffer.byteLength(text)}`,
  );

/** Index of a topic in the table of topics. @throws UsherError `PARAMETER_INVALID`. */
export function topicIndex(topic: Topic): number {
  const index = topics.indexOf(topic);
  if (index < 0) {
    throw new UsherError("PARAMETER_INVALID", `topic: expected one of ${topics.join(", ")}, got ${topic}`);
  }
  return index;
}

/** An id as the log keeps it: a form, then the 16 bytes of a UUID (lower case), or UTF-8. */
export function idBytes(id: string): Buffer {
  const bytes = Buffer.allocUnsafe(uuidBytes);
  if (writeUuid(id, bytes)) return bytes;
  const text = Buffer.from(`\0${id}`);
  text[0] = textForm;
  return text;
}

/** Written out because each event waits for it. @returns False for what is no UUID in lower case. */
function writeUuid(id: string, bytes: Buffer): boolean {
  if (id.length !== uuidLayout.length) return false;
  bytes[0] = uuidForm;
  for (let at = 0, to = 1; at < uuidLayout.length; ) {
    if (uuidLayout.charCodeAt(at) === dash) {
      if (id.charCodeAt(at++) !== dash) return false;
      continue;
    }
    const high = hexDigit(id.charCodeAt(at++));
    const low = hexDigit(id.charCodeAt(at++));
    if (high < 0 || low < 0) return false;
    bytes[to++] = high * 16 + low;
  }
  return true;
}

const uuidLayout = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
const dash = 0x2d;
/** 0..15; negative for another character, capitals too. */
const hexDigit = (unit: number) =>
  unit >= 0x30 && unit <= 0x39 ? unit - 0x30 : unit >= 0x61 && unit <= 0x66 ? unit - 0x57 : -1;

function idText(bytes: Buffer): string {
  if (bytes[0] === textForm) return bytes.toString("utf8", 1);
  const hex = bytes.toString("hex", 1);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** How many bytes {@link writeRecord} writes. */
export const recordSize = ({ key, id, record }: CheckedRecord): number =>
  headerBytes + key.length + id.length + record.value.length;

/** Writes received time (float64), lengths of key and id (uint16 each), key, id and value at a place of a buffer. */
export function writeRecord(target: Buffer, at: number, { record, key, id }: CheckedRecord): void {
  target.writeDoubleLE(record.receivedMs, at);
  target.writeUInt16LE(key.length, at + 8);
  target.writeUInt16LE(id.length, at + 10);
  const keyAt = at + headerBytes;
  target.set(key, keyAt);
  target.set(id, keyAt + key.length);
  target.set(record.value, keyAt + key.length + id.length);
}

/** The record that {@link writeRecord} wrote, taken apart when asked; its value shares the bytes. */
class StoredRecord implements LogRecord {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
  readonly #bytes: Buffer;

  constructor(place: { topic: Topic; partition: number; offset: number }, bytes: Buffer) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.offset = place.offset;
    this.#bytes = bytes;
  }

  get key(): string {
    return this.#bytes.toString("utf8", headerBytes, this.#keyEnd);
  }

  get id(): string {
    return idText(this.#bytes.subarray(this.#keyEnd, this.#idEnd));
  }

  get receivedMs(): number {
    return this.#bytes.readDoubleLE(0);
  }

  get value(): Buffer {
    return this.#bytes.subarray(this.#idEnd);
  }

  get #keyEnd(): number {
    return headerBytes + this.#bytes.readUInt16LE(8);
  }

  get #idEnd(): number {
    return this.#keyEnd + this.#bytes.readUInt16LE(10);
  }
}

/** The record that {@link writeRecord} wrote. */
export const readRecord = (
  bytes: Uint8Array,
  place: { topic: Topic; partition: number; offset: number },
): LogRecord => new StoredRecord(place, bufferOver(bytes));

/** Received time of a record, without reading the rest. */
export const receivedMsOf = (bytes: Uint8Array): number => bufferOver(bytes).readDoubleLE(0);

const bufferOver = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** An offset as the key of a record: 8 bytes, the most significant first, so that the order of the bytes is that of the offsets. */
export const offsetKeys: KeyEncoding<number> = {
  writeKey(offset, target, start) {
    target[start] = target[start + 1] = 0;
    return target.writeUIntBE(offset, start + 2, 6);
  },
  readKey: (source, start) => source.readUIntBE(start + 2, 6),
};

/** An offset as a value: the same bytes. */
export function offsetBytes(offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  offsetKeys.writeKey(offset, bytes, 0);
  return bytes;
}

/** The offset of {@link offsetBytes}. */
export const offsetOf = (bytes: Uint8Array): number => offsetKeys.readKey(bufferOver(bytes), 0, 8);

/** Bytes of a place in the table of ids. */
export const placeBytes = 8;

/** Writes a place in 8 bytes: topic, partition, and the offset in 48 bits. */
export function writePlace(
  target: Buffer,
  at: number,
  place: { readonly topic: Topic; readonly partition: number; readonly offset: number },
): void {
  target[at] = topicIndex(place.topic);
  target[at + 1] = place.partition;
  target.writeUIntBE(place.offset, at + 2, 6);
}

/** The place of {@link writePlace}. */
export function readPlace(bytes: Uint8Array): { topic: Topic; partition: number; offset: number } {
  const from = bufferOver(bytes);
  return {
    topic: topics[from[0] as number] as Topic,
    partition: from[1] as number,
    offset: from.readUIntBE(2, 6),
  };
}

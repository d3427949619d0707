import { setImmediate } from "node:timers/promises";
import type { StateChange } from "./state-store.ts";

/** Changes that are handled before the event loop turns. */
const sliceChanges = 1000;
const isRemoved = 0xffffffff;

/**
 * Changes as one value, from which {@link unpacked} gives them again: for each the lengths of key and value (32 bits each; all ones:
 * removed), the key in UTF-8, the value. The event loop turns meanwhile.
 */
export async function packed(changes: readonly StateChange[]): Promise<Buffer> {
  const slices: Buffer[] = [];
  for (const slice of slicesOf(changes, sliceChanges)) {
    slices.push(packedSlice(slice));
    await setImmediate();
  }
  return Buffer.concat(slices);
}

function packedSlice(changes: readonly StateChange[]): Buffer {
  let size = 0;
  for (const [key, value] of changes) size += 8 + Buffer.byteLength(key) + (value?.length ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [key, value] of changes) {
    const keyLength = bytes.write(key, at + 8);
    bytes.writeUInt32LE(keyLength, at);
    bytes.writeUInt32LE(value?.length ?? isRemoved, at + 4);
    at += 8 + keyLength;
    if (value) bytes.set(value, at);
    at += value?.length ?? 0;
  }
  return bytes;
}

export function unpacked(bytes: Buffer): StateChange[] {
  const changes: StateChange[] = [];
  for (let at = 0; at < bytes.length; ) {
    const keyEnd = at + 8 + bytes.readUInt32LE(at);
    const length = bytes.readUInt32LE(at + 4);
    const valueEnd = keyEnd + (length === isRemoved ? 0 : length);
    const value = length === isRemoved ? undefined : bytes.subarray(keyEnd, valueEnd);
    changes.push([bytes.toString("utf8", at + 8, keyEnd), value]);
    at = valueEnd;
  }
  return changes;
}

/** A list in pieces of `size`. */
export function* slicesOf<Each>(list: readonly Each[], size: number): Generator<readonly Each[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}

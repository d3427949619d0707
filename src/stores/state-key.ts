import { UsherError } from "../errors.ts";
import type { StateChange } from "./state-store.ts";

const keyBytesMax = 1900;

/** The bytes of a key, in whose order the store keeps it. @throws UsherError `PARAMETER_INVALID`: empty, or longer than 1,900 bytes. */
export function checkKey(key: string): Buffer {
  const bytes = Buffer.from(key);
  if (bytes.length === 0 || bytes.length > keyBytesMax) {
    throw new UsherError(
      "PARAMETER_INVALID",
      `state key: expected 1..${keyBytesMax} bytes of UTF-8, got ${bytes.length}: ${key.slice(0, 40)}`,
    );
  }
  return bytes;
}

/** A change with the bytes of its key. @throws UsherError `PARAMETER_INVALID`. */
export function checkChange([key, value]: StateChange): readonly [Buffer, Uint8Array | undefined] {
  if (value !== undefined && !(value instanceof Uint8Array)) {
    throw new UsherError("PARAMETER_INVALID", `state value of ${key}: expected bytes, got ${typeof value}`);
  }
  return [checkKey(key), value];
}

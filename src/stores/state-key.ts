import { UsherError } from "../errors.ts";
import type { StateChange } from "./state-store.ts";

const keyBytesMax = 1900;

/** Bytes of UTF-8 that a unit of a string takes at most. */
const bytesPerUnit = 3;

/** The key itself. @throws UsherError `PARAMETER_INVALID`: empty, or longer than 1,900 bytes. */
export function checkKey(key: string): string {
  if (key.length > 0 && key.length * bytesPerUnit <= keyBytesMax) return key;
  const bytes = Buffer.byteLength(key);
  if (bytes > 0 && bytes <= keyBytesMax) return key;
  throw new UsherError(
    "PARAMETER_INVALID",
    `state key: expected 1..${keyBytesMax} bytes of UTF-8, got ${bytes}: ${key.slice(0, 40)}`,
  );
}

/** @throws UsherError `PARAMETER_INVALID`: the key, or a value that is no bytes. */
export function checkChange([key, value]: StateChange): void {
  checkKey(key);
  if (value === undefined || value instanceof Uint8Array) return;
  throw new UsherError("PARAMETER_INVALID", `state value of ${key}: expected bytes, got ${typeof value}`);
}

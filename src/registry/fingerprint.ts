import { createHash } from "node:crypto";
import type { TrainingSet } from "../data/training-set.ts";

/**
 * SHA-256 over the ids, the ratings and the weights of a training set, in hexadecimal: the same data in the same order give the same text.
 *
 * Each part is preceded by its length, so that no two different sets look alike. Numbers are hashed as little-endian bytes.
 *
 * Cost: O(bytes).
 */
export function fingerprintOf(set: TrainingSet): string {
  const hash = createHash("sha256");
  const part = (bytes: Uint8Array) => hash.update(`${bytes.byteLength}\n`).update(bytes);
  for (const { ids } of [set.users, set.items]) part(Buffer.from(JSON.stringify(ids)));
  for (const { starts, items, values, times } of [set.ratings, ...(set.weights ? [set.weights] : [])]) {
    for (const column of [starts, items, values, times ?? new Float64Array(0)])
      part(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest("hex");
}

const multiplier = 0x5bd1e995;
const seed = 0x9747b28c;

/**
 * The murmur2 hash of bytes, as a signed 32-bit integer.
 *
 * Source: Austin Appleby, MurmurHash2; seed and form of org.apache.kafka.common.utils.Utils.murmur2, checked against the values of
 * Kafka's own test (UtilsTest.testMurmur2). Cost: O(bytes).
 */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = seed ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  const rest = length - whole;
  if (rest > 2) hash ^= (bytes[whole + 2] as number) << 16;
  if (rest > 1) hash ^= (bytes[whole + 1] as number) << 8;
  if (rest > 0) hash = Math.imul(hash ^ (bytes[whole] as number), multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

/**
 * The partition of a key: what a Kafka producer with the default partitioner chooses, so that every implementation of the log agrees.
 *
 * @param key UTF-8 bytes of the user id, or of the session id where there is none.
 * @param partitions ≥ 1.
 * @returns 0..partitions−1.
 */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** 2^23 bits: one in a thousand ids is asked for nothing when 130,000 are in. */
const bitCount = 2 ** 23;

/**
 * Says of most ids that they are not in a set, without keeping the set: a Bloom filter with two hashes in 1 MiB.
 *
 * Source: Bloom 1970.
 */
export class IdFilter {
  readonly #bits = new Uint8Array(bitCount / 8);

  add(id: string): void {
    for (const bit of bitsOf(id)) this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }

  /** False: the id was never added. True: it was, or, rarely, it was not. */
  mayHold(id: string): boolean {
    const [first, second] = bitsOf(id);
    return this.#has(first) && this.#has(second);
  }

  #has(bit: number): boolean {
    return ((this.#bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}

/** FNV-1a and the same with another prime, over the characters. */
function bitsOf(id: string): [number, number] {
  let first = 0x811c9dc5;
  let second = 0x9e3779b9;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x85ebca6b);
  }
  return [mixed(first), mixed(second)];
}

const mixed = (hash: number) => ((hash ^ (hash >>> 15)) >>> 0) % bitCount;

/**
 * A seeded stream of random numbers (sfc32): the same seed gives the same numbers on every machine.
 *
 * Source: Chris Doty-Humphrey, PractRand, "small fast counting" generator, 32 bit.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits of randomness. */
  uniform(): number;
  /** Uniform integer in 0..limit−1. `limit` is 1..2³². */
  below(limit: number): number;
  /** Standard normal, by the Box–Muller transform. */
  normal(): number;
}

/** @param seed Any integer; only its lower 32 bits count. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let warmUp = 0; warmUp < 15; warmUp++) next();
  const uniform = () => next() / 4294967296;
  return {
    uniform,
    below: (limit) => Math.floor(uniform() * limit),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/**
 * Standard normal numbers from a stream, two from each pair of draws: for filling large arrays.
 *
 * Source: Marsaglia, Bray 1964, "A convenient method for generating normal variables" (the polar method).
 */
export function normalStream(random: Random): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    for (;;) {
      const x = 2 * random.uniform() - 1;
      const y = 2 * random.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * scale;
      return x * scale;
    }
  };
}

/** Puts the entries of an array into a random order, in place (Fisher–Yates). */
export function shuffle(values: { length: number; [index: number]: number }, random: Random): void {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = values[last]!;
    values[last] = values[other]!;
    values[other] = kept;
  }
}

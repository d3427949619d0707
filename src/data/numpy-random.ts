/**
 * The stream of random numbers of NumPy's `RandomState(seed)`, so that a split that a paper made with NumPy can be drawn again.
 *
 * For everything else use {@link seededRandom}, which is faster.
 *
 * Source: Matsumoto and Nishimura 1998 (MT19937); NumPy's legacy distributions, which are frozen. Checked against NumPy 2.4.6
 * (`test/golden/splits.py`).
 *
 * @example
 * import { numpyRandom } from "usher-recommender";
 * numpyRandom(42).permutation(5); // → Int32Array [1, 4, 2, 0, 3]
 */
export interface NumpyRandom {
  /** Uniform in 0..2³²−1, as `randint(0, 2**32, dtype=uint32)`. */
  uint32(): number;
  /** Uniform in [0, 1), 53 bits, as `random_sample()`. */
  uniform(): number;
  /** Uniform integer in 0..max, `max` included, at most 2³²−1; the way of `shuffle`, which is not that of `randint`. */
  upTo(max: number): number;
  /** 0..count−1 in random order, as `permutation(count)`. Its first n are `choice(count, n, replace=False)`. */
  permutation(count: number): Int32Array;
}

const size = 624;
const middle = 397;

/** @param seed Integer in 0..2³²−1. */
export function numpyRandom(seed: number): NumpyRandom {
  const state = new Uint32Array(size);
  state[0] = seed;
  for (let at = 1; at < size; at++) {
    const before = state[at - 1]! ^ (state[at - 1]! >>> 30);
    state[at] = Math.imul(1812433253, before) + at;
  }
  let next = size;
  const uint32 = () => {
    if (next === size) {
      twist(state);
      next = 0;
    }
    let word = state[next++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  };
  const upTo = (max: number) => {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    let value = (uint32() & mask) >>> 0;
    while (value > max) value = (uint32() & mask) >>> 0;
    return value;
  };
  return {
    uint32,
    uniform: () => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992,
    upTo,
    permutation(count) {
      const order = Int32Array.from({ length: count }, (_, at) => at);
      for (let last = count - 1; last > 0; last--) {
        const other = upTo(last);
        const kept = order[last]!;
        order[last] = order[other]!;
        order[other] = kept;
      }
      return order;
    },
  };
}

function twist(state: Uint32Array): void {
  for (let at = 0; at < size; at++) {
    const joined = (state[at]! & 0x80000000) | (state[(at + 1) % size]! & 0x7fffffff);
    state[at] = state[(at + middle) % size]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}

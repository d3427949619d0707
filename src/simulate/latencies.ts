/** Measured times, kept in buckets of 5 % width, so that hours of them take no memory. */
export interface Latencies {
  add(ms: number): void;
  readonly count: number;
  /** The time that a share (0..1) of all does not exceed, ms, at most 5 % too high; 0 without any. */
  quantile(share: number): number;
}

const growth = Math.log(1.05);
const leastMs = 0.01;

/** Empty latencies. */
export function latencies(): Latencies {
  const buckets: number[] = [];
  let count = 0;
  return {
    add: (ms) => {
      const at = Math.max(0, Math.ceil(Math.log(Math.max(ms, leastMs) / leastMs) / growth));
      buckets[at] = (buckets[at] ?? 0) + 1;
      count++;
    },
    get count() {
      return count;
    },
    quantile: (share) => {
      let left = Math.max(1, Math.ceil(share * count));
      for (const [at, amount] of buckets.entries()) {
        left -= amount ?? 0;
        if (left <= 0) return leastMs * Math.exp(at * growth);
      }
      return 0;
    },
  };
}

import type { Interval } from "../contracts/release.ts";
import { seededRandom } from "../data/random.ts";

/** How a bootstrap is drawn. */
export interface BootstrapOptions {
  /** Default 0. The same seed gives the same interval. */
  readonly seed?: number;
  /** Number of resamples, integer ≥ 40 so that both ends exist. Default 1000. */
  readonly resamples?: number;
}

/**
 * Paired 95 % percentile bootstrap, over users, of the mean of `left − right`.
 *
 * @param pair Figures of the same users in the same order; not empty.
 * @returns The mean difference and the 2.5 % and 97.5 % quantiles of the resampled mean differences.
 * Cost: O(users · resamples).
 * Source: Efron and Tibshirani 1993, ch. 13 (percentile interval).
 */
export function pairedInterval(
  pair: { left: Float64Array; right: Float64Array },
  options: BootstrapOptions = {},
): Interval {
  const { left, right } = pair;
  assertPaired(left.length, right.length);
  const differences = left.map((value, user) => value - right[user]!);
  return bootstrap(differences.length, options, (users) => {
    let sum = 0;
    for (let at = 0; at < users.length; at++) sum += differences[users[at]!]!;
    return sum / users.length;
  });
}

/** A mean with its 95 % interval. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % percentile bootstrap, over users, of the mean of one figure.
 *
 * @param figures One a user; not empty.
 * Cost: O(users · resamples).
 *
 * @example
 * import { meanInterval } from "usher-recommender";
 * const { mean, low, high } = meanInterval(Float64Array.of(0, 1, 1, 0, 1, 1, 1, 0));
 * [mean, low < mean, high > mean]; // → [0.625, true, true]
 */
export function meanInterval(figures: Float64Array, options: BootstrapOptions = {}): MeanInterval {
  const right = new Float64Array(figures.length);
  const { difference: mean, low, high } = pairedInterval({ left: figures, right }, options);
  return { mean, low, high };
}

/** Errors of one model by user: squared errors summed, and how many there were. */
export interface SquaredErrors {
  readonly sums: Float64Array;
  readonly counts: Int32Array;
}

/**
 * Paired 95 % percentile bootstrap, over users, of `RMSE(left) − RMSE(right)`; a user keeps all of their ratings together.
 *
 * @param pair Errors on the same ratings of the same users in the same order; not empty.
 * Cost: O(users · resamples).
 */
export function pairedRmseInterval(
  pair: { left: SquaredErrors; right: SquaredErrors },
  options: BootstrapOptions = {},
): Interval {
  const { left, right } = pair;
  assertPaired(left.sums.length, right.sums.length);
  return bootstrap(left.sums.length, options, (users) => {
    let leftSum = 0;
    let rightSum = 0;
    let count = 0;
    for (let at = 0; at < users.length; at++) {
      const user = users[at]!;
      leftSum += left.sums[user]!;
      rightSum += right.sums[user]!;
      count += left.counts[user]!;
    }
    return count === 0 ? 0 : Math.sqrt(leftSum / count) - Math.sqrt(rightSum / count);
  });
}

function bootstrap(
  userCount: number,
  { seed = 0, resamples = 1000 }: BootstrapOptions,
  statistic: (users: Int32Array) => number,
): Interval {
  const random = seededRandom(seed);
  const users = Int32Array.from({ length: userCount }, (_, user) => user);
  const difference = statistic(users);
  const drawn = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    for (let at = 0; at < userCount; at++) users[at] = random.below(userCount);
    drawn[resample] = statistic(users);
  }
  drawn.sort();
  const outside = Math.floor(resamples * 0.025);
  return { difference, low: drawn[outside]!, high: drawn[resamples - 1 - outside]! };
}

function assertPaired(left: number, right: number): void {
  if (left === 0 || left !== right) {
    throw new RangeError(
      `interval: expected as many users on both sides and at least 1, got ${left} and ${right}`,
    );
  }
}

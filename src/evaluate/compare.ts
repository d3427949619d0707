import type { Interval } from "../contracts/release.ts";
import {
  type BootstrapOptions,
  type MeanInterval,
  meanInterval,
  pairedInterval,
  pairedRmseInterval,
} from "./interval.ts";
import type { RankingEvaluation, RankingMetric } from "./ranking.ts";
import type { RatingEvaluation } from "./rating.ts";

/** Two models beside each other in one metric. */
export interface Comparison {
  readonly metric: string;
  /** Users that were compared. */
  readonly users: number;
  readonly left: MeanInterval;
  readonly right: MeanInterval;
  /** Left minus right, paired by user. */
  readonly difference: Interval;
  /** Which is greater with 95 % confidence; `open` where the interval of the difference holds 0. */
  readonly greater: "left" | "right" | "open";
}

const usual: readonly RankingMetric[] = [
  "ndcg",
  "recall",
  "averagePrecision",
  "precision",
  "hit",
  "reciprocalRank",
];

/**
 * Sets two models beside each other, user by user: means with intervals, the interval of their difference, and the verdict.
 *
 * @param pair Evaluations of the same users in the same order, on the same split.
 * @param options.metrics Default: NDCG, recall, average precision, precision, hit and reciprocal rank. Metrics that one side lacks
 *   are left out.
 * @throws RangeError Where the users differ, or there is none.
 * Cost: O(metrics · users · resamples).
 *
 * @example
 * import { compareRankings, evaluateRanking, interactionsFromTriples, itemKnn, leaveOneOut, popularity } from "usher-recommender";
 * const users = Int32Array.from({ length: 40 }, (_, entry) => entry >> 1);
 * const items = Int32Array.from({ length: 40 }, (_, entry) => 2 * (users[entry] % 2) + (entry % 2));
 * const shape = { userCount: 20, itemCount: 4 };
 * const { train, test } = leaveOneOut(interactionsFromTriples({ users, items, values: new Float32Array(40).fill(1) }, shape));
 * const task = { train, seen: train, relevant: test, k: 1 };
 * const left = await evaluateRanking({ ...task, model: await itemKnn.fit(train) });
 * const right = await evaluateRanking({ ...task, model: await popularity.fit(train) });
 * const [ndcg] = compareRankings({ left, right });
 * ndcg.users; // → 20
 */
export function compareRankings(
  pair: { left: RankingEvaluation; right: RankingEvaluation },
  options: BootstrapOptions & { metrics?: readonly RankingMetric[] } = {},
): Comparison[] {
  const { left, right } = pair;
  const { metrics = usual, ...bootstrap } = options;
  assertSameUsers("compareRankings", pair);
  return metrics.flatMap((metric) => {
    const [ofLeft, ofRight] = [left[metric], right[metric]];
    return ofLeft && ofRight ? [compareFigures({ metric, left: ofLeft, right: ofRight }, bootstrap)] : [];
  });
}

/**
 * The same for any figures by user, such as those of `evaluateGivenNegatives`.
 *
 * @param of Figures of the same users in the same order; not empty.
 * Cost: O(users · resamples).
 */
export function compareFigures(
  of: { metric: string; left: Float64Array; right: Float64Array },
  options: BootstrapOptions = {},
): Comparison {
  const { metric, left, right } = of;
  const difference = pairedInterval({ left, right }, options);
  const users = left.length;
  const [ofLeft, ofRight] = [meanInterval(left, options), meanInterval(right, options)];
  return { metric, users, left: ofLeft, right: ofRight, difference, greater: greaterOf(difference) };
}

/**
 * RMSE of two models beside each other; a user keeps all of their ratings together in each resample.
 *
 * @param pair Evaluations of the same ratings. The lower RMSE is the better one: `greater: "right"` speaks for the left model.
 * @throws RangeError Where the users differ, or there is none.
 * Cost: O(users · resamples).
 */
export function compareRatings(
  pair: { left: RatingEvaluation; right: RatingEvaluation },
  options: BootstrapOptions = {},
): Comparison {
  assertSameUsers("compareRatings", pair);
  const errors = ({ squaredErrors: sums, counts }: RatingEvaluation) => ({ sums, counts });
  const nothing = (like: RatingEvaluation) => ({
    sums: new Float64Array(like.counts.length),
    counts: like.counts,
  });
  const of = (evaluation: RatingEvaluation): MeanInterval => {
    const pairOf = { left: errors(evaluation), right: nothing(evaluation) };
    const { difference: mean, low, high } = pairedRmseInterval(pairOf, options);
    return { mean, low, high };
  };
  const { left, right } = pair;
  const difference = pairedRmseInterval({ left: errors(left), right: errors(right) }, options);
  const users = left.users.length;
  return {
    metric: "rmse",
    users,
    left: of(left),
    right: of(right),
    difference,
    greater: greaterOf(difference),
  };
}

function greaterOf({ low, high }: Interval): Comparison["greater"] {
  return low > 0 ? "left" : high < 0 ? "right" : "open";
}

function assertSameUsers(
  name: string,
  { left, right }: { left: { users: Int32Array }; right: { users: Int32Array } },
): void {
  if (left.users.length !== right.users.length || left.users.some((user, at) => user !== right.users[at])) {
    throw new RangeError(`${name}: expected evaluations of the same users, got different ones`);
  }
}

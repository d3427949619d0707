/** One user's list, best item first, and the items that were right. */
export interface RankedList {
  /** Item indexes in the order of their rank; each at most once. */
  readonly ranked: ArrayLike<number>;
  /** Held-out items of the user. Metrics are 0 where it is empty; leave such users out of means. */
  readonly relevant: ReadonlySet<number>;
}

/** Number of relevant items among the first k. */
function hits(list: RankedList, k: number): number {
  let found = 0;
  for (let at = 0; at < Math.min(k, list.ranked.length); at++)
    if (list.relevant.has(list.ranked[at]!)) found++;
  return found;
}

/**
 * Recall@k = hits among the first k / min(k, |relevant|), in 0..1: 1 is reached by a list that is full of relevant items.
 *
 * Source: Liang et al. 2018, §4.2. Dacrema et al. divide by |relevant| instead and get smaller figures for k < |relevant|.
 *
 * @example
 * import { recallAt } from "usher-recommender";
 * recallAt({ ranked: [7, 3], relevant: new Set([3, 5, 6]) }, 2); // → 0.5
 */
export function recallAt(list: RankedList, k: number): number {
  return list.relevant.size === 0 ? 0 : hits(list, k) / Math.min(k, list.relevant.size);
}

/**
 * Hits among the first k / |relevant|, in 0..1: the other recall, which a list of k items cannot fill where more are relevant.
 *
 * Source: Dacrema et al. 2021, "A troubling analysis of reproducibility"; also RecBole and ranx. Use {@link recallAt} for Liang et al.
 */
export function recallOfAllAt(list: RankedList, k: number): number {
  return list.relevant.size === 0 ? 0 : hits(list, k) / list.relevant.size;
}

/** Precision@k = hits among the first k / k, in 0..1; a list shorter than k is not excused. */
export function precisionAt(list: RankedList, k: number): number {
  return hits(list, k) / k;
}

/** Hit@k = 1 where at least one of the first k is relevant, else 0. */
export function hitAt(list: RankedList, k: number): 0 | 1 {
  return hits(list, k) > 0 ? 1 : 0;
}

/** Gain of a hit on rank r (1 = best): 1 / log2(r + 1). */
function gain(rank: number): number {
  return 1 / Math.log2(rank + 1);
}

/**
 * NDCG@k = DCG@k / ideal DCG@k, in 0..1, with binary gains 1 / log2(rank + 1).
 *
 * The ideal list has min(k, |relevant|) hits on its first ranks.
 */
export function ndcgAt(list: RankedList, k: number): number {
  const { ranked, relevant } = list;
  if (relevant.size === 0) return 0;
  let found = 0;
  for (let at = 0; at < Math.min(k, ranked.length); at++)
    if (relevant.has(ranked[at]!)) found += gain(at + 1);
  let ideal = 0;
  for (let rank = 1; rank <= Math.min(k, relevant.size); rank++) ideal += gain(rank);
  return found / ideal;
}

/** AP@k = Σ precision@r over the ranks r ≤ k of hits / min(k, |relevant|), in 0..1. Its mean over users is MAP@k. */
export function averagePrecisionAt(list: RankedList, k: number): number {
  const { ranked, relevant } = list;
  if (relevant.size === 0) return 0;
  let found = 0;
  let sum = 0;
  for (let at = 0; at < Math.min(k, ranked.length); at++) {
    if (!relevant.has(ranked[at]!)) continue;
    found++;
    sum += found / (at + 1);
  }
  return sum / Math.min(k, relevant.size);
}

/** 1 / rank of the first hit among the first k, 0 where there is none. Its mean over users is MRR@k. */
export function reciprocalRankAt(list: RankedList, k: number): number {
  for (let at = 0; at < Math.min(k, list.ranked.length); at++)
    if (list.relevant.has(list.ranked[at]!)) return 1 / (at + 1);
  return 0;
}

/**
 * Area under the ROC curve, in 0..1: how probable it is that a positive scores above a negative; a tie counts half.
 *
 * @returns 0.5 where there is no pair. A score that is not a number counts as below all others.
 * Cost: O((positives + negatives) · log(positives)).
 * Source: Hanley and McNeil 1982 (Mann–Whitney statistic). Checked against scikit-learn's `roc_auc_score`.
 *
 * @example
 * import { auc } from "usher-recommender";
 * auc({ positives: [0.9, 0.3], negatives: [0.5, 0.3, 0.1] }); // → 0.75
 */
export function auc(scores: { positives: ArrayLike<number>; negatives: ArrayLike<number> }): number {
  const { positives, negatives } = scores;
  if (positives.length === 0 || negatives.length === 0) return 0.5;
  const known = (score: number) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score);
  const sorted = Float64Array.from(positives, known).sort();
  let halves = 0; // two for a pair in the right order, one for a tie
  for (let at = 0; at < negatives.length; at++) {
    const score = known(negatives[at]!);
    halves += 2 * sorted.length - countBelow(sorted, score, false) - countBelow(sorted, score, true);
  }
  return halves / 2 / sorted.length / negatives.length;
}

/** How many of the ascending values are below a limit, or at most the limit. */
function countBelow(sorted: Float64Array, limit: number, isInclusive: boolean): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const half = (from + to) >> 1;
    if (sorted[half]! < limit || (isInclusive && sorted[half] === limit)) from = half + 1;
    else to = half;
  }
  return from;
}

/**
 * Rank of one held-out item among given negatives, 1 = best, for protocols such as NCF's "1 against 99".
 *
 * Ties count against the item, so that a model that scores everything alike gets no hits; a score that is not a number is last.
 */
export function rankAmong(scores: { positive: number; negatives: ArrayLike<number> }): number {
  let rank = 1;
  for (let at = 0; at < scores.negatives.length; at++) if (!(scores.negatives[at]! < scores.positive)) rank++;
  return rank;
}

/** HR@k of one held-out item on this rank: 1 up to rank k, else 0. */
export function hitAtRank(rank: number, k: number): 0 | 1 {
  return rank <= k ? 1 : 0;
}

/** NDCG@k of one held-out item on this rank: 1 / log2(rank + 1) up to rank k, else 0. */
export function ndcgAtRank(rank: number, k: number): number {
  return rank <= k ? gain(rank) : 0;
}

/** Predictions beside what came, of the same length. */
export interface Predictions {
  readonly predicted: ArrayLike<number>;
  readonly actual: ArrayLike<number>;
}

/** Root of the mean squared error, in units of the rating; 0 where there is nothing to predict. */
export function rmse(predictions: Predictions): number {
  return Math.sqrt(meanError(predictions, (error) => error * error));
}

/** Mean absolute error, in units of the rating; 0 where there is nothing to predict. */
export function mae(predictions: Predictions): number {
  return meanError(predictions, Math.abs);
}

function meanError({ predicted, actual }: Predictions, measure: (error: number) => number): number {
  if (actual.length === 0) return 0;
  let sum = 0;
  for (let at = 0; at < actual.length; at++) sum += measure(predicted[at]! - actual[at]!);
  return sum / actual.length;
}

/** Arithmetic mean; 0 of nothing. */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) return 0;
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum / values.length;
}

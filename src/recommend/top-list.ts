import type { Interactions } from "../data/interactions.ts";
import type { RatingSummary } from "./reasons.ts";

/** An item of the top list with its weighted rating. */
export interface TopItem {
  readonly itemIndex: number;
  /** Weighted mean, 0.5..5. */
  readonly score: number;
}

/** The best rated items, for those who are not known yet. */
export interface TopList {
  /** Votes that the prior counts for (m of the formula). */
  readonly priorVotes: number;
  /** Mean of all ratings (C of the formula); 0 without ratings. */
  readonly meanRating: number;
  ratingsOf(itemIndex: number): RatingSummary;
  /** The best of `candidates`, best first, at most `candidates.length`. Same input, same order: ties go to the lower index. */
  rank(candidates: Int32Array): TopItem[];
}

/** Which share of the rated items lies below `priorVotes`. */
const priorQuantile = 0.9;
/** So many items pass the vote floor where there are so many, so that a list of the longest length can be filled. */
const passingMin = 200;

/**
 * Ranks items by their Bayesian weighted mean, with a vote floor.
 *
 * score = v / (v + m) · R + m / (v + m) · C, with v the votes and R the mean of the item, C the mean of all ratings and m the
 * 0.9 quantile of the vote counts of the rated items. Items with fewer votes than the floor are left out: the floor is m, or the
 * count of the 200th most voted candidate where that is lower.
 *
 * @param ratings Shape [users × items].
 * Cost: O(entries + items · log items).
 * Source: the formula that IMDb publishes for its Top 250.
 */
export function topList(ratings: Interactions): TopList {
  const counts = new Int32Array(ratings.itemCount);
  const sums = new Float64Array(ratings.itemCount);
  let total = 0;
  ratings.items.forEach((item, entry) => {
    const value = ratings.values[entry] ?? 0;
    counts[item] = (counts[item] ?? 0) + 1;
    sums[item] = (sums[item] ?? 0) + value;
    total += value;
  });
  const meanRating = ratings.items.length === 0 ? 0 : total / ratings.items.length;
  const rated = counts.filter((count) => count > 0).sort();
  const priorVotes = rated[Math.ceil(priorQuantile * rated.length) - 1] ?? 1;

  const ratingsOf = (itemIndex: number): RatingSummary => {
    const count = counts[itemIndex] ?? 0;
    return { count, mean: count === 0 ? 0 : (sums[itemIndex] ?? 0) / count };
  };
  const score = (itemIndex: number) =>
    ((sums[itemIndex] ?? 0) + priorVotes * meanRating) / ((counts[itemIndex] ?? 0) + priorVotes);
  const rank = (candidates: Int32Array): TopItem[] => {
    const votes = candidates.map((item) => counts[item] ?? 0).sort();
    const floor = Math.max(1, Math.min(priorVotes, votes[Math.max(0, votes.length - passingMin)] ?? 1));
    return Array.from(candidates)
      .filter((item) => (counts[item] ?? 0) >= floor)
      .map((itemIndex) => ({ itemIndex, score: score(itemIndex) }))
      .sort((left, right) => right.score - left.score || left.itemIndex - right.itemIndex);
  };
  return { priorVotes, meanRating, ratingsOf, rank };
}

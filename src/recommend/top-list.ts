import type { Item } from "../data/catalogue.ts";
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
  /** Weighted mean, 0.5..5; that of all ratings without any. */
  scoreOf(itemIndex: number): number;
  /** The best of `candidates`, best first, at most `candidates.length`. Same input, same order: ties go to the lower index. */
  rank(candidates: Int32Array): TopItem[];
}

/** Which share of the rated items lies below `priorVotes`. */
const priorQuantile = 0.9;
/** So many items pass the vote floor where there are so many, so that a list of the longest length can be filled. */
const passingMin = 200;

/** How often items were rated, and what on average, by item index. */
interface Votes {
  readonly counts: Int32Array;
  /** Sums of the ratings, on 0.5..5. */
  readonly sums: Float64Array;
}

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
  ratings.items.forEach((item, entry) => {
    counts[item] = (counts[item] ?? 0) + 1;
    sums[item] = (sums[item] ?? 0) + (ratings.values[entry] ?? 0);
  });
  return bayesianTop({ counts, sums });
}

/** A list by outside votes needs so many items that have some. */
const imdbItemsMin = 20;

/**
 * The same by the votes of IMDb that the catalogue has, on 0.5..5; `undefined` where fewer than 20 items have some.
 *
 * @param items By item index.
 */
export function imdbTopList(items: readonly (Item | undefined)[]): TopList | undefined {
  const counts = new Int32Array(items.length);
  const sums = new Float64Array(items.length);
  let known = 0;
  items.forEach((item, index) => {
    const { imdbRating, imdbVotes = 0 } = item ?? {};
    if (imdbRating === undefined || imdbVotes <= 0) return;
    known++;
    counts[index] = imdbVotes;
    sums[index] = (imdbRating / 2) * imdbVotes;
  });
  return known < imdbItemsMin ? undefined : bayesianTop({ counts, sums });
}

function bayesianTop({ counts, sums }: Votes): TopList {
  let votes = 0;
  let total = 0;
  counts.forEach((count, item) => {
    votes += count;
    total += sums[item] ?? 0;
  });
  const meanRating = votes === 0 ? 0 : total / votes;
  const rated = counts.filter((count) => count > 0).sort();
  const priorVotes = rated[Math.ceil(priorQuantile * rated.length) - 1] ?? 1;

  const ratingsOf = (itemIndex: number): RatingSummary => {
    const count = counts[itemIndex] ?? 0;
    return { count, mean: count === 0 ? 0 : (sums[itemIndex] ?? 0) / count };
  };
  const scoreOf = (itemIndex: number) =>
    ((sums[itemIndex] ?? 0) + priorVotes * meanRating) / ((counts[itemIndex] ?? 0) + priorVotes);
  const rank = (candidates: Int32Array): TopItem[] => {
    const votes = candidates.map((item) => counts[item] ?? 0).sort();
    const floor = Math.max(1, Math.min(priorVotes, votes[Math.max(0, votes.length - passingMin)] ?? 1));
    return Array.from(candidates)
      .filter((item) => (counts[item] ?? 0) >= floor)
      .map((itemIndex) => ({ itemIndex, score: scoreOf(itemIndex) }))
      .sort((left, right) => right.score - left.score || left.itemIndex - right.itemIndex);
  };
  return { priorVotes, meanRating, ratingsOf, scoreOf, rank };
}

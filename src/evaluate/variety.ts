import type { Interactions } from "../data/interactions.ts";

/** Share of all items that are in at least one of the lists, in 0..1. */
export function coverage(lists: Iterable<ArrayLike<number>>, itemCount: number): number {
  const seen = new Set<number>();
  for (const list of lists) for (let at = 0; at < list.length; at++) seen.add(list[at]!);
  return itemCount === 0 ? 0 : seen.size / itemCount;
}

/**
 * How surprising each item is, in bits: −log2 of the share of users who have it. Items that nobody has count as held by one user.
 *
 * @param interactions What the model was fitted on, shape [users × items].
 * @returns One figure an item, from 0 (everybody has it) to log2(users).
 * Source: Zhou et al. 2010, "Solving the apparent diversity–accuracy dilemma" (mean self-information, surprisal).
 */
export function surprisal({ userCount, itemCount, items }: Interactions): Float64Array {
  const counts = new Float64Array(itemCount);
  for (let entry = 0; entry < items.length; entry++) counts[items[entry]!]!++;
  return counts.map((count) => Math.log2(userCount / Math.max(count, 1)));
}

/** Novelty of a list: the mean {@link surprisal} of its items, in bits; 0 of an empty list. */
export function novelty(list: ArrayLike<number>, surprisals: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < list.length; at++) sum += surprisals[list[at]!]!;
  return list.length === 0 ? 0 : sum / list.length;
}

/** How alike two items are, 0..1, the same both ways. */
export type ItemSimilarity = (left: number, right: number) => number;

/**
 * Diversity of a list: the mean of 1 − similarity over its pairs of items, in 0..1; 0 of a list without pairs.
 *
 * Cost: O(length²) similarities.
 * Source: Smyth and McClave 2001 (intra-list diversity).
 *
 * @example
 * import { diversity, featureSimilarity } from "usher-recommender";
 * const alike = featureSimilarity([["Comedy"], ["Comedy", "Drama"], ["War"]]);
 * diversity([0, 1, 2], alike); // → 0.8333333333333334
 */
export function diversity(list: ArrayLike<number>, similarity: ItemSimilarity): number {
  let sum = 0;
  for (let left = 0; left < list.length; left++)
    for (let right = 0; right < left; right++) sum += 1 - similarity(list[left]!, list[right]!);
  return list.length < 2 ? 0 : sum / ((list.length * (list.length - 1)) / 2);
}

/** Similarity by shared features such as genres: how many two items share / how many they have together (Jaccard); 0 without any. */
export function featureSimilarity(features: readonly (readonly string[])[]): ItemSimilarity {
  const sets = features.map((names) => new Set(names));
  return (left, right) => {
    const others = sets[right]!;
    let shared = 0;
    for (const name of sets[left]!) if (others.has(name)) shared++;
    const together = sets[left]!.size + others.size - shared;
    return together === 0 ? 0 : shared / together;
  };
}

import type { Item } from "../data/catalogue.ts";
import type { History } from "../data/interactions.ts";
import { foldedOnce } from "./fold-text.ts";

/** How much each genre counts of something, by folded name; together 1, or nothing at all. */
export type GenreShares = ReadonlyMap<string, number>;

type Items = readonly (Item | undefined)[];

/** How much of the wanted shares stands in for those of a list, so that a genre which it lacks costs much but not everything. */
const smoothing = 0.01;

/**
 * The genres of a history by weight; an item with several genres counts a part for each.
 *
 * @param items Of the catalogue, by index.
 */
export function genreShares({ items: indexes, values }: History, items: Items): GenreShares {
  const sums = new Map<string, number>();
  let total = 0;
  for (let at = 0; at < indexes.length; at++) {
    const { genres = [] } = items[indexes[at] ?? -1] ?? {};
    const weight = values[at] ?? 0;
    if (genres.length === 0 || weight <= 0) continue;
    total += weight;
    for (const genre of genres) {
      const name = foldedOnce(genre);
      sums.set(name, (sums.get(name) ?? 0) + weight / genres.length);
    }
  }
  return new Map([...sums].map(([name, sum]) => [name, sum / total]));
}

/** A list that is being filled, and how far its genres are from those that are wanted. */
export interface Calibration {
  /** The divergence of the list with one more item, ≥ 0. Cost: O(wanted genres). */
  divergenceWith(item: Item | undefined): number;
  add(item: Item | undefined): void;
}

/**
 * Measures how far the genres of a list are from those of a person's history: Σ p · ln(p / q̃) over the genres, with p their share of
 * the history, q their share of the list and q̃ = 0.99 q + 0.01 p. 0: the same shares; 4.6: none of the genres.
 *
 * Items without genres count for nothing.
 *
 * Source: Steck 2018, "Calibrated recommendations", eq. 2–6.
 */
export function calibration(wanted: GenreShares): Calibration {
  const parts = [...wanted].map(([name, share]) => ({ name, share, sum: 0 }));
  let count = 0;
  const divergence = (added: ReadonlySet<string>, of: { part: number; items: number }) => {
    let sum = 0;
    for (const { name, share, sum: present } of parts) {
      const mass = present + (added.has(name) ? of.part : 0);
      const listed = of.items === 0 ? 0 : mass / of.items;
      sum += share * Math.log(share / ((1 - smoothing) * listed + smoothing * share));
    }
    return Math.max(0, sum);
  };
  const genresOf = (item: Item | undefined) => new Set((item?.genres ?? []).map(foldedOnce));
  return {
    divergenceWith: (item) => {
      const genres = genresOf(item);
      const items = count + (genres.size > 0 ? 1 : 0);
      return divergence(genres, { part: genres.size > 0 ? 1 / genres.size : 0, items });
    },
    add: (item) => {
      const genres = genresOf(item);
      if (genres.size === 0) return;
      count++;
      for (const part of parts) if (genres.has(part.name)) part.sum += 1 / genres.size;
    },
  };
}

/** The divergence of a whole list, as {@link calibration} measures it. */
export function genreDivergence(wanted: GenreShares, list: Items): number {
  const measure = calibration(wanted);
  for (const item of list) measure.add(item);
  return measure.divergenceWith(undefined);
}

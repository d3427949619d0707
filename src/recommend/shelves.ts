import type { Item } from "../data/catalogue.ts";
import { foldedOnce } from "./fold-text.ts";

/** Which items may be shown, as ascending item indexes: all of them, and those of one genre. */
export interface Shelf {
  readonly items: Int32Array;
  /** Every other item of the catalogue. */
  readonly others: Int32Array;
}

/** The shelves of a catalogue. */
export interface Shelves {
  readonly all: Shelf;
  /** `undefined` where no shown item has the genre; case and accents do not matter. */
  ofGenre(genre: string): Shelf | undefined;
}

/**
 * Sorts items by genre. Placeholders, hidden items and those that the catalogue lacks are on no shelf.
 *
 * @param items By item index.
 */
export function shelves(items: readonly (Item | undefined)[]): Shelves {
  const shown: number[] = [];
  const byGenre = new Map<string, number[]>();
  items.forEach((item, index) => {
    if (!item || item.isPlaceholder || item.isHidden) return;
    shown.push(index);
    for (const genre of new Set(item.genres.map(foldedOnce))) {
      const shelf = byGenre.get(genre);
      if (shelf) shelf.push(index);
      else byGenre.set(genre, [index]);
    }
  });
  const shelf = (indexes: readonly number[]): Shelf => {
    const sorted = Int32Array.from(indexes);
    return { items: sorted, others: complementOf(sorted, items.length) };
  };
  // one genre at a time, when it is first asked for: most are never
  const made = new Map<string, Shelf>();
  return {
    all: shelf(shown),
    ofGenre: (genre) => {
      const key = foldedOnce(genre);
      const indexes = byGenre.get(key);
      if (!indexes) return undefined;
      const found = made.get(key) ?? shelf(indexes);
      made.set(key, found);
      return found;
    },
  };
}

/** The indexes 0..size−1 that are not in an ascending list. */
export function complementOf(indexes: Int32Array, size: number): Int32Array {
  const others = new Int32Array(size - indexes.length);
  let length = 0;
  let at = 0;
  for (let index = 0; index < size; index++) {
    if (indexes[at] === index) at++;
    else others[length++] = index;
  }
  return others;
}

/**
 * The union of two ascending lists of indexes, ascending and without repetition, written into `into`.
 *
 * @returns The filled part of `into`, which must have room for both lists.
 */
export function unionOf(left: Int32Array, right: Int32Array, into: Int32Array): Int32Array {
  let length = 0;
  let atLeft = 0;
  let atRight = 0;
  while (atLeft < left.length || atRight < right.length) {
    const fromLeft = left[atLeft] ?? Number.POSITIVE_INFINITY;
    const fromRight = right[atRight] ?? Number.POSITIVE_INFINITY;
    into[length++] = Math.min(fromLeft, fromRight);
    if (fromLeft <= fromRight) atLeft++;
    if (fromRight <= fromLeft) atRight++;
  }
  return into.subarray(0, length);
}

/** True where an ascending list holds the index. Cost: O(log length). */
export function holds(indexes: Int32Array, index: number): boolean {
  let low = 0;
  let high = indexes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((indexes[middle] ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return indexes[low] === index;
}

import { UsherError } from "../errors.ts";

/** Somebody who took part. */
export interface Person {
  readonly name: string;
  readonly role: string;
}

/** One item as answers show it. Fields that the source does not have are absent. */
export interface Item {
  readonly itemId: string;
  readonly title: string;
  readonly releaseYear?: number;
  readonly genres: readonly string[];
  readonly description?: string;
  readonly releaseDate?: string;
  readonly imdbRating?: number;
  readonly imdbVotes?: number;
  readonly posterUrl?: string;
  readonly language?: string;
  /** Cast and crew, in the order of the source. */
  readonly people?: readonly Person[];
  /** What else is known, by name: texts, and numbers for audio features. */
  readonly features?: Readonly<Record<string, string | number>>;
  /** Shown from and until these moments only, ms since 1970. */
  readonly availableFrom?: number;
  readonly availableUntil?: number;
  /** Where it may be shown; absent means everywhere. */
  readonly countries?: readonly string[];
  /** Known only from a rating; never recommended nor listed. */
  readonly isPlaceholder: boolean;
  readonly isHidden: boolean;
  readonly ratingCount: number;
  /** Mean rating 0.5..5; absent without ratings. */
  readonly ratingMean?: number;
  /** The same item elsewhere: source name → id there, such as `{ imdb: "0114709" }`. */
  readonly links: Readonly<Record<string, string>>;
}

/** The items of one release, in the order of their item ids. */
export interface Catalogue {
  readonly items: readonly Item[];
  get(itemId: string): Item | undefined;
}

/** @param items Distinct by `itemId`. */
export function catalogue(items: readonly Item[]): Catalogue {
  const byId = new Map(items.map((item) => [item.itemId, item]));
  return { items, get: (itemId) => byId.get(itemId) };
}

/**
 * The catalogue that answers now: that of the release that serves, under what was written since.
 *
 * Indexes: first the items of the release, at the same indexes as in its training set, then what was added since. An index keeps its
 * item as long as the release serves.
 */
export interface LiveCatalogue extends Catalogue {
  /** Items of the release; from this index on models know nothing of them. */
  readonly trainedCount: number;
  /** Grows with every write: what was made of an older version is to be made anew. */
  readonly version: number;
  /** −1 where nobody has it. */
  indexOf(itemId: string): number;
}

/** The catalogue of a release to which nothing was written yet. */
export function releaseCatalogue(items: readonly Item[]): LiveCatalogue {
  const indexes = new Map(items.map(({ itemId }, index) => [itemId, index]));
  return {
    ...catalogue(items),
    trainedCount: items.length,
    version: 0,
    indexOf: (itemId) => indexes.get(itemId) ?? -1,
  };
}

/** Where and when somebody asks. */
export interface Viewpoint {
  /** ms since 1970. */
  readonly nowMs: number;
  /** Two letters (ISO 3166); absent: unknown, which only what may be shown everywhere passes. */
  readonly country?: string | undefined;
}

/** Whether an item may be shown at all: known, not withdrawn, and available here and now. Cost: O(its countries). */
export function isShown(item: Item | undefined, { nowMs, country }: Viewpoint): item is Item {
  if (!item || item.isPlaceholder || item.isHidden) return false;
  if (item.availableFrom !== undefined && nowMs < item.availableFrom) return false;
  if (item.availableUntil !== undefined && nowMs >= item.availableUntil) return false;
  return item.countries === undefined || (country !== undefined && item.countries.includes(country));
}

/** The error for an id that the catalogue does not show. */
export function unknownItem(itemId: string): UsherError {
  return new UsherError("ITEM_UNKNOWN", `item_id: expected an item of the catalogue, got "${itemId}"`, {
    details: { field: "item_id" },
  });
}

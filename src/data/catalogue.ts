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

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

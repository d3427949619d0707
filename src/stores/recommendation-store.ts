/** One publication of lists, of one model version: what is read is always of one edition. */
export interface Edition {
  /** Distinct among all editions of a store; 1..64 letters, digits, `-`, `_` and `.`. */
  readonly name: string;
  readonly modelVersion: string;
  /** Moment as of which every list of it was made, ms since 1970. */
  readonly computedAtMs: number;
  /** From this moment on nobody reads it, ms since 1970. */
  readonly expiresAtMs: number;
  /** Longest list that was asked for. */
  readonly k: number;
  readonly users: number;
  readonly items: number;
}

/** One item of a stored list. */
export interface StoredItem {
  readonly itemId: string;
  readonly score: number;
  /** 0.5..5. */
  readonly ratingPredicted?: number;
  readonly reason: {
    readonly source: string;
    readonly text: string;
    readonly because: readonly { readonly itemId: string; readonly weight: number }[];
  };
}

/** A user's list, best first. */
export interface StoredList {
  readonly userId: string;
  /** The surface that answered, such as `for-you`. */
  readonly surface: string;
  readonly items: readonly StoredItem[];
}

/** The users who would like an item most, best first. */
export interface StoredAudience {
  readonly itemId: string;
  readonly users: readonly { readonly userId: string; readonly score: number }[];
}

/** Lists as {@link RecommendationStore.put} takes them. */
export interface ListsToStore {
  readonly users?: readonly StoredList[];
  readonly items?: readonly StoredAudience[];
}

/**
 * Published lists by user and by item, held by a contract suite (`test/contract/recommendation-store.ts`).
 *
 * An edition is written piece by piece while nobody sees it, and then takes the place of the one before at once. A process that ends
 * in between leaves the one before; what it had written goes with the next {@link sweep}. The embedded one is LMDB; others are Redis,
 * MongoDB and PostgreSQL. All throw `STORE_UNAVAILABLE`.
 */
export interface RecommendationStore {
  /** What is read now; `undefined` where nothing is published, or where it has expired. */
  current(): Promise<Edition | undefined>;
  /** Writes lists of an edition that nobody reads yet, durably. A list that is put again replaces the earlier. */
  put(edition: string, lists: ListsToStore): Promise<void>;
  /** Makes an edition the one that is read, at once and durably; `undefined` withdraws the present one. */
  publish(edition: Edition | undefined): Promise<void>;
  /** A user's list and the edition that it is of, together; `undefined` where there is none that is read. */
  listOf(userId: string): Promise<{ edition: Edition; list: StoredList } | undefined>;
  /** The same of an item. */
  audienceOf(itemId: string): Promise<{ edition: Edition; audience: StoredAudience } | undefined>;
  /** Removes every edition but the one that is read. @returns How many went. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}

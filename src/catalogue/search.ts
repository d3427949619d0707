import { foldText } from "../recommend/fold-text.ts";

/** What an item is found by. */
export interface SearchDocument {
  readonly id: string;
  readonly title: string;
  readonly people: readonly string[];
  readonly description: string;
  /** Ratings; lifts an item among equals. */
  readonly popularity: number;
}

/** Where words are looked for, the weightiest first. */
export const searchFields = ["title", "people", "description"] as const;
export type SearchField = (typeof searchFields)[number];

export interface SearchHit {
  readonly id: string;
  /** > 0; orders one answer and compares with no other. */
  readonly score: number;
  readonly matched: readonly SearchField[];
}

/** What a person who types may mean. */
export interface Suggestion {
  readonly text: string;
  readonly kind: "title" | "person";
  /** Of a title: the item. */
  readonly id?: string;
}

export interface SearchOptions {
  /** Most hits, at least 1. */
  readonly limit: number;
  /** Only these documents. Default: all. */
  readonly accepts?: (id: string) => boolean;
}

/**
 * Full-text search of a catalogue, held by the suite `test/contract/catalog-search.ts`. The embedded one is in memory.
 *
 * Case and accents never matter. A word of 3 letters may have one typo (a letter more, less, other, or two exchanged), one of 7 two;
 * the last word of a query may be the beginning of one. More words found, in weightier fields, written more exactly, rarer, and items
 * rated more often come first.
 */
export interface CatalogSearch {
  /** Puts documents, or takes away those without one. Whoever asks after it resolves sees them. */
  index(changes: readonly { readonly id: string; readonly document?: SearchDocument }[]): Promise<void>;
  /** The best first; nothing for a query without a letter or digit. */
  search(query: string, options: SearchOptions): Promise<readonly SearchHit[]>;
  /** What may be meant by what has been typed so far: titles and names of people. */
  suggest(text: string, options: SearchOptions): Promise<readonly Suggestion[]>;
}

/** Most words of a query that count, and letters of a word. */
const [wordsMax, lettersMax] = [12, 40];

/**
 * The words of a text as they are compared. Scripts that write no spaces are cut letter by letter.
 *
 * @example
 * import { wordsOf } from "./search.ts";
 * wordsOf("Amélie's 2nd film: 映画"); // → ["amelie", "s", "2nd", "film", "映", "画"]
 */
export function wordsOf(text: string): string[] {
  const words = foldText(text).match(
    /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}])[\p{L}\p{N}])+/gu,
  );
  return (words ?? []).map((word) => word.slice(0, lettersMax));
}

/** The words of a query, each once. */
export function queryWords(query: string): string[] {
  return [...new Set(wordsOf(query))].slice(0, wordsMax);
}

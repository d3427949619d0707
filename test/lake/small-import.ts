import type { ImportedSource } from "../../src/contracts/imports.ts";
import { sqlText } from "../../src/lake/sql-text.ts";

/** One rating as it might stand in a file: absent fields are NULL. */
export interface RatingRow {
  readonly user?: string;
  readonly item?: string;
  readonly rating?: string;
  /** Seconds since 1970, as text. */
  readonly time?: string;
}

const text = (value: string | undefined) => (value === undefined ? "NULL" : sqlText(value));

/** Ratings as a staging SELECT; line 1 is the header. */
export function ratingsSelect(rows: readonly RatingRow[]): string {
  const values = rows.map(
    ({ user, item, rating, time }, at) =>
      `(${at + 2}, ${text(user)}, ${text(item)}, ${text(rating)}, ${text(time)})`,
  );
  return `SELECT 'ratings.csv' AS source_file, line, user_id, item_id, rating_text, TRY_CAST(rating_text AS DOUBLE) AS rating,
    to_timestamp(TRY_CAST(seconds AS DOUBLE)) AS rating_ts, CAST(seconds AS VARCHAR) AS rating_ts_text
    FROM (VALUES ${values.join(", ")}) AS v (line, user_id, item_id, rating_text, seconds)`;
}

/** Items as a staging SELECT that leaves most columns out. */
export function itemsSelect(
  rows: readonly { item?: string; title?: string; genres?: readonly string[] }[],
): string {
  const values = rows.map(
    ({ item, title, genres = [] }, at) =>
      `(${at + 2}, ${text(item)}, ${text(title)}, CAST([${genres.map(sqlText).join(", ")}] AS VARCHAR[]))`,
  );
  return `SELECT 'movies.csv' AS source_file, line, item_id, title, genres, 1995 AS release_year
    FROM (VALUES ${values.join(", ")}) AS v (line, item_id, title, genres)`;
}

/** An import of hand-written rows. */
export function smallImport(
  staging: ImportedSource["staging"],
  more: Partial<Pick<ImportedSource, "rejected" | "rejectedCounts">> = {},
): ImportedSource {
  return {
    source: "movielens",
    ingestionTs: "2026-01-02T03:04:05.678Z",
    staging,
    rejected: [],
    rejectedCounts: {},
    manifestPath: "_manifest.json",
    ...more,
  };
}

/** `count` good ratings: user u1..u10, item i1, i2, …, so that no two have the same key. */
export function goodRatings(count: number): RatingRow[] {
  return Array.from({ length: count }, (_, at) => ({
    user: `u${(at % 10) + 1}`,
    item: `i${Math.floor(at / 10) + 1}`,
    rating: String(((at % 10) + 1) / 2),
    time: String(1_000_000_000 + at),
  }));
}

/** The items that {@link goodRatings} of this count name. */
export function goodItems(ratingCount: number): { item: string; title: string }[] {
  return Array.from({ length: Math.ceil(ratingCount / 10) }, (_, at) => ({
    item: `i${at + 1}`,
    title: `Film ${at + 1}`,
  }));
}

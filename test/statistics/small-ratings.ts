import { seededRandom } from "../../src/data/random.ts";
import { sqlText } from "../../src/lake/sql-text.ts";
import { type RatingRow, ratingsSelect, smallImport } from "../lake/small-import.ts";

/** An item of the small set. */
export interface SmallItem {
  readonly id: string;
  readonly year: number | undefined;
  readonly genres: readonly string[];
}

/** A rating of the small set. */
export interface SmallRating {
  readonly user: string;
  readonly item: string;
  readonly rating: number;
  /** Seconds since 1970; absent where nobody knows. */
  readonly time: number | undefined;
}

const genreNames = ["Drama", "Comédie", "Film-Noir"];

/** 40 items, of which few have a year or several genres, and 600 ratings by 30 users, some given twice and some of unknown items. */
export function smallRatings(): { items: SmallItem[]; ratings: SmallRating[] } {
  const random = seededRandom(11);
  const items = Array.from({ length: 40 }, (_, at) => ({
    id: String(at + 1),
    year: at % 9 === 0 ? undefined : 1990 + (at % 4),
    genres: genreNames.filter((_, genre) => (at + genre) % 3 === 0 || random.uniform() < 0.3),
  }));
  const ratings: SmallRating[] = [];
  for (let at = 0; at < 600; at++) {
    const item = 1 + Math.floor(42 * random.uniform() ** 2); // items 41 and 42 are in no catalogue
    ratings.push({
      user: `u${random.below(30)}`,
      item: String(item),
      rating: (1 + random.below(10)) / 2,
      time: random.uniform() < 0.1 ? undefined : 9e8 + at * 86_400 * 3,
    });
  }
  return { items, ratings };
}

/** Of each user and item the rating with the greatest time; of equal ones, which is which does not matter here. */
export function latestOf(ratings: readonly SmallRating[]): SmallRating[] {
  const latest = new Map<string, SmallRating>();
  for (const rating of ratings) {
    const key = `${rating.user} ${rating.item}`;
    const before = latest.get(key);
    if (!before || (rating.time ?? -1) > (before.time ?? -1)) latest.set(key, rating);
  }
  return [...latest.values()];
}

/** The same as an import. */
export function importOf({ items, ratings }: ReturnType<typeof smallRatings>) {
  const rows: RatingRow[] = ratings.map(({ user, item, rating, time }) => ({
    ...{ user, item, rating: String(rating) },
    ...(time === undefined ? {} : { time: String(time) }),
  }));
  const values = items.map(
    ({ id, year, genres }, at) =>
      `(${at + 2}, ${sqlText(id)}, ${sqlText(`Film ${id}`)}, CAST([${genres.map(sqlText).join(", ")}] AS VARCHAR[]), CAST(${year ?? "NULL"} AS INTEGER))`,
  );
  return smallImport({
    ratings: ratingsSelect(rows),
    items: `SELECT 'movies.csv' AS source_file, line, item_id, title, genres, release_year
      FROM (VALUES ${values.join(", ")}) AS v (line, item_id, title, genres, release_year)`,
  });
}

import { listLengthMax } from "../contracts/http.ts";
import type { TableName } from "../contracts/tables.ts";

/** The FROM texts of one version of each table that a statement reads. */
export type Relations = Readonly<Partial<Record<TableName, string>>>;

/** A question to the engine: what it reads, and its text. Values from outside are bound, never part of the text. */
interface Statement {
  readonly tables: readonly TableName[];
  readonly sql: (relations: Relations) => string;
}

/** Share of the rated items with fewer votes than the prior counts for; as that of the list `/v1/top`. */
const priorQuantile = 0.9;
/** So many pass the vote floor where there are so many; likewise. */
const passingMin = 200;
/** Rows of a top list: more than any list is long, since the catalogue may hide some of them meanwhile. */
const topRowsMax = 2 * listLengthMax;

const fold = (text: string) => `lower(strip_accents(${text}))`;
const hasGenre = `list_contains(list_transform(genres, genre -> ${fold("genre")}), ${fold("CAST($genre AS VARCHAR)")})`;

/** What is shown, with its figures. */
const shown = ({ silver_items, gold_item_stats }: Relations) =>
  `SELECT item_id, release_year, genres, rating_count, rating_mean FROM ${silver_items}
   JOIN (SELECT item_id, rating_count, rating_mean FROM ${gold_item_stats}) USING (item_id)
   WHERE NOT is_placeholder AND NOT is_hidden`;
const ofItems: readonly TableName[] = ["silver_items", "gold_item_stats"];

/** Counts and the mean of ratings of a group of items. */
const figures = `count(*) AS item_count, CAST(sum(rating_count) AS BIGINT) AS rating_count,
  sum(rating_mean * rating_count) / nullif(sum(rating_count), 0) AS rating_mean`;

const ofCatalogue = (statistic: string, bucket: string, order: string): Statement => ({
  tables: ["gold_catalog_stats"],
  sql: ({ gold_catalog_stats }) =>
    `SELECT ${bucket}, item_count, rating_count, rating_mean FROM ${gold_catalog_stats}
     WHERE statistic = '${statistic}' ORDER BY ${order}`,
});

/** Every statement by name. */
export const statements = {
  overview: {
    tables: ["gold_catalog_stats", "gold_item_stats", "gold_user_stats"],
    sql: ({ gold_catalog_stats, gold_item_stats, gold_user_stats }) =>
      `WITH items AS (
         SELECT count(*) FILTER (WHERE rating_count > 0) AS n, min(first_rating_ts) AS first, max(last_rating_ts) AS last
         FROM ${gold_item_stats}
       )
       SELECT item_count, user_count, rating_count, rating_mean, items.n AS rated_item_count,
         (SELECT count(*) FROM ${gold_user_stats} WHERE rating_count > 0) AS rating_user_count,
         (SELECT count(*) FROM ${gold_catalog_stats} WHERE statistic = 'genres') AS genre_count,
         items.first AS first_rating_at, items.last AS last_rating_at
       FROM ${gold_catalog_stats}, items WHERE statistic = 'overview'`,
  },
  ratings: {
    tables: ["gold_catalog_stats"],
    sql: ({ gold_catalog_stats }) =>
      `SELECT CAST(bucket AS DOUBLE) AS rating, rating_count AS count FROM ${gold_catalog_stats} WHERE statistic = 'ratings'`,
  },
  itemMeans: {
    tables: ofItems,
    sql: (relations) =>
      `SELECT floor(rating_mean * 2 + 0.5) / 2 AS rating, count(*) AS count FROM (${shown(relations)})
       WHERE rating_count >= CAST($votes_min AS BIGINT) GROUP BY ALL`,
  },
  /** Reads all ratings: gold has no row an item and a rating. */
  ratingsOfItem: {
    tables: ["silver_ratings"],
    sql: ({ silver_ratings }) =>
      `SELECT rating, count(*) AS count FROM (
         SELECT arg_max(rating, coalesce(rating_ts, '-infinity'::TIMESTAMPTZ)) AS rating
         FROM ${silver_ratings} WHERE item_id = $item_id GROUP BY user_id
       ) GROUP BY rating`,
  },
  releases: ofCatalogue("releases", "CAST(bucket AS INTEGER) AS release_year", "release_year"),
  releasesOfGenre: {
    tables: ofItems,
    sql: (relations) =>
      `SELECT release_year, ${figures} FROM (${shown(relations)})
       WHERE release_year IS NOT NULL AND ${hasGenre} GROUP BY release_year ORDER BY release_year`,
  },
  genres: ofCatalogue("genres", "bucket AS genre", "item_count DESC, genre"),
  genresOfYear: {
    tables: ofItems,
    sql: (relations) =>
      `SELECT genre, ${figures} FROM (
         SELECT unnest(list_distinct(genres)) AS genre, rating_count, rating_mean FROM (${shown(relations)})
         WHERE release_year = CAST($year AS INTEGER)
       ) GROUP BY genre ORDER BY item_count DESC, genre`,
  },
  /** One row without an item where no item passes, so that the floor is told all the same. */
  top: {
    tables: ofItems,
    sql: (relations) =>
      `WITH rated AS (
         SELECT rating_count, rating_mean, row_number() OVER (ORDER BY rating_count) AS place, count(*) OVER () AS n
         FROM ${relations.gold_item_stats} WHERE rating_count > 0
       ), prior AS (
         SELECT coalesce(max(rating_count) FILTER (WHERE place = ceil(${priorQuantile} * n)), 1) AS votes,
           coalesce(sum(rating_mean * rating_count) / sum(rating_count), 0) AS mean FROM rated
       ), candidates AS (
         SELECT item_id, rating_count, rating_mean, row_number() OVER (ORDER BY rating_count DESC) AS place
         FROM (${shown(relations)})
         WHERE (CAST($genre AS VARCHAR) IS NULL OR ${hasGenre}) AND (CAST($year AS INTEGER) IS NULL OR release_year = CAST($year AS INTEGER))
       ), rule AS (
         SELECT votes, mean, greatest(1, coalesce(CAST($votes_min AS BIGINT), least(votes, coalesce(
           (SELECT rating_count FROM candidates WHERE place = ${passingMin}), (SELECT min(rating_count) FROM candidates), 1)))) AS floor
         FROM prior
       )
       SELECT item_id, rating_count, rating_mean, floor AS vote_floor, votes AS prior_votes, mean AS prior_mean,
         (rating_mean * rating_count + votes * mean) / (rating_count + votes) AS score
       FROM rule LEFT JOIN candidates ON rating_count >= floor
       ORDER BY score DESC NULLS LAST, strlen(item_id), item_id LIMIT ${topRowsMax}`,
  },
  user: {
    tables: ["gold_user_stats"],
    sql: ({ gold_user_stats }) =>
      `SELECT rating_count, liked_count, rating_mean, first_rating_ts AS first_rating_at, last_rating_ts AS last_rating_at
       FROM ${gold_user_stats} WHERE user_id = $user_id`,
  },
  userActivity: {
    tables: ["gold_user_activity"],
    sql: ({ gold_user_activity }) =>
      `SELECT statistic, bucket, rating_count, rating_mean FROM ${gold_user_activity} WHERE user_id = $user_id
       ORDER BY CASE statistic WHEN 'genre' THEN -rating_count ELSE 0 END, bucket`,
  },
} as const satisfies Readonly<Record<string, Statement>>;

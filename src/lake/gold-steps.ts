import type { TableName } from "../contracts/tables.ts";
import { likedRating } from "../data/signals.ts";
import { asContract } from "./silver-steps.ts";

/** Text for the FROM clause of one version of each silver table. */
export interface SilverRelations {
  readonly items: string;
  readonly users: string;
  readonly ratings: string;
}

/** Temporary table with the ratings that count: of each user and item the latest. */
export const latestRatingsTable = "latest_ratings";

/** Makes {@link latestRatingsTable}, which the gold steps read. */
export function latestRatings({ ratings }: SilverRelations): string {
  return `CREATE OR REPLACE TEMP TABLE ${latestRatingsTable} AS
    SELECT user_id, item_id, arg_max(rating, coalesce(rating_ts, '-infinity'::TIMESTAMPTZ)) AS rating, max(rating_ts) AS rating_ts
    FROM ${ratings} GROUP BY user_id, item_id`;
}

const figures = `count(rating) AS rating_count, avg(rating) AS rating_mean,
  count(*) FILTER (WHERE rating >= ${likedRating}) AS liked_count,
  min(rating_ts) AS first_rating_ts, max(rating_ts) AS last_rating_ts`;

/** The SELECT of each gold table, by name. */
export const goldSteps = {
  gold_item_stats: ({ items }) =>
    asContract(
      "gold_item_stats",
      `SELECT item_id, ${figures} FROM (SELECT item_id FROM ${items}) LEFT JOIN ${latestRatingsTable} USING (item_id) GROUP BY item_id`,
      "item_id",
    ),
  gold_user_stats: ({ users }) =>
    asContract(
      "gold_user_stats",
      `SELECT user_id, ${figures} FROM (SELECT user_id FROM ${users}) LEFT JOIN ${latestRatingsTable} USING (user_id) GROUP BY user_id`,
      "user_id",
    ),
  gold_user_activity: ({ items }) =>
    asContract(
      "gold_user_activity",
      `WITH counted AS (
         SELECT user_id, rating, strftime(rating_ts, '%Y-%m') AS month, genres FROM ${latestRatingsTable} LEFT JOIN (SELECT item_id, list_distinct(genres) AS genres FROM ${items}) USING (item_id)
       ), told AS (
         SELECT user_id, 'month' AS statistic, month AS bucket, rating FROM counted WHERE month IS NOT NULL
         UNION ALL
         SELECT user_id, 'rating', CAST(rating AS VARCHAR), rating FROM counted
         UNION ALL
         SELECT user_id, 'genre', unnest(genres), rating FROM counted
       )
       SELECT user_id, statistic, bucket, count(*) AS rating_count, avg(rating) AS rating_mean FROM told GROUP BY ALL`,
      "user_id, statistic, bucket",
    ),
  gold_catalog_stats: ({ items, users }) =>
    asContract(
      "gold_catalog_stats",
      `WITH shown AS (SELECT item_id, release_year, genres FROM ${items} WHERE NOT is_placeholder AND NOT is_hidden),
         per_item AS (
           SELECT item_id, count(*) AS n, sum(rating) AS total FROM ${latestRatingsTable} GROUP BY item_id
         ),
         figures AS (SELECT shown.*, n, total FROM shown LEFT JOIN per_item USING (item_id))
       SELECT 'overview' AS statistic, 'all' AS bucket, (SELECT count(*) FROM shown) AS item_count,
         (SELECT count(*) FROM ${latestRatingsTable}) AS rating_count,
         (SELECT avg(rating) FROM ${latestRatingsTable}) AS rating_mean, (SELECT count(*) FROM ${users}) AS user_count
       UNION ALL
       SELECT 'ratings', CAST(rating AS VARCHAR), count(DISTINCT item_id), count(*), rating, count(DISTINCT user_id)
       FROM ${latestRatingsTable} GROUP BY rating
       UNION ALL
       SELECT 'releases', CAST(release_year AS VARCHAR), count(*), coalesce(sum(n), 0), sum(total) / sum(n), NULL
       FROM figures WHERE release_year IS NOT NULL GROUP BY release_year
       UNION ALL
       SELECT 'genres', genre, count(*), coalesce(sum(n), 0), sum(total) / sum(n), NULL
       FROM (SELECT unnest(list_distinct(genres)) AS genre, n, total FROM figures) GROUP BY genre`,
      "statistic, bucket",
    ),
} as const satisfies Partial<Record<TableName, (relations: SilverRelations) => string>>;

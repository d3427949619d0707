import { type StagingName, stagingColumns } from "../contracts/imports.ts";
import { qualityRules } from "../contracts/quality.ts";
import { type EventTopic, type TableContract, type TableName, tables } from "../contracts/tables.ts";
import { likedRating } from "../data/signals.ts";
import { guardedTables, receivedTable } from "./received.ts";
import {
  addedItems,
  editedCountry,
  editedFeatures,
  editedItems,
  editedLinks,
  receivedUserEdits,
} from "./received-edits.ts";
import { actions, eventWeight, receivedEventsTable, silverEventsTable } from "./received-events.ts";
import { sqlName, sqlText } from "./sql-text.ts";

/** A SELECT with exactly the columns and types that a table promises. */
export function asContract(table: TableName, select: string, orderBy?: string): string {
  const { columns }: TableContract = tables[table];
  const cast = Object.entries(columns).map(
    ([name, { type }]) => `CAST(${sqlName(name)} AS ${type}) AS ${sqlName(name)}`,
  );
  return `SELECT ${cast.join(", ")} FROM (${select})${orderBy === undefined ? "" : ` ORDER BY ${orderBy}`}`;
}

/** What every step needs to know. */
export interface SilverContext {
  readonly source: string;
  /** ISO-8601 UTC. */
  readonly ingestionTs: string;
  /** A SELECT of the rows that could not be split: `filename`, `line`, `reason`, `row`. */
  readonly unsplit: string | undefined;
}

const kept = (staging: StagingName) => `(SELECT * FROM ${receivedTable(staging)} WHERE reason IS NULL)`;

/** The SELECT of each silver table over the received rows, by name. They are pure: the same rows give the same table. */
export const silverSteps = {
  silver_items: ({ ingestionTs }) =>
    asContract(
      "silver_items",
      `${editedItems(`SELECT * REPLACE (
          coalesce(genres, []) AS genres, coalesce(people, []) AS people, coalesce(countries, []) AS countries,
          coalesce(audio_features, MAP {}) AS audio_features, coalesce(features, MAP {}) AS features
        ), false AS is_placeholder, false AS is_hidden, NULL AS available_from, NULL AS available_until,
        ${time(ingestionTs)} AS updated_at
       FROM ${kept("items")}`)}
       UNION ALL BY NAME
       SELECT DISTINCT item_id, item_id AS title, [] AS genres, [] AS people, [] AS countries, MAP {} AS audio_features,
         MAP {} AS features, true AS is_placeholder, false AS is_hidden, ${time(ingestionTs)} AS updated_at
       FROM (${placeholderIds})`,
      "item_id",
    ),
  silver_users: ({ ingestionTs }) =>
    asContract(
      "silver_users",
      `SELECT user_id, ${editedFeatures} AS features, ${editedCountry} AS country,
         coalesce(first_event, ${time(ingestionTs)}) AS created_at,
         coalesce(edit.updated_at, first_event, ${time(ingestionTs)}) AS updated_at
       FROM (
         SELECT user_id, CASE WHEN bool_or(is_imported) THEN NULL ELSE min(ingestion_ts) END AS first_event
         FROM (
           SELECT DISTINCT user_id, true AS is_imported, NULL AS ingestion_ts FROM (
             SELECT user_id FROM ${kept("users")} UNION SELECT user_id FROM ${kept("ratings")}
             UNION SELECT user_id FROM ${kept("tags")}
           )
           UNION ALL
           SELECT user_id, false, min(ingestion_ts) FROM ${receivedEventsTable} WHERE user_id IS NOT NULL GROUP BY user_id
           UNION ALL
           SELECT user_id, false, updated_at FROM ${receivedUserEdits}
         ) GROUP BY user_id
       ) AS everybody
       LEFT JOIN (SELECT user_id, features, country FROM ${kept("users")}) AS described USING (user_id)
       LEFT JOIN ${receivedUserEdits} AS edit USING (user_id)`,
      "user_id",
    ),
  silver_item_links: () =>
    asContract(
      "silver_item_links",
      editedLinks(
        `SELECT item_id, source, source_id FROM ${kept("links")} WHERE source_id IS NOT NULL AND trim(source_id) <> ''`,
        `SELECT item_id FROM ${kept("items")}`,
      ),
      "item_id, source, source_id",
    ),
  silver_ratings: ({ source, ingestionTs }) =>
    asContract(
      "silver_ratings",
      `SELECT user_id, item_id, rating, rating_ts, ${sqlText(source)} AS source, NULL AS event_id,
         CAST(rating_ts AS DATE) AS event_date, ${time(ingestionTs)} AS updated_at
       FROM ${kept("ratings")} AS imported
       WHERE NOT EXISTS (
         SELECT 1 FROM ${ratingEvents} AS events WHERE events.user_id = imported.user_id
           AND events.item_id = imported.item_id AND events.event_ts = imported.rating_ts
       )
       UNION ALL
       SELECT user_id, item_id, rating, event_ts, '${eventSource}', event_id, CAST(event_ts AS DATE), ingestion_ts
       FROM ${ratingEvents}`,
      "user_id, item_id, rating_ts NULLS FIRST",
    ),
  silver_interactions: ({ source }) =>
    asContract(
      "silver_interactions",
      `SELECT user_id, item_id, 'rating' AS event_type,
         CASE WHEN rating >= ${likedRating} THEN rating / 5 ELSE 0 END AS weight, rating_ts AS event_ts,
         ${sqlText(source)} AS source, NULL AS event_id, CAST(rating_ts AS DATE) AS event_date
       FROM ${kept("ratings")}
       UNION ALL
       SELECT user_id, item_id, event_type, ${eventWeight}, event_ts, '${eventSource}', event_id, CAST(event_ts AS DATE)
       FROM (SELECT * FROM ${actions} ORDER BY event_ts, event_id)`,
    ),
  silver_tags: () => asContract("silver_tags", `SELECT * FROM ${kept("tags")}`),
  silver_events_views: () => eventsOf("events_views"),
  silver_events_clicks: () => eventsOf("events_clicks"),
  silver_events_ratings: () => eventsOf("events_ratings"),
  silver_events_feedback: () => eventsOf("events_feedback"),
  silver_rejected_rows: ({ unsplit }) =>
    asContract(
      "silver_rejected_rows",
      unsplit === undefined
        ? rejectedRows
        : `SELECT NULL AS "table", filename, line, reason, "row" FROM (${unsplit}) UNION ALL ${rejectedRows}`,
    ),
} as const satisfies Partial<Record<TableName, (context: SilverContext) => string>>;

/** What stands as the source of rows that arrived as events. */
export const eventSource = "events";

/** Ratings that arrived as events, one a user, item and moment: of several the one of the greatest event id. */
const ratingEvents = `(SELECT * FROM ${actions} WHERE event_type = 'rating'
  QUALIFY row_number() OVER (PARTITION BY user_id, item_id, event_ts ORDER BY event_id DESC) = 1)`;

function eventsOf(topic: EventTopic): string {
  return asContract(
    silverEventsTable(topic),
    `SELECT *, CAST(event_ts AS DATE) AS event_date FROM ${receivedEventsTable}
     WHERE topic = ${sqlText(topic)} AND NOT is_retracted`,
    "event_date, event_ts, event_id",
  );
}

const time = (iso: string) => `CAST(${sqlText(iso)} AS TIMESTAMP WITH TIME ZONE)`;

/** Items that ratings, tags or events name and the catalogue does not know. */
export const placeholderIds = `SELECT item_id FROM (
    SELECT item_id FROM ${kept("ratings")} UNION SELECT item_id FROM ${kept("tags")}
    UNION SELECT item_id FROM ${receivedEventsTable} WHERE item_id IS NOT NULL
  ) WHERE item_id NOT IN (SELECT item_id FROM ${kept("items")} UNION ALL ${addedItems})`;

/** Items of the catalogue without a counterpart among the links that silver takes, for each source of links: `item_id, title, source`. */
export const unmappedItems = `SELECT items.item_id, items.title, sources.source
  FROM ${kept("items")} AS items
  CROSS JOIN (SELECT DISTINCT source FROM ${receivedTable("links")} WHERE source IS NOT NULL) AS sources
  WHERE NOT EXISTS (
    SELECT 1 FROM ${receivedTable("links")} AS links
    WHERE links.item_id = items.item_id AND links.source = sources.source AND trim(links.source_id) <> ''
      AND links.reason IS NULL
  )`;

/** Rows that the rules rejected, of all inputs, in the columns of `silver_rejected_rows`. */
export const rejectedRows = guardedTables
  .map((table) => {
    const { staging } = qualityRules[table];
    const values = Object.keys(stagingColumns[staging])
      .filter((column) => column !== "source_file" && column !== "line")
      .map((column) => `${sqlText(column)}: ${sqlName(column)}`);
    return `SELECT ${sqlText(table)} AS "table", coalesce(source_file, '') AS filename, coalesce(line, 0) AS line, reason,
      CAST(to_json({${values.join(", ")}}) AS VARCHAR) AS "row"
      FROM ${receivedTable(staging)} WHERE reason IS NOT NULL`;
  })
  .join(" UNION ALL ");

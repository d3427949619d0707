import { completedProgress, signalWeights } from "../contracts/events.ts";
import {
  bronzeEventsTable,
  type EventTopic,
  eventTopics,
  type TableName,
  tables,
} from "../contracts/tables.ts";
import { likedRating } from "../data/signals.ts";
import type { Engine } from "../engine/engine.ts";
import type { Lake } from "./lake.ts";
import { sqlName, sqlText } from "./sql-text.ts";

/** Temporary table of all accepted events of a build, of all topics, each once; `is_retracted` tells those that were cancelled. */
export const receivedEventsTable = "received_events";

/** Versions of the bronze tables of events that a build reads, by table. */
export type EventVersions = Readonly<Record<string, number>>;

/** Whether a row of bronze holds an event, over its columns: what another program wrote into the log may hold none. */
export const isEventRow =
  "event_id IS NOT NULL AND event_type IS NOT NULL AND TRY_CAST(event_ts AS TIMESTAMP WITH TIME ZONE) IS NOT NULL";

/** The silver table of a topic's events. */
export const silverEventsTable = (topic: EventTopic) => `silver_${topic}` as const satisfies TableName;

/**
 * Makes {@link receivedEventsTable} from the newest versions of the bronze tables.
 *
 * A retraction cancels the event that it names where both are of the same user, or of the same session where there is no user,
 * whichever came first. What a session did is the user's whom it was merged with (`merged_user`).
 */
export async function receiveEvents(engine: Engine, lake: Lake): Promise<EventVersions> {
  const versions: Record<string, number> = {};
  const parts = [emptyEvents];
  for (const topic of eventTopics) {
    const table = bronzeEventsTable(topic);
    const version = await lake.latest(table);
    if (version === undefined) continue;
    versions[table] = version;
    parts.push(`SELECT ${sqlText(topic)} AS topic, * FROM ${await lake.relation(table, version)}`);
  }
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${receivedEventsTable} AS
    WITH received AS (
      SELECT * REPLACE (TRY_CAST(event_ts AS TIMESTAMP WITH TIME ZONE) AS event_ts)
      FROM (${parts.join(" UNION ALL BY NAME ")}) WHERE ${isEventRow}
    ), once AS (
      SELECT * FROM received
      QUALIFY row_number() OVER (PARTITION BY event_id, event_type = 'merge' ORDER BY ingestion_ts, log_partition, log_offset) = 1
    ), merged AS (
      SELECT session_id AS merged_session, arg_min(user_id, event_ts) AS merged_user
      FROM once WHERE event_type = 'merge' GROUP BY session_id
    ), owned AS (
      SELECT once.*, merged_user, coalesce('u' || user_id, 'u' || merged_user, 's' || session_id) AS owner
      FROM once LEFT JOIN merged ON once.user_id IS NULL AND merged_session = once.session_id
    ), cancelled AS (
      SELECT DISTINCT lower(target_event_id) AS event_id, owner FROM owned WHERE event_type = 'retract'
    )
    SELECT owned.*, event_type <> 'retract' AND cancelled.event_id IS NOT NULL AS is_retracted
    FROM owned LEFT JOIN cancelled ON cancelled.event_id = owned.event_id AND cancelled.owner = owned.owner`);
  return versions;
}

/** Columns that any topic has, as a SELECT without rows: a lake without events gives an empty table. */
const emptyEvents = (() => {
  const columns = new Map<string, string>([
    ["topic", "VARCHAR"],
    ["log_partition", "INTEGER"],
    ["log_offset", "BIGINT"],
  ]);
  for (const topic of eventTopics) {
    for (const [name, { type }] of Object.entries(tables[silverEventsTable(topic)].columns)) {
      if (name !== "event_date") columns.set(name, name === "event_ts" ? "VARCHAR" : type);
    }
  }
  const nulls = [...columns].map(([name, type]) => `CAST(NULL AS ${type}) AS ${sqlName(name)}`);
  return `SELECT ${nulls.join(", ")} WHERE false`;
})();

/** FROM text of the events of persons on items that count: with a user, their own or by a merge, with an item, not retracted. */
export const actions = `(SELECT * REPLACE (coalesce(user_id, merged_user) AS user_id) FROM ${receivedEventsTable}
  WHERE NOT is_retracted AND coalesce(user_id, merged_user) IS NOT NULL AND item_id IS NOT NULL)`;

/** The weight of one event as a sign of liking, without decay (CONTRACTS "Signals"), over the columns of the events. */
export const eventWeight = `CASE event_type
    WHEN 'rating' THEN CASE WHEN rating >= ${likedRating} THEN rating / 5 ELSE 0 END
    WHEN 'view' THEN CASE WHEN progress IS NULL THEN ${signalWeights.pageView}
      WHEN progress >= ${completedProgress} THEN ${signalWeights.completedView} ELSE ${signalWeights.partView} END
    WHEN 'listen' THEN CASE WHEN completed THEN ${signalWeights.completedListen} ELSE ${signalWeights.partListen} END
    WHEN 'click' THEN ${signalWeights.click}
    WHEN 'like' THEN ${signalWeights.like}
    WHEN 'bookmark' THEN ${signalWeights.bookmark}
    ELSE 0 END`;

import type { Topic } from "../contracts/events.ts";
import type { LoggedEvent } from "../contracts/merge.ts";
import { bronzeEventsTable, type EventTopic, eventTopics } from "../contracts/tables.ts";
import type { Engine } from "../engine/engine.ts";
import type { Lake } from "./lake.ts";
import { isEventRow } from "./received-events.ts";

/** Events that one query gives. */
const pageEvents = 5000;

/**
 * Accepted events as they came, from bronze: those of a partition of the log from offset `from` to the one before `to`, in order, in pages.
 *
 * Bronze and not silver, since silver drops what was retracted, of which the live state knows that it was there.
 */
export async function* readAcceptedEvents(
  { lake, engine }: { lake: Lake; engine: Engine },
  place: { topic: Topic; partition: number; from: number; to: number },
): AsyncGenerator<{ event: LoggedEvent; offset: number }[]> {
  const { topic, partition, to } = place;
  const table = bronzeEventsTable(topic as EventTopic);
  if (!eventTopics.includes(topic as EventTopic)) return;
  const version = await lake.latest(table);
  if (version === undefined) return;
  const relation = await lake.relation(table, version);
  for (let from = place.from; from < to; ) {
    const rows = await engine.rows(
      `SELECT log_offset, raw_payload FROM ${relation}
       WHERE log_partition = $partition AND log_offset >= $from AND log_offset < $to AND ${isEventRow}
       ORDER BY log_offset LIMIT ${pageEvents}`,
      { partition, from, to },
    );
    if (rows.length === 0) return;
    yield rows.map((row) => ({
      event: JSON.parse(String(row["raw_payload"])) as LoggedEvent,
      offset: Number(row["log_offset"]),
    }));
    from = Number(rows.at(-1)?.["log_offset"]) + 1;
  }
}

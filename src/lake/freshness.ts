import { freshnessLimitSeconds, type QualityCheck, type TableQuality } from "../contracts/quality.ts";
import { bronzeEventsTable, type EventTopic, eventTopics } from "../contracts/tables.ts";
import { type EventReader, sunkPositions, unsunkEvents } from "./event-sink.ts";
import type { Lake } from "./lake.ts";
import { receivedEventsTable, silverEventsTable } from "./received-events.ts";
import { sqlText } from "./sql-text.ts";

/** What of a stream of events a layer of the lake did not have yet. */
interface Waiting {
  readonly events: number;
  /** Those that had waited longer than the layer may let them. */
  readonly late: number;
  readonly oldestSeconds: number;
}

/**
 * How long accepted events had to wait for each layer, up to the build that looks: events that the log holds and bronze does not, and
 * events that the build before did not have. Empty where no stream runs: no event was accepted since.
 *
 * @param of.previous Versions that the build before read, by table.
 * @param of.log Absent: bronze is not judged.
 */
export async function checkFreshness(
  lake: Lake,
  of: {
    readonly ts: string;
    readonly previous: Readonly<Record<string, number>>;
    readonly log: EventReader | undefined;
  },
): Promise<TableQuality[]> {
  const { ts, log } = of;
  const found: TableQuality[] = [];
  const note = (table: string, waiting: Waiting) => {
    if (waiting.events > 0) found.push(qualityOf(table, { ts, waiting }));
  };
  for (const topic of log ? eventTopics : []) {
    const { events, oldestMs } = await unsunkEvents(lake, topic, log as EventReader);
    const oldestSeconds = (Date.parse(ts) - oldestMs) / 1000;
    // where the oldest is late all count: to tell them apart they would have to be read
    const late = oldestSeconds > freshnessLimitSeconds.bronze ? events : 0;
    note(bronzeEventsTable(topic), { events, late, oldestSeconds });
  }
  const { silver, gold } = await sinceBuild(lake, of);
  for (const [topic, waiting] of Object.entries(silver))
    note(silverEventsTable(topic as EventTopic), waiting);
  note("gold_item_stats", gold);
  return found;
}

function qualityOf(
  table: string,
  { ts, waiting }: { readonly ts: string; readonly waiting: Waiting },
): TableQuality {
  const { events, late, oldestSeconds } = waiting;
  const check: QualityCheck = {
    name: "freshness",
    level: "warning",
    passed: late === 0,
    failed_rows: late,
    total_rows: events,
    details: `the oldest event waited ${Math.max(0, oldestSeconds / 60).toFixed(1)} minutes`,
  };
  return { table, ts, checks: [check], errors: 0, warnings: late === 0 ? 0 : 1 };
}

/** Events of {@link receivedEventsTable} that the build before did not have. */
async function sinceBuild(
  lake: Lake,
  { ts, previous }: { readonly ts: string; readonly previous: Readonly<Record<string, number>> },
): Promise<{ silver: Record<string, Waiting>; gold: Waiting }> {
  const had = ["('', 0, 0)"]; // there is always a row
  for (const topic of eventTopics) {
    const version = previous[bronzeEventsTable(topic)];
    if (version === undefined) continue;
    for (const [partition, next] of Object.entries(await sunkPositions(lake, topic, version)))
      had.push(`(${sqlText(topic)}, ${Number(partition)}, ${Number(next)})`);
  }
  const late = (layer: "silver" | "gold") =>
    `count(*) FILTER (waited > ${freshnessLimitSeconds[layer]}) AS late_${layer}`;
  const rows = await lake.engine.rows(
    `SELECT topic, count(*) AS events, ${late("silver")}, ${late("gold")}, max(waited) AS oldest
     FROM (SELECT *, epoch(TIMESTAMPTZ ${sqlText(ts)}) - epoch(ingestion_ts) AS waited FROM ${receivedEventsTable}) AS events
     LEFT JOIN (VALUES ${had.join(", ")}) AS had (topic, log_partition, next) USING (topic, log_partition)
     WHERE log_offset >= coalesce(next, 0) GROUP BY topic ORDER BY topic`,
  );
  const silver: Record<string, Waiting> = {};
  let gold: Waiting = { events: 0, late: 0, oldestSeconds: 0 };
  for (const row of rows) {
    const [events, oldestSeconds] = [Number(row["events"]), Number(row["oldest"])];
    silver[String(row["topic"])] = { events, late: Number(row["late_silver"]), oldestSeconds };
    gold = {
      events: gold.events + events,
      late: gold.late + Number(row["late_gold"]),
      oldestSeconds: Math.max(gold.oldestSeconds, oldestSeconds),
    };
  }
  return { silver, gold };
}

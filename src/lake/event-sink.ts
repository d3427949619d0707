import { open } from "node:fs/promises";
import { bronzeEvents, bronzeEventsTable, type EventTopic } from "../contracts/tables.ts";
import { commitOrDiscard, type Lake } from "./lake.ts";
import { sqlName, sqlText } from "./sql-text.ts";
import { throughFile } from "./through-file.ts";

/** An accepted event as the log hands it over. */
export interface LogEntry {
  readonly partition: number;
  /** Place in its partition, from 0 on. */
  readonly offset: number;
  /** When it was received, ms since 1970. */
  readonly receivedMs: number;
  /** The event as JSON. */
  readonly value: Uint8Array;
}

/** The part of an event log that is read: `read` gives events in order, from the first kept one where the offset is gone. */
export interface EventReader {
  partitions(): Promise<readonly { topic: string; partition: number; next: number }[]>;
  read(
    topic: EventTopic,
    partition: number,
    options: { from: number; limit: number },
  ): Promise<readonly LogEntry[]>;
}

/** What one call of {@link sinkEvents} wrote. */
export interface Sunk {
  readonly events: number;
  /** Where each partition goes on, by partition. */
  readonly positions: Readonly<Record<number, number>>;
  /** Version of the bronze table; absent where it has none yet. */
  readonly version?: number;
  /** Events that the log had forgotten before they could be written: the log's retention is shorter than the sink was away. */
  readonly lost: number;
}

/** Most events of one version of a bronze table; bounds memory and the time for which the engine is busy. */
const batchEventsMax = 50_000;
/** How many are read from the log at once, and written to a file: a ms of the event loop, since requests wait. */
const readLimit = 500;

const writerName = "usher-log-";
const writerOf = (partition: number) => `${writerName}${partition}`;

/**
 * Where the log goes on after what a version of a topic's bronze table holds, by partition; a partition of which nothing has come is absent.
 * @param version Default: the newest. @throws UsherError `TABLE_MISSING`, `TABLE_DAMAGED`.
 */
export async function sunkPositions(
  lake: Lake,
  topic: EventTopic,
  version?: number,
): Promise<Readonly<Record<number, number>>> {
  const writers = Object.entries(await lake.transactions(bronzeEventsTable(topic), version));
  return Object.fromEntries(
    writers
      .filter(([writer]) => writer.startsWith(writerName))
      .map(([writer, next]) => [Number(writer.slice(writerName.length)), next]),
  );
}

/** Events of a topic that the log holds and bronze does not, and when the oldest of them was received, ms since 1970. */
export async function unsunkEvents(
  lake: Lake,
  topic: EventTopic,
  log: EventReader,
): Promise<{ events: number; oldestMs: number }> {
  const positions = await sunkPositions(lake, topic);
  const found = { events: 0, oldestMs: Number.POSITIVE_INFINITY };
  for (const { topic: of, partition, next } of await log.partitions()) {
    const from = positions[partition] ?? 0;
    if (of !== topic || next <= from) continue;
    const [oldest] = await log.read(topic, partition, { from, limit: 1 });
    if (oldest === undefined) continue; // forgotten by the log
    found.events += next - oldest.offset;
    found.oldestMs = Math.min(found.oldestMs, oldest.receivedMs);
  }
  return found;
}

/**
 * Brings the accepted events of a topic into its bronze table, up to the end that the log has at the call.
 *
 * Each exactly once: how far the log was read is part of the same Delta commit as the rows (`txn`), and the next call goes on from
 * there. A process that is killed between writing and committing leaves a file that nobody names.
 *
 * One call at a time for a topic. Cost: one version for each 50,000 events.
 * @throws UsherError `DISK_FULL`, `TABLE_CONFLICT`, `TABLE_DAMAGED`, `CANCELLED` by the signal's reason between two batches.
 */
export async function sinkEvents(
  lake: Lake,
  topic: EventTopic,
  { log, signal }: { log: EventReader; signal?: AbortSignal },
): Promise<Sunk> {
  const table = bronzeEventsTable(topic);
  const ends = (await log.partitions()).filter((state) => state.topic === topic);
  const positions: Record<number, number> = {};
  const done = await sunkPositions(lake, topic);
  for (const { partition } of ends) positions[partition] = done[partition] ?? 0;
  let [events, lost] = [0, 0];
  while (ends.some(({ partition, next }) => next > (positions[partition] as number))) {
    signal?.throwIfAborted();
    const batch = await appendBatch(lake, { topic, log, ends, positions });
    lost += batch.lost;
    events += batch.events;
    Object.assign(positions, batch.positions);
    if (batch.events < batchEventsMax) break;
  }
  const version = await lake.latest(table);
  return { events, positions, lost, ...(version === undefined ? {} : { version }) };
}

/** Where a batch of a topic begins, and where it ends at the latest. */
interface BatchStart {
  readonly topic: EventTopic;
  readonly log: EventReader;
  readonly ends: readonly { partition: number; next: number }[];
  readonly positions: Readonly<Record<number, number>>;
}

interface Batch {
  readonly events: number;
  readonly positions: Readonly<Record<number, number>>;
  readonly lost: number;
}

async function appendBatch(lake: Lake, start: BatchStart): Promise<Batch> {
  const { topic } = start;
  const table = bronzeEventsTable(topic);
  return throughFile({ lake, name: topic }, async (file) => {
    const batch = await writeBatch(file, start);
    if (batch.events === 0) return batch; // all that was left has been forgotten
    const staged = await lake.stage(table, selectOf(topic, file), {
      mode: "append",
      partitionBy: bronzeEvents(topic).partitionBy ?? [],
      transactions: Object.fromEntries(
        Object.entries(batch.positions).map(([partition, next]) => [writerOf(Number(partition)), next]),
      ),
    });
    await commitOrDiscard(lake, staged, { events: batch.events });
    return batch;
  });
}

/** Reads a batch from the log and writes it to a file of lines, piece by piece: all of it in memory would be much for the collector. */
async function writeBatch(file: string, start: BatchStart): Promise<Batch> {
  const { topic, log } = start;
  const handle = await open(file, "w");
  try {
    const positions: Record<number, number> = {};
    let [events, lost] = [0, 0];
    for (const { partition, next } of start.ends) {
      let at = start.positions[partition] ?? 0;
      while (at < next && events < batchEventsMax) {
        const limit = Math.min(readLimit, batchEventsMax - events);
        const records = await log.read(topic, partition, { from: at, limit });
        const last = records.at(-1);
        if (last === undefined) break; // all that was left has been forgotten
        lost += (records[0] as LogEntry).offset - at;
        await handle.write(linesOf(records));
        events += records.length;
        at = last.offset + 1;
      }
      positions[partition] = at;
    }
    return { events, positions, lost };
  } finally {
    await handle.close();
  }
}

/** The escape of half a surrogate pair, or what looks like one: JSON may name it, UTF-8 and the engine have no such character. */
const halfPair = /\\ud[89a-f]/i;

/** The same JSON with U+FFFD for each half of a pair that stands alone; what is no JSON stays as it is. */
function withWholePairs(raw: string): string {
  try {
    return JSON.stringify(
      JSON.parse(raw, (_, value) => (typeof value === "string" ? Buffer.from(value).toString() : value)),
    );
  } catch {
    return raw;
  }
}

/** One line an event. The event itself stays text: the engine takes it apart, in threads of its own. */
function linesOf(events: readonly LogEntry[]): string {
  const lines = events.map(({ partition, offset, receivedMs, value }) => {
    const raw = Buffer.from(value.buffer, value.byteOffset, value.length).toString();
    const event = halfPair.test(raw) ? { event: withWholePairs(raw) } : {};
    return `${JSON.stringify({ partition, offset, ms: receivedMs, raw, ...event })}\n`;
  });
  return lines.join("");
}

/** The rows of the bronze table from the file of lines. What is no JSON gives a row with its payload and place only, and holds up none. */
function selectOf(topic: EventTopic, file: string): string {
  const { columns } = bronzeEvents(topic);
  const made: Readonly<Record<string, string>> = {
    raw_payload: "raw",
    log_partition: "partition",
    log_offset: '"offset"',
    source_file: `'log/${topic}/' || partition`,
    ingestion_ts: "received",
    ingestion_date: "CAST(received AS DATE)",
    event_id: "lower(event.event_id)",
    schema_version: "coalesce(event.schema_version, 1)",
  };
  const told = Object.entries(columns).filter(
    ([name]) => !(name in made) || name === "event_id" || name === "schema_version",
  );
  const shape = JSON.stringify(Object.fromEntries(told.map(([name, { type }]) => [name, type])));
  const values = Object.entries(columns).map(
    ([name, { type }]) => `CAST(${made[name] ?? `event.${sqlName(name)}`} AS ${type}) AS ${sqlName(name)}`,
  );
  return `SELECT ${values.join(", ")} FROM (
    SELECT * EXCLUDE (event), from_json(CASE WHEN json_valid(coalesce(event, raw)) THEN coalesce(event, raw) END, ${sqlText(shape)}) AS event,
      epoch_ms(CAST(ms AS BIGINT))::TIMESTAMP AT TIME ZONE 'UTC' AS received
    FROM read_json(${sqlText(file)}, format = 'newline_delimited', maximum_object_size = 4194304,
      columns = {partition: 'INTEGER', "offset": 'BIGINT', ms: 'BIGINT', raw: 'VARCHAR', event: 'VARCHAR'})
  )`;
}

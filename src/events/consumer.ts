import { type DeadLetter, rawPayloadBytesMax, type Topic } from "../contracts/events.ts";
import { type ErrorCode, UsherError } from "../errors.ts";
import type { EventLog, LogRecord } from "./event-log.ts";
import { lagOf, type PartitionLag } from "./lag.ts";
import { derivedUuid, letterRecord } from "./letter-record.ts";

export interface ConsumerOptions {
  readonly log: EventLog;
  /** Name under which the log keeps how far this consumer has come. */
  readonly group: string;
  readonly topics: readonly Topic[];
  /**
   * Everything that a batch causes; resolves after the last effect. The records are of one partition, in order, at least one. It may be
   * called again with records that it has seen: after a crash, after a failure, and, under another `id`, after the dead letter of any
   * consumer was submitted again. Its effects must bear that; what an event is the same by is the `event_id` in its value.
   */
  readonly effect: (records: readonly LogRecord[]) => Promise<void>;
  /** Most records of a batch. Default 1,000. */
  readonly batchMax?: number;
  /** How long it rests where nothing is new, ms. Default 200. */
  readonly pollMs?: number;
  /** How often a record is tried by itself before it counts as poison. Default 3. */
  readonly attempts?: number;
  /** The clock, ms since 1970. Default: the system's. */
  readonly now?: () => number;
  /** Told each time that work is put off because something is away. */
  readonly onPostponed?: (error: unknown) => void;
}

/** What a consumer has done since it was made. */
export interface ConsumerCounts {
  readonly records: number;
  readonly poison: number;
  /** Batches that waited because something that the effect needs was away. */
  readonly postponed: number;
}

/** Reads a log on from where its group stopped. */
export interface Consumer {
  /** Works until it is stopped; rests where nothing is new. */
  start(): void;
  /** Handles what is there now. @returns How many records. @throws UsherError of the log or of the effect where something is away. */
  drain(): Promise<number>;
  /** Ends after the batch that is under way. */
  stop(): Promise<void>;
  counts(): ConsumerCounts;
  lag(): Promise<PartitionLag[]>;
}

/** Errors that say that something is away, not that a record is bad: the batch is tried again, later. */
const passing: readonly ErrorCode[] = [
  "LOG_UNAVAILABLE",
  "STORE_UNAVAILABLE",
  "DISK_FULL",
  "HOME_UNWRITABLE",
  "CANCELLED",
  "TABLE_CONFLICT",
];
/** A failed call of the operating system is never the record's fault either. */
const isPassing = (error: unknown) =>
  error instanceof UsherError
    ? passing.includes(error.code)
    : typeof (error as NodeJS.ErrnoException | undefined)?.syscall === "string";

const restMsMax = 10_000;

/**
 * A consumer that commits a batch after its last effect, so that a process that dies in between does the batch again and loses nothing.
 *
 * A batch whose effect throws is done record by record; a record that fails `attempts` times by itself is poison: it is counted, written
 * to the dead letters (once, whatever happens meanwhile) and passed over; submitted again, the letter comes as a new record. Where the effect says that something is away (an `UsherError`
 * such as `STORE_UNAVAILABLE`), nothing is passed over: it rests, longer each time up to 10 s, and tries again.
 */
export function openConsumer(options: ConsumerOptions): Consumer {
  const { log, group, topics, effect, batchMax = 1000, pollMs = 200, attempts = 3, now = Date.now } = options;
  const { onPostponed = () => {} } = options;
  const counts = { records: 0, poison: 0, postponed: 0 };
  let isStopping = false;
  let working: Promise<void> | undefined;
  let wake = () => {};

  const alone = async (record: LogRecord): Promise<void> => {
    let last: unknown;
    for (let attempt = 0; attempt < attempts; attempt++) {
      try {
        return await effect([record]);
      } catch (error) {
        if (isPassing(error)) throw error;
        last = error;
      }
    }
    counts.poison++;
    // a dead letter that is poison itself is only counted: a letter about it would be the next poison
    if (record.topic !== "events_dlq")
      await log.append([letterFor(record, { group, error: last, nowMs: now() })]);
  };

  const handle = async (batch: readonly LogRecord[]): Promise<void> => {
    const last = batch.at(-1) as LogRecord;
    try {
      await effect(batch);
    } catch (error) {
      if (isPassing(error)) throw error;
      for (const record of batch) await alone(record);
    }
    await log.commit(group, [{ topic: last.topic, partition: last.partition, offset: last.offset + 1 }]);
    counts.records += batch.length;
  };

  const drain = async (): Promise<number> => {
    let handled = 0;
    for (const { topic, partition, position, next } of await lagOf(log, group, topics)) {
      for (let from = position; from < next && !isStopping; ) {
        const batch = await log.read(topic, partition, { from, limit: batchMax });
        if (batch.length === 0) break; // trimmed meanwhile
        await handle(batch);
        handled += batch.length;
        from = (batch.at(-1) as LogRecord).offset + 1;
      }
    }
    return handled;
  };

  const work = async () => {
    let restMs = pollMs;
    while (!isStopping) {
      try {
        const handled = await drain();
        restMs = pollMs;
        if (handled > 0) continue;
      } catch (error) {
        counts.postponed++;
        onPostponed(error); // what was not committed is read again
        restMs = Math.min(restMs * 2, restMsMax);
      }
      if (!isStopping) await rest(restMs);
    }
  };
  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    start() {
      working ??= work();
    },
    drain,
    async stop() {
      isStopping = true;
      wake();
      await working;
    },
    counts: () => ({ ...counts }),
    lag: () => lagOf(log, group, topics),
  };
}

/** The dead letter of a record that a consumer could not take. Its id follows from the record's place, so it is written once. */
function letterFor(
  { topic, partition, offset, value }: LogRecord,
  { group, error, nowMs }: { group: string; error: unknown; nowMs: number },
) {
  const letter: DeadLetter = {
    raw_payload: Buffer.from(value).toString("utf8", 0, rawPayloadBytesMax),
    topic,
    error_reason: "schema_validation_failed",
    error_detail: `${group} could not take it: ${error instanceof Error ? error.message : String(error)}`,
    error_ts: new Date(nowMs).toISOString(),
    consumer: { group, partition, offset },
  };
  return { ...letterRecord(letter, nowMs), id: derivedUuid(`${group}/${topic}/${partition}/${offset}`) };
}

import { type Topic, topics } from "../contracts/events.ts";
import type { LoggedEvent } from "../contracts/merge.ts";
import type { EventLog, LogRecord } from "../events/event-log.ts";
import type { AppliedOffsets } from "./applied-offsets.ts";
import type { Arrived } from "./effects.ts";

/** Records that one read of the log takes. */
const readRecords = 1000;

/** Records that the log forgot (retention) before they were applied: offsets `from` ≤ offset < `to`. */
export interface MissedRecords {
  readonly topic: Topic;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Gives the events of records that the log has forgotten, from where they were kept, in pages; none where nothing keeps them. */
export type EarlierEvents = (
  missed: MissedRecords,
) => AsyncIterable<readonly { readonly event: LoggedEvent; readonly offset: number }[]>;

/** What a catch-up met. */
export interface CaughtUp {
  readonly records: number;
  readonly missed: readonly MissedRecords[];
  /** Events of the missed records that were found elsewhere. */
  readonly restored: number;
  /** Records that hold no event; they are passed over. */
  readonly unreadable: number;
}

/**
 * Hands every record of the log that is not applied yet to `apply`, partition by partition; before a gap is passed over, what
 * `earlier` still knows of it. Cost: one read a thousand records.
 */
export async function followLog(
  log: EventLog,
  options: {
    applied: AppliedOffsets;
    apply: (arrived: readonly Arrived[]) => Promise<unknown>;
    earlier?: EarlierEvents | undefined;
  },
): Promise<CaughtUp> {
  const { applied, apply, earlier } = options;
  const missed: MissedRecords[] = [];
  let records = 0;
  let restored = 0;
  let unreadable = 0;
  const skip = async (place: { topic: Topic; partition: number }, to: number) => {
    const from = applied.next(place);
    if (from < to) {
      const gap = { ...place, from, to };
      missed.push(gap);
      for await (const events of earlier?.(gap) ?? []) {
        await apply(
          events.map(({ event, offset }) => ({ event, at: { ...place, offset }, mayBeKnown: true })),
        );
        restored += events.length;
      }
    }
    applied.skipTo({ ...place, offset: to });
  };
  for (const { topic, partition, first, next } of await log.partitions()) {
    if (topic === "events_dlq" || !topics.includes(topic)) continue;
    const place = { topic, partition };
    // a log that ends before the position is another one: event ids tell what is known
    if (next < applied.next(place)) applied.restart(place);
    await skip(place, first);
    for (let from = applied.next(place); from < next; ) {
      const read = await log.read(topic, partition, { from, limit: readRecords });
      const [head] = read;
      if (!head) break;
      if (head.offset > from) await skip(place, head.offset);
      const arrived: Arrived[] = [];
      for (const record of read) {
        const event = eventOf(record);
        // a record that was appended again for a consumer has an id of its own
        if (event) arrived.push({ event, at: record, mayBeKnown: record.id !== event.event_id });
        else {
          applied.add(record);
          unreadable++;
        }
      }
      await apply(arrived);
      records += read.length;
      from = (read.at(-1) as LogRecord).offset + 1;
    }
  }
  return { records, missed, restored, unreadable };
}

/** The event of a record; `undefined` where there is none, since one bad record must not stop all that come after it. */
function eventOf({ value }: LogRecord): LoggedEvent | undefined {
  try {
    const event = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.length).toString());
    const isEvent = typeof event?.event_type === "string" && typeof event.event_id === "string";
    return isEvent && !Number.isNaN(Date.parse(event.event_ts)) ? event : undefined;
  } catch {
    return undefined;
  }
}

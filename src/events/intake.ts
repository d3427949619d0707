import {
  type DeadLetter,
  type EventStatus,
  type RejectionReason,
  rawPayloadBytesMax,
  type Topic,
  topicOf,
  type UsherEvent,
} from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import type { EventBatch } from "./event-batch.ts";
import type { Appended, EventLog, NewRecord } from "./event-log.ts";
import { letterRecord } from "./letter-record.ts";
import { ownerOf, Rejection, validateEvent } from "./validate-event.ts";

/** What accepted events change at once, such as the live state. */
export interface EventEffects {
  /**
   * Makes accepted events count. Called once for each event, in the order in which they were appended; a call may begin before the
   * one before it ends.
   * @param appended Where each event stands in the log.
   */
  apply(events: readonly UsherEvent[], appended: readonly Appended[]): Promise<void>;
}

/** What became of the events of one body, for figures. */
export interface IntakeCounts {
  /** By topic. */
  readonly accepted: Readonly<Partial<Record<Topic, number>>>;
  readonly duplicates: number;
  readonly rejected: Readonly<Partial<Record<RejectionReason, number>>>;
}

/** The one door by which events come in. */
export interface Intake {
  /**
   * Takes the events of a body. When it resolves, what is `accepted` is durable and has its effects, and what is `rejected` is kept
   * as a dead letter, durably too.
   * @returns One status for each event, in their order.
   * @throws UsherError `TOO_BUSY`, too many events, or bytes of them, are under way: nothing was taken; `LOG_UNAVAILABLE`, nothing was taken, or
   *   nobody knows: send the same events again, what was taken is then a `duplicate`.
   */
  take(batch: EventBatch): Promise<EventStatus[]>;
  /**
   * Takes one event and, in the same append, a record that goes with it. A rejected event leaves nothing, no letter either.
   * @throws UsherError `TOO_BUSY`, `LOG_UNAVAILABLE`.
   */
  takeWith(value: unknown, record: (event: UsherEvent) => NewRecord): Promise<EventStatus>;
  /** Events whose statuses are not known yet. */
  inFlight(): number;
}

/** Most events whose statuses are not known yet, and most bytes of their bodies. */
export const inFlightMax = 20_000;
export const inFlightBytesMax = 64 * 2 ** 20;

/**
 * The intake over a log and what events change.
 *
 * @param options.inFlightMax Most events under way, 1 or more. Default 20,000. A body is taken whole or refused whole.
 * @param options.inFlightBytesMax Most bytes of bodies under way. Default 64 MiB. One body alone is always taken.
 * @param options.now The clock, ms since 1970. Default: that of the system.
 * @param options.onTaken Told the outcome of each body that was taken.
 */
export function eventIntake(options: {
  log: EventLog;
  effects: EventEffects;
  inFlightMax?: number;
  inFlightBytesMax?: number;
  now?: () => number;
  onTaken?: (counts: IntakeCounts) => void;
}): Intake {
  const { log, effects, now = Date.now, onTaken } = options;
  const limit = {
    events: options.inFlightMax ?? inFlightMax,
    bytes: options.inFlightBytesMax ?? inFlightBytesMax,
  };
  const accept = orderedAppend(log, effects);
  const inFlight = { events: 0, bytes: 0 };

  async function counted<T>(more: { events: number; bytes: number }, work: () => Promise<T>): Promise<T> {
    for (const unit of ["events", "bytes"] as const) {
      const sum = inFlight[unit] + more[unit];
      if (inFlight.events > 0 && sum > limit[unit]) {
        throw new UsherError("TOO_BUSY", `${unit}: expected at most ${limit[unit]} under way, got ${sum}`);
      }
    }
    inFlight.events += more.events;
    inFlight.bytes += more.bytes;
    try {
      return await work();
    } finally {
      inFlight.events -= more.events;
      inFlight.bytes -= more.bytes;
    }
  }

  return {
    take: (batch) =>
      counted({ events: batch.values.length, bytes: batch.bytes }, async () => {
        const sorted = sortBatch(batch, now());
        const appended = await accept(sorted.events, sorted.records);
        const statuses = statusesOf(batch, { ...sorted, appended });
        onTaken?.(countsOf(statuses, { ...sorted, appended }));
        return statuses;
      }),
    takeWith: (value, record) =>
      counted({ events: 1, bytes: 0 }, async () => {
        const nowMs = now();
        const checked = validateEvent(value, { nowMs });
        if (checked instanceof Rejection) return rejected(value, checked);
        const [place] = await accept([checked], [eventRecord(checked, nowMs), record(checked)]);
        return taken(checked, place);
      }),
    inFlight: () => inFlight.events,
  };
}

/**
 * Appends, then applies what was new. Effects begin in the order of the calls, which is that of the log, and do not wait for each
 * other's end: so effects may join the events of many small bodies.
 */
function orderedAppend(log: EventLog, effects: EventEffects) {
  let last: { begun: Promise<unknown>; ended: Promise<unknown> } = {
    begun: Promise.resolve(),
    ended: Promise.resolve(),
  };
  /** @param records Those of the events first, in their order. */
  return async (events: readonly UsherEvent[], records: readonly NewRecord[]): Promise<Appended[]> => {
    if (records.length === 0) return [];
    const before = last;
    const appending = log.append(records);
    const beginning = (async () => {
      const appended = await appending;
      await before.begun;
      return { appended, applying: applyFresh(effects, events, appended) };
    })();
    const ending = (async () => {
      const { appended, applying } = await beginning;
      await applying;
      // what is a duplicate has its effects too when this is answered
      if (appended.some(({ isDuplicate }) => isDuplicate)) await before.ended;
      return appended;
    })();
    // a failure is told to its caller; those behind only wait
    last = {
      begun: Promise.allSettled([before.begun, beginning]),
      ended: Promise.allSettled([before.ended, ending]),
    };
    return ending;
  };
}

/** Applies what the log did not hold before. */
async function applyFresh(
  effects: EventEffects,
  events: readonly UsherEvent[],
  appended: readonly Appended[],
): Promise<void> {
  const fresh = events.filter((_, index) => !appended[index]?.isDuplicate);
  if (fresh.length === 0) return;
  const places = appended.slice(0, events.length).filter(({ isDuplicate }) => !isDuplicate);
  await effects.apply(fresh, places);
}

/** The events of a body that are accepted, what was wrong with the others, and the records that keep both. */
interface SortedBatch {
  readonly events: readonly UsherEvent[];
  /** By place in the body. */
  readonly rejections: ReadonlyMap<number, Rejection>;
  readonly records: readonly NewRecord[];
}

function sortBatch(batch: EventBatch, nowMs: number): SortedBatch {
  const events: UsherEvent[] = [];
  const records: NewRecord[] = [];
  const rejections = new Map<number, Rejection>();
  batch.values.forEach((value, index) => {
    const checked = validateEvent(value, { nowMs });
    if (checked instanceof Rejection) {
      rejections.set(index, checked);
    } else {
      events.push(checked);
      records.push(eventRecord(checked, nowMs));
    }
  });
  for (const [index, rejection] of rejections) {
    records.push(letterRecord(letterOf(batch.text(index), rejection, nowMs), nowMs));
  }
  return { events, rejections, records };
}

/** An event as it stands in the log: its canonical JSON. */
function eventRecord(event: UsherEvent, receivedMs: number): NewRecord {
  return {
    topic: topicOf(event.event_type),
    key: ownerOf(event),
    id: event.event_id,
    receivedMs,
    value: Buffer.from(JSON.stringify(event)),
  };
}

function letterOf(text: string, { reason, detail, topic }: Rejection, nowMs: number): DeadLetter {
  return {
    raw_payload: cutToBytes(text, rawPayloadBytesMax),
    topic,
    error_reason: reason,
    error_detail: detail,
    error_ts: new Date(nowMs).toISOString(),
  };
}

function cutToBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax) return text;
  return Buffer.from(text).subarray(0, bytesMax).toString();
}

function statusesOf(
  batch: EventBatch,
  outcome: SortedBatch & { appended: readonly Appended[] },
): EventStatus[] {
  let next = 0;
  return batch.values.map((value, index) => {
    const rejection = outcome.rejections.get(index);
    if (rejection) return rejected(value, rejection);
    const event = outcome.events[next] as UsherEvent;
    return taken(event, outcome.appended[next++]);
  });
}

const taken = (event: UsherEvent, place: Appended | undefined): EventStatus => ({
  event_id: event.event_id,
  status: place?.isDuplicate ? "duplicate" : "accepted",
});

function rejected(value: unknown, { reason, detail }: Rejection): EventStatus {
  const id = (value as { event_id?: unknown } | null)?.event_id;
  const named = typeof id === "string" ? { event_id: id.slice(0, 64) } : {};
  return { ...named, status: "rejected", reason, detail };
}

function countsOf(
  statuses: readonly EventStatus[],
  { events, appended }: { events: readonly UsherEvent[]; appended: readonly Appended[] },
): IntakeCounts {
  const accepted: Partial<Record<Topic, number>> = {};
  let duplicates = 0;
  for (const { topic, isDuplicate } of appended.slice(0, events.length)) {
    if (isDuplicate) duplicates++;
    else accepted[topic] = (accepted[topic] ?? 0) + 1;
  }
  const rejections: Partial<Record<RejectionReason, number>> = {};
  for (const { reason } of statuses) if (reason) rejections[reason] = (rejections[reason] ?? 0) + 1;
  return { accepted, duplicates, rejected: rejections };
}

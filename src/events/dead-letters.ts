import type { DeadLetter, EventStatus, RejectionReason } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { EventLog, LogRecord, PartitionState } from "./event-log.ts";
import type { Intake } from "./intake.ts";
import {
  derivedUuid,
  isResubmission,
  type Resubmission,
  readLetterRecord,
  resubmissionRecord,
} from "./letter-record.ts";
import { Unreadable } from "./validate-event.ts";

/** A letter with its id and what became of it. */
export interface KeptLetter extends DeadLetter {
  /** Its place in the log, such as `2-17`. Never used again for another. */
  readonly id: string;
  /** There once it was corrected and accepted. */
  readonly resubmission?: Omit<Resubmission, "letter_id">;
}

/** Rejected events, kept until the retention of their topic is over. */
export interface DeadLetters {
  /**
   * Letters, the newest first.
   * @param options.limit Most letters of the page. A page may hold fewer, even none, and have a `next` all the same: one call looks at
   *   20,000 records at most.
   * @param options.before `next` of the page before.
   * @param options.reason Only letters with this reason.
   */
  list(options: { limit: number; before?: string; reason?: RejectionReason }): Promise<{
    letters: KeptLetter[];
    next?: string;
  }>;
  /** @throws UsherError `LETTER_UNKNOWN`. */
  get(id: string): Promise<KeptLetter>;
  /**
   * Submits the event of a letter again, as it came or corrected. The event and the note that the letter is done become durable
   * together. A letter that is done is not submitted again: the answer is then a `duplicate`.
   *
   * The event of a consumer's letter was accepted before, so its id would make it a duplicate that nobody handles: its record is appended
   * once more under an id that follows from the letter, and every consumer of the topic handles it again.
   * @param options.corrected The event to submit instead of what came; not for a consumer's letter.
   * @throws UsherError `LETTER_UNKNOWN`; `EVENT_REJECTED`, it is still wrong, or it was accepted and cannot be corrected, or its record is
   *   no longer kept; `TOO_BUSY`, `LOG_UNAVAILABLE`.
   */
  resubmit(id: string, options?: { corrected?: unknown }): Promise<EventStatus>;
}

const topic = "events_dlq";
/** Records that one read of the log gives. */
const readLength = 500;
/** Most records that one page looks at. */
const scanMax = 20_000;

interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** Dead letters over the log that holds them. Cost: the first call reads all letters that are kept, later ones what is new. */
export function deadLetters(options: { log: EventLog; intake: Intake; now?: () => number }): DeadLetters {
  const { log, intake, now = Date.now } = options;
  const notes = resubmissionNotes(log);

  const kept = (record: LogRecord, letter: DeadLetter): KeptLetter => {
    const id = idOf(record);
    const note = notes.of(id);
    if (!note) return { id, ...letter };
    const { event_id, resubmitted_ts } = note;
    return { id, ...letter, resubmission: { event_id, resubmitted_ts } };
  };

  const get = async (id: string): Promise<KeptLetter> => {
    await notes.catchUp();
    const place = placeOf(id);
    const isKept = place && (await log.partitions()).some((state) => holds(state, place));
    const [record] = isKept ? await log.read(topic, place.partition, { from: place.offset, limit: 1 }) : [];
    const read = record && readLetterRecord(record);
    // a gap gives the next record that is kept, which is another one
    if (!read || idOf(record) !== id || isResubmission(read)) {
      throw new UsherError(
        "LETTER_UNKNOWN",
        `id: expected that of a dead letter, got ${JSON.stringify(id.slice(0, 60))}`,
        {
          details: { field: "id" },
        },
      );
    }
    return kept(record, read);
  };

  return {
    get,
    list: async ({ limit, before, reason }) => {
      await notes.catchUp();
      const letters: KeptLetter[] = [];
      let scanned = 0;
      for await (const record of newestFirst(log, before === undefined ? undefined : checkedPlace(before))) {
        const read = readLetterRecord(record);
        if (!isResubmission(read) && (reason === undefined || read.error_reason === reason)) {
          // one more than the page shows that there is a next one
          if (letters.length === limit) return { letters, next: letters.at(-1)?.id as string };
          letters.push(kept(record, read));
        }
        if (++scanned === scanMax) return { letters, next: idOf(record) };
      }
      return { letters };
    },
    resubmit: async (id, { corrected } = {}) => {
      const letter = await get(id);
      if (letter.resubmission) return { event_id: letter.resubmission.event_id, status: "duplicate" };
      const nowMs = now();
      const noteOf = (event_id: string) =>
        resubmissionRecord({ letter_id: id, event_id, resubmitted_ts: new Date(nowMs).toISOString() }, nowMs);
      if (letter.consumer) {
        const record = await recordBehind(log, letter, corrected);
        const event_id = eventIdOf(record);
        const { topic, key, value } = record;
        const again = { topic, key, value, id: derivedUuid(`record of ${id}`), receivedMs: nowMs };
        const [place] = await log.append([again, noteOf(event_id)]);
        return { event_id, status: place?.isDuplicate ? "duplicate" : "accepted" };
      }
      const status = await intake.takeWith(corrected ?? eventOf(letter), ({ event_id }) => noteOf(event_id));
      if (status.status === "rejected") throw refused(status.reason, `${status.reason}: ${status.detail}`);
      return status;
    },
  };
}

const refused = (reason: RejectionReason | undefined, message: string) =>
  new UsherError("EVENT_REJECTED", message, { details: { reason } });

/** The record that a consumer wrote a letter about. */
async function recordBehind(log: EventLog, letter: KeptLetter, corrected: unknown): Promise<LogRecord> {
  const { topic: from, consumer, error_reason: reason } = letter;
  if (corrected !== undefined)
    throw refused(reason, "the event was accepted and stays as it is: send what it should be as a new event");
  const { partition, offset } = consumer as Place;
  const [record] = await log.read(from, partition, { from: offset, limit: 1 });
  if (record?.offset === offset) return record;
  throw refused(reason, `expected record ${offset} of ${from}/${partition}, but its retention is over`);
}

/** The id by which an event is known outside; that of the record where it holds no event. */
function eventIdOf({ id, value }: LogRecord): string {
  try {
    const { event_id } = JSON.parse(Buffer.from(value).toString()) as { event_id?: unknown };
    return typeof event_id === "string" ? event_id : id;
  } catch {
    return id;
  }
}

function eventOf({ raw_payload: raw }: DeadLetter): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return new Unreadable("event: expected JSON, got something else; submit it with a corrected body");
  }
}

/** The letters that were resubmitted, read from the log as far as it goes. Kept in memory: one entry for each such letter. */
function resubmissionNotes(log: EventLog) {
  const notes = new Map<string, Resubmission>();
  const seen = new Map<number, number>();
  const inTurn = oneAtATime();

  async function readOn(): Promise<void> {
    for (const state of await log.partitions()) {
      if (state.topic !== topic) continue;
      let from = Math.max(state.first, seen.get(state.partition) ?? 0);
      while (from < state.next) {
        const records = await log.read(topic, state.partition, { from, limit: readLength });
        const last = records.at(-1);
        if (!last) break;
        for (const record of records) {
          const read = readLetterRecord(record);
          if (isResubmission(read)) notes.set(read.letter_id, read);
        }
        from = last.offset + 1;
        seen.set(state.partition, from);
      }
    }
  }

  return {
    of: (id: string) => notes.get(id),
    /** One reader at a time; a call sees what was appended before it. */
    catchUp: () => inTurn(readOn),
  };
}

/** Records below a place, or all, from the newest on. More than one partition holds some only where another program wrote there. */
async function* newestFirst(log: EventLog, before: Place | undefined): AsyncGenerator<LogRecord> {
  const partitions = (await log.partitions()).filter((state) => state.topic === topic).reverse();
  for (const { partition, first, next } of partitions) {
    if (before && partition > before.partition) continue;
    let end = before && partition === before.partition ? Math.min(before.offset, next) : next;
    while (end > first) {
      const from = Math.max(first, end - readLength);
      const records = await log.read(topic, partition, { from, limit: end - from });
      yield* records.filter(({ offset }) => offset < end).reverse();
      end = from;
    }
  }
}

const holds = (state: PartitionState, { partition, offset }: Place) =>
  state.topic === topic && state.partition === partition && state.first <= offset && offset < state.next;

const idOf = ({ partition, offset }: Place) => `${partition}-${offset}`;

function placeOf(id: string): Place | undefined {
  const [, partition, offset] = /^(\d{1,3})-(\d{1,15})$/.exec(id) ?? [];
  return partition === undefined ? undefined : { partition: Number(partition), offset: Number(offset) };
}

function checkedPlace(cursor: string): Place {
  const place = placeOf(cursor);
  if (place) return place;
  throw new UsherError(
    "PARAMETER_INVALID",
    "cursor: expected the next_cursor of the page before, got another text",
    {
      details: { field: "cursor" },
    },
  );
}

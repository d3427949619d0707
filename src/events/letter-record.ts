import { createHash } from "node:crypto";
import { type DeadLetter, rejectionReasons } from "../contracts/events.ts";
import type { LogRecord, NewRecord } from "./event-log.ts";

/** All letters have one key, so one partition holds them in the order of their arrival. */
const letterKey = "dead-letters";

/** Says that a letter was corrected and accepted. It stands in the topic of the letters, behind the letter. */
export interface Resubmission {
  /** Id of the letter: its place in the log. */
  readonly letter_id: string;
  /** The event that came of it. */
  readonly event_id: string;
  /** ISO 8601 in UTC with milliseconds. */
  readonly resubmitted_ts: string;
}

/** A letter as a record of the log. The same bytes on the same day (UTC) are one letter, so a body that is sent again adds none. */
export function letterRecord(letter: DeadLetter, receivedMs: number): NewRecord {
  const day = letter.error_ts.slice(0, 10);
  return {
    topic: "events_dlq",
    key: letterKey,
    id: derivedUuid(`${day}\n${letter.raw_payload}`),
    receivedMs,
    value: Buffer.from(JSON.stringify(letter)),
  };
}

/** The note that a letter was resubmitted, as a record of the log; only the first one for a letter is appended. */
export function resubmissionRecord(note: Resubmission, receivedMs: number): NewRecord {
  return {
    topic: "events_dlq",
    key: letterKey,
    id: derivedUuid(`resubmission of ${note.letter_id}`),
    receivedMs,
    value: Buffer.from(JSON.stringify(note)),
  };
}

/** What a record of the letters' topic holds. What another program wrote there is shown as a letter too. */
export function readLetterRecord({ value, receivedMs }: LogRecord): DeadLetter | Resubmission {
  const text = Buffer.from(value).toString();
  try {
    const read: unknown = JSON.parse(text);
    if (isLetter(read) || isResubmission(read)) return read;
  } catch {
    // no JSON: shown as it is, below
  }
  return {
    raw_payload: text,
    topic: "events_dlq",
    error_reason: "malformed_json",
    error_detail: "record: expected a dead letter, got something else",
    error_ts: new Date(receivedMs).toISOString(),
  };
}

/** Whether a record is the note of a resubmission. */
export function isResubmission(read: unknown): read is Resubmission {
  return typeof (read as Resubmission | null)?.letter_id === "string";
}

const isLetter = (read: unknown): read is DeadLetter =>
  typeof (read as DeadLetter | null)?.raw_payload === "string" &&
  rejectionReasons.includes((read as DeadLetter).error_reason);

/** A UUID of version 8 (RFC 9562, own content) that follows from a text: the first bits of its SHA-256. */
export function derivedUuid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

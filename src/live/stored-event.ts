import { eventSchemas, type UsherEvent } from "../contracts/events.ts";
import { idOfPart, isSession, keyPart, type Owner } from "./keys.ts";

/** Digits (of base 36) of a time in ms since 1970, so that the order of the texts is that of the times until the year 5188. */
const timeDigits = 9;

/** The fields of each type, in one fixed order. */
const fieldsOf = new Map<string, readonly string[]>(
  Object.entries(eventSchemas).map(([type, { properties }]) => [type, Object.keys(properties)]),
);

/** The place of an event among its owner's: the order of these texts is that of (event_ts, event_id). */
export function placeOf({ event_ts, event_id }: Pick<UsherEvent, "event_ts" | "event_id">): string {
  return Date.parse(event_ts).toString(36).padStart(timeDigits, "0") + keyPart(event_id);
}

/** What owner and place do not tell of an event, as JSON whose bytes do not depend on the order in which the client wrote the fields. */
export function textOfEvent(event: UsherEvent): string {
  const given = event as unknown as Readonly<Record<string, unknown>>;
  const byOwner = event.user_id === undefined ? "session_id" : "user_id";
  const rest: Record<string, unknown> = {};
  for (const field of fieldsOf.get(event.event_type) ?? []) {
    if (field === "event_id" || field === "event_ts" || field === byOwner) continue;
    if (given[field] !== undefined) rest[field] = given[field];
  }
  return JSON.stringify(rest);
}

/** The event again. */
export function eventOf(stored: { owner: Owner; place: string; text: string }): UsherEvent {
  const { owner, place, text } = stored;
  const given: Record<string, unknown> = {
    ...JSON.parse(text),
    event_id: idOfPart(place.slice(timeDigits)),
    event_ts: new Date(Number.parseInt(place.slice(0, timeDigits), 36)).toISOString(),
    [isSession(owner) ? "session_id" : "user_id"]: idOfPart(owner.slice(1)),
  };
  const event: Record<string, unknown> = {};
  for (const field of fieldsOf.get(String(given["event_type"])) ?? []) {
    if (given[field] !== undefined) event[field] = given[field];
  }
  return event as unknown as UsherEvent;
}

import { eventSchemas, type UsherEvent } from "../contracts/events.ts";

/** The fields of each type, in one fixed order. */
const fields = new Map<string, readonly string[]>(
  Object.entries(eventSchemas).map(([type, { properties }]) => [type, Object.keys(properties)]),
);

/** An event as JSON whose bytes do not depend on the order in which the client wrote the fields. */
export function textOfEvent(event: UsherEvent): string {
  const given = event as Readonly<Record<string, unknown>>;
  const ordered: Record<string, unknown> = {};
  for (const field of fields.get(event.event_type) ?? []) {
    if (given[field] !== undefined) ordered[field] = given[field];
  }
  return JSON.stringify(ordered);
}

/** What {@link textOfEvent} wrote. */
export const eventOfText = (text: string): UsherEvent => JSON.parse(text) as UsherEvent;

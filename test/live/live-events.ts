import fc from "fast-check";
import type { EventType, UsherEvent } from "../../src/contracts/events.ts";
import { type LoggedEvent, mergeEvent } from "../../src/contracts/merge.ts";

export const nowMs = Date.parse("2026-03-01T12:00:00.000Z");
const hourMs = 3600_000;

/** A UUID that holds a number. */
export const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** An event with an id of its own, an hour ago unless told otherwise. */
let made = 0;
export function event<Type extends EventType>(
  type: Type,
  fields: Record<string, unknown>,
  atMs: number = nowMs - hourMs / 2,
): UsherEvent & { event_type: Type } {
  return {
    event_id: uuid(++made + 1e6),
    event_type: type,
    event_ts: new Date(atMs).toISOString(),
    ...fields,
  } as UsherEvent & { event_type: Type };
}

const people = [{ user_id: "u" }, { user_id: "s" }, { session_id: uuid(1) }, { session_id: uuid(2) }];
const person = fc.constantFrom(...people, { user_id: "u", session_id: uuid(1) });
const item_id = fc.constantFrom("a", "b", "c", "d\u0001e", "éa😀");
const action = fc.oneof(
  fc.record({ event_type: fc.constantFrom("like", "dislike", "bookmark", "click", "view"), item_id }),
  fc.record({
    event_type: fc.constant("view"),
    item_id,
    progress: fc.constantFrom(0, 0.3, 0.89, 0.9, 1),
  }),
  fc.record({ event_type: fc.constant("rating"), item_id, rating: fc.constantFrom(0.5, 3, 3.5, 5) }),
  fc.record({ event_type: fc.constant("listen"), item_id, completed: fc.boolean() }),
  fc.record({
    event_type: fc.constant("impression"),
    item_ids: fc.array(item_id, { minLength: 1, maxLength: 4 }),
    surface: fc.constantFrom("for-you", "top"),
    model_version: fc.constant("v0001"),
  }),
  fc.record({
    event_type: fc.constant("retract"),
    target_event_id: fc.integer({ min: 0, max: 40 }).map((at) => uuid(at + 100)),
  }),
);
/** Times of the last ten days, with many equal ones. */
const time = fc.integer({ min: 0, max: 240 }).map((hours) => new Date(nowMs - hours * hourMs).toISOString());

/**
 * Sets of events of a few people and items, merges among them. Retracts aim at any id of the set, their own person's or another's,
 * and at ids that nobody has.
 */
export const eventSets: fc.Arbitrary<LoggedEvent[]> = fc
  .tuple(
    fc.array(fc.tuple(action, person, time), { maxLength: 30 }),
    fc.array(fc.tuple(fc.constantFrom("u", "s"), fc.constantFrom(uuid(1), uuid(2))), { maxLength: 3 }),
  )
  .map(([actions, merges]) => [
    ...actions.map(
      ([what, who, event_ts], at) => ({ event_id: uuid(at + 100), event_ts, ...who, ...what }) as UsherEvent,
    ),
    ...merges.map(([userId, sessionId]) => mergeEvent({ userId, sessionId, nowMs })),
  ]);

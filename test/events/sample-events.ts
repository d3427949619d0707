import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { type EventType, eventTypes } from "../../src/contracts/events.ts";

/** The clock of the tests, ms since 1970. */
export const nowMs = Date.UTC(2026, 0, 15, 12, 0, 0);

type Fields = Record<string, unknown>;

const own: Readonly<Record<EventType, Fields>> = {
  view: { item_id: "7", page_url: "https://films.example/7?x=1", device_type: "tv", progress: 0.5 },
  click: { item_id: "7", click_type: "poster", referrer: "https://films.example/" },
  rating: { item_id: "7", rating: 4.5, review_text: "good" },
  like: { item_id: "7" },
  dislike: { item_id: "7" },
  bookmark: { item_id: "7" },
  listen: { item_id: "7", duration_ms: 200_000, completed: true },
  impression: { item_ids: ["1", "2"], surface: "for-you", model_version: "v0001" },
  retract: { target_event_id: "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10" },
};

/** A right event of a type with an id of its own. */
export function sampleEvent(type: EventType = "view", changes: Fields = {}): Fields {
  return {
    event_type: type,
    event_id: randomUUID(),
    event_ts: "2026-01-15T11:59:00.000Z",
    user_id: "u1",
    ...own[type],
    ...changes,
  };
}

/** Right events of every type, with and without what may be absent, fields in any order. */
export const anyEvent: fc.Arbitrary<Fields> = fc
  .record({
    type: fc.constantFrom(...eventTypes),
    id: fc.uuid(),
    user: fc.oneof(fc.constantFrom("u1", "auth0|5", "é", "a b"), fc.integer({ min: -9, max: 9e15 })),
    session: fc.option(fc.uuid(), { nil: undefined }),
    ms: fc.integer({ min: 0, max: nowMs + 300_000 }),
    rating: fc.integer({ min: 1, max: 10 }),
    progress: fc.double({ min: 0, max: 1, noNaN: true }),
    text: fc.string({ unit: "binary", maxLength: 30 }),
    dropped: fc.subarray(["page_url", "device_type", "progress", "review_text", "completed", "click_type"]),
    order: fc.infiniteStream(fc.nat()),
  })
  .map(({ type, id, user, session, ms, rating, progress, text, dropped, order }) => {
    const event = sampleEvent(type, { event_id: id, user_id: user, event_ts: new Date(ms).toISOString() });
    if (session !== undefined) event["session_id"] = session;
    if (type === "rating") Object.assign(event, { rating: rating / 2, review_text: text });
    if (type === "view") event["progress"] = progress;
    for (const name of dropped) delete event[name];
    const keyed = Object.entries(event).map((entry) => ({ entry, key: order.next().value as number }));
    return Object.fromEntries(keyed.sort((a, b) => a.key - b.key).map(({ entry }) => entry));
  });

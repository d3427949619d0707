import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { livingParts } from "../events/living-parts.ts";
import { anyEvent } from "../events/sample-events.ts";
import { smallContext } from "./checked-app.ts";

const { log, living } = await livingParts();
const app = createApp(smallContext({ living }));
beforeAll(() => app.ready());
afterAll(() => app.close());

const poison = fc.constantFrom(
  '{"__proto__":{"event_type":"view"}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '[{"__proto__":[]}]',
  `{"event_type":"view","a":${"[".repeat(3000)}${"]".repeat(3000)}}`,
  `[${"{}".repeat(3)}]`,
  '{"event_type":"view","event_ts":1e999}',
  "\u0000",
  "\ufeff[]",
  `{"event_id":"${"9".repeat(5000)}"}`,
);
const oddEvent = fc
  .tuple(
    anyEvent,
    fc.array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom(
            "event_type",
            "event_id",
            "event_ts",
            "user_id",
            "item_id",
            "rating",
            "item_ids",
            "__proto__",
          ),
          fc.string({ maxLength: 12 }),
        ),
        fc.jsonValue({ maxDepth: 3 }),
      ),
      { maxLength: 3 },
    ),
  )
  .map(([event, changes]) => {
    const changed = { ...event };
    for (const [name, value] of changes)
      Object.defineProperty(changed, name, { value, enumerable: true, configurable: true });
    return changed;
  });
const values = fc.oneof(anyEvent, oddEvent, fc.jsonValue({ maxDepth: 3 }));
const text = fc.oneof(
  { weight: 4, arbitrary: values.map((value) => JSON.stringify(value)) },
  {
    weight: 3,
    arbitrary: fc.array(values, { maxLength: 4 }).map((list) => JSON.stringify([...list, ...list.slice(2)])),
  },
  {
    weight: 3,
    arbitrary: fc
      .array(values, { maxLength: 4 })
      .map((list) => list.map((value) => JSON.stringify(value)).join("\n")),
  },
  { weight: 1, arbitrary: poison },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
);
/** A body with, sometimes, a piece cut out or a byte changed. */
const damaged = fc
  .tuple(text, fc.option(fc.tuple(fc.nat(400), fc.nat(255)), { freq: 3 }), fc.boolean())
  .map(([body, damage, isCut]) => {
    const bytes = Buffer.from(body);
    if (!damage || bytes.length === 0) return bytes;
    const at = damage[0] % bytes.length;
    if (isCut) return bytes.subarray(0, at);
    bytes[at] = damage[1];
    return bytes;
  });
const type = fc.constantFrom(
  "application/json",
  "application/x-ndjson",
  "application/json; charset=utf-8",
  "text/plain",
);

it("10,000 bodies: no failure of the server, each answer one of those that are promised", async () => {
  const seen = new Map<number, number>();
  const statuses = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(damaged, type, async (payload, contentType) => {
      const answer = await app.inject({
        method: "POST",
        url: "/v1/events",
        payload,
        headers: { host: "localhost", "content-type": contentType },
      });
      expect([202, 400, 415]).toContain(answer.statusCode);
      seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1);
      if (answer.statusCode !== 202) return;
      for (const { status, reason } of answer.json().results) {
        const name = `${status} ${reason ?? ""}`.trim();
        statuses.set(name, (statuses.get(name) ?? 0) + 1);
      }
    }),
    { numRuns: 10_000, seed: 20260115 },
  );
  // the bodies reach every kind of answer, so that the promise means something
  expect([...seen.keys()].sort()).toEqual([202, 400, 415]);
  expect([...statuses.keys()].sort()).toEqual([
    "accepted",
    "duplicate",
    "rejected invalid_rating_value",
    "rejected invalid_timestamp",
    "rejected malformed_json",
    "rejected missing_required_field",
    "rejected schema_validation_failed",
    "rejected unknown_event_type",
  ]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  const kept = (["events_views", "events_clicks", "events_ratings", "events_feedback"] as const).flatMap(
    log.records,
  );
  expect(kept.length).toBe(statuses.get("accepted"));
  expect((await app.inject({ url: "/health/live", headers: { host: "localhost" } })).statusCode).toBe(200);
}, 120_000);

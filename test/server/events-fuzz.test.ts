import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { fuzzedBody, fuzzedType } from "../events/fuzzed-bodies.ts";
import { livingParts } from "../events/living-parts.ts";
import { smallContext } from "./checked-app.ts";

const { log, living } = await livingParts();
const app = createApp(smallContext({ living }));
beforeAll(() => app.ready());
afterAll(() => app.close());

it("10,000 bodies: no failure of the server, each answer one of those that are promised", async () => {
  const seen = new Map<number, number>();
  const statuses = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fuzzedBody, fuzzedType, async (payload, contentType) => {
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

import fc from "fast-check";
import { Compile } from "typebox/schema";
import { describe, expect, it } from "vitest";
import {
  type EventType,
  eventSchemas,
  eventTypes,
  type RejectionReason,
} from "../../src/contracts/events.ts";
import { Rejection, Unreadable, validateEvent } from "../../src/events/validate-event.ts";
import { anyEvent, nowMs, sampleEvent } from "./sample-events.ts";

const check = (value: unknown) => validateEvent(value, { nowMs });
const parsed = (text: string): unknown => JSON.parse(text);

/** Expects a rejection and gives its words. */
function rejected(value: unknown, reason: RejectionReason): string {
  const result = check(value);
  expect(result).toBeInstanceOf(Rejection);
  expect((result as Rejection).reason).toBe(reason);
  return (result as Rejection).detail;
}

describe("an event that is right", () => {
  it.each(eventTypes)("%s is accepted, with and without a user", (type) => {
    const event = sampleEvent(type);
    expect(check(event)).toEqual(event);
    const { user_id: _, ...anonymous } = event;
    const ofSession = { ...anonymous, session_id: "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10" };
    expect(check(ofSession)).toEqual(ofSession);
  });

  it("is the same bytes whatever the order of its fields", () => {
    fc.assert(
      fc.property(anyEvent, fc.infiniteStream(fc.nat()), (event, order) => {
        const entries = Object.entries(event).map((entry) => ({ entry, key: order.next().value as number }));
        const shuffled = Object.fromEntries(entries.sort((a, b) => a.key - b.key).map(({ entry }) => entry));
        const bytes = JSON.stringify(check(event));
        expect(JSON.stringify(check(shuffled))).toBe(bytes);
        // what is read back from the log is what was applied
        expect(check(parsed(bytes))).toEqual(check(event));
      }),
      { numRuns: 500 },
    );
  });

  it("has texts for whole numbers, lower-case UUIDs and no −0", () => {
    const event = parsed(
      `{"event_type":"view","event_id":"0190B8A2-7A5C-7C3E-9F11-2F6F3F0D9A10","event_ts":"2026-01-15T11:59:00.000Z",
        "user_id":-0,"session_id":"0190B8A2-7A5C-7C3E-9F11-2F6F3F0D9A11","item_id":1e3,"progress":-0}`,
    );
    const accepted = check(event) as unknown as Record<string, unknown>;
    expect(accepted).toMatchObject({
      event_id: "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10",
      session_id: "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a11",
      user_id: "0",
      item_id: "1000",
    });
    expect(Object.is(accepted["progress"], 0)).toBe(true);
    expect(check(sampleEvent("impression", { item_ids: [1, "b", 3] }))).toMatchObject({
      item_ids: ["1", "b", "3"],
    });
  });

  it("leaves what came as it was", () => {
    const event = Object.freeze(sampleEvent("view", { user_id: 5 }));
    expect(check(event)).toMatchObject({ user_id: "5" });
    expect(event["user_id"]).toBe(5);
  });

  it("may be five minutes ahead of the clock and as old as 1970", () => {
    for (const ms of [nowMs + 300_000, 0])
      expect(check(sampleEvent("like", { event_ts: new Date(ms).toISOString() }))).not.toBeInstanceOf(
        Rejection,
      );
  });
});

describe("missing_required_field", () => {
  it.each(["event_type", "event_id", "event_ts", "item_id"])("%s is named", (name) => {
    const { [name]: _, ...event } = sampleEvent("view");
    expect(rejected(event, "missing_required_field")).toContain(`${name}: expected`);
    expect(rejected({ ...event, [name]: null }, "missing_required_field")).toContain("got nothing");
  });
  it.each<[EventType, string]>([
    ["rating", "rating"],
    ["impression", "item_ids"],
    ["impression", "surface"],
    ["impression", "model_version"],
    ["retract", "target_event_id"],
  ])("a %s needs %s", (type, name) => {
    const { [name]: _, ...event } = sampleEvent(type);
    expect(rejected(event, "missing_required_field")).toContain(`${name}: expected`);
  });
  it("neither user nor session", () => {
    const { user_id: _, ...event } = sampleEvent("view");
    expect(rejected(event, "missing_required_field")).toContain("user_id or session_id");
    expect(rejected({ ...event, user_id: null, session_id: null }, "missing_required_field")).toContain(
      "session_id",
    );
  });
  it("comes before all else that is wrong", () => {
    rejected({ event_type: "rating", rating: 99, event_ts: "never", x: 1 }, "missing_required_field");
  });
});

describe("invalid_timestamp", () => {
  it.each([
    new Date(nowMs + 300_001).toISOString(),
    "1969-12-31T23:59:59.999Z",
    "2026-02-30T00:00:00.000Z",
    "2026-01-15T11:59:00Z",
    "2026-01-15T11:59:00.000+01:00",
    "yesterday",
    1_768_478_340_000,
    {},
  ])("%j", (event_ts) => {
    expect(rejected(sampleEvent("view", { event_ts }), "invalid_timestamp")).toContain("event_ts: expected");
  });
  it("comes before a wrong rating", () => {
    rejected(sampleEvent("rating", { event_ts: "x", rating: 9 }), "invalid_timestamp");
  });
});

describe("invalid_rating_value", () => {
  it.each([0, 0.25, 0.4999, 5.5, 6, -1, 3.7, 3.5000000000000004, 1e308, "4", true, [4], { a: 1 }])(
    "%j",
    (rating) => {
      const detail = rejected(sampleEvent("rating", { rating }), "invalid_rating_value");
      expect(detail).toContain("rating: expected a number in 0.5..5 in steps of 0.5, got ");
    },
  );
  it("every half step from 0.5 to 5 is right", () => {
    for (let halves = 1; halves <= 10; halves++)
      expect(check(sampleEvent("rating", { rating: halves / 2 }))).not.toBeInstanceOf(Rejection);
  });
});

describe("unknown_event_type", () => {
  it.each(["watch", "", "View", "constructor", "__proto__", "toString", 5, {}, ["view"], false])(
    "%j",
    (event_type) => {
      expect(rejected(sampleEvent("view", { event_type }), "unknown_event_type")).toContain(
        "event_type: expected one of",
      );
    },
  );
});

describe("schema_validation_failed", () => {
  it.each<[EventType, Record<string, unknown>, string]>([
    ["view", { event_id: "5" }, "event_id: expected a UUID"],
    ["view", { session_id: "s" }, "session_id: expected a UUID"],
    ["view", { session_id: null }, "session_id: expected a UUID"],
    ["view", { user_id: "" }, "user_id: expected an id"],
    ["view", { user_id: "a\u0000b" }, "user_id: expected an id"],
    ["view", { user_id: "\ud800" }, "user_id: expected an id"],
    ["view", { user_id: ".." }, "user_id: expected an id"],
    ["view", { user_id: "é".repeat(65) }, "user_id: expected an id"],
    ["view", { user_id: 1.5 }, "user_id: expected an id"],
    ["view", { item_id: 2 ** 53 }, "item_id: expected an id"],
    ["view", { item_id: true }, "item_id: expected an id"],
    ["view", { progress: 1.01 }, "progress: expected a number in 0..1, got 1.01"],
    ["view", { progress: "0.5" }, "progress: expected a number in 0..1"],
    ["view", { device_type: "fridge" }, "device_type: expected one of mobile"],
    ["view", { page_url: "not a uri" }, "page_url: expected a URI"],
    ["view", { rating: 4 }, "rating: expected one of"],
    ["view", { topic: "events_ratings" }, "topic: expected one of"],
    ["view", { schema_version: 2 }, "schema_version: expected an integer in 1..1, got 2"],
    ["view", { request_id: "" }, "request_id: expected a text of 1..128"],
    ["view", { event_id: 5, user_id: [], item_id: {} }, "event_id: expected a UUID, got 5"],
    ["click", { click_type: "elbow" }, "click_type: expected one of trailer"],
    ["rating", { review_text: "x".repeat(5001) }, "review_text: expected a text of 0..5000 characters"],
    ["listen", { duration_ms: -1 }, "duration_ms: expected an integer from 0 on, got -1"],
    ["listen", { completed: "yes" }, 'completed: expected true or false, got "yes"'],
    ["impression", { item_ids: [] }, "item_ids: expected a list of 1..200 entries"],
    ["impression", { item_ids: Array(201).fill("1") }, "item_ids: expected a list of 1..200 entries"],
    ["impression", { item_ids: ["1", ""] }, "item_ids[1]: expected an id"],
    ["impression", { item_id: "1" }, "item_id: expected one of"],
    ["retract", { target_event_id: "x" }, "target_event_id: expected a UUID"],
    ["retract", { item_id: "1" }, "item_id: expected one of"],
  ])("%s with %j", (type, changes, words) => {
    expect(rejected(sampleEvent(type, changes), "schema_validation_failed")).toContain(words);
  });
  it.each([null, true, 5, "event", [], [sampleEvent()]])("%j is no event", (value) => {
    expect(rejected(value, "schema_validation_failed")).toContain("event: expected a JSON object");
  });
  it("keys that would poison a prototype are unknown fields", () => {
    const text = JSON.stringify(sampleEvent("view"));
    for (const key of ["__proto__", "constructor", "hasOwnProperty"]) {
      const event = parsed(`{"${key}":{"polluted":true},${text.slice(1)}`);
      expect(rejected(event, "schema_validation_failed")).toContain(`${key}: expected one of`);
    }
    const hidden = parsed(`{"__proto__":${text}}`);
    rejected(hidden, "missing_required_field");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
  it("names at most 1,000 characters", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`field ${at}`, at]));
    expect(rejected(sampleEvent("view", many), "schema_validation_failed").length).toBeLessThanOrEqual(1000);
  });
});

it("malformed_json is what a line that is none gets", () => {
  expect(rejected(new Unreadable("line: expected JSON"), "malformed_json")).toBe("line: expected JSON");
});

it("agrees with the published schema, whatever a field is changed into", () => {
  const wholes = new Map(eventTypes.map((type) => [type, Compile(eventSchemas[type])]));
  const oddValue = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(0.5, 1, "view", "1", "tv", "2026-01-15T11:59:00.000Z", -0, "https://a.example/", null),
  );
  const oddName = fc.oneof(
    fc.constantFrom(
      "user_id",
      "item_id",
      "progress",
      "rating",
      "item_ids",
      "surface",
      "completed",
      "event_id",
    ),
    fc.constantFrom(
      "page_url",
      "schema_version",
      "request_id",
      "session_id",
      "duration_ms",
      "__proto__",
      "x",
    ),
  );
  let agreed = 0;
  fc.assert(
    fc.property(anyEvent, fc.array(fc.tuple(oddName, oddValue), { maxLength: 2 }), (right, changes) => {
      const event = { ...right };
      for (const [name, value] of changes)
        Object.defineProperty(event, name, { value, enumerable: true, configurable: true, writable: true });
      const result = check(event);
      const whole = wholes.get(event["event_type"] as EventType)!;
      if (!(result instanceof Rejection)) {
        agreed++;
        expect(whole.Check(result)).toBe(true);
        expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
        return;
      }
      expect(result.detail).not.toBe("");
      // what the schema alone would take is refused for its owner or its clock, or because a whole number is no id for it
      const fits = whole.Check(event) && typeof event["user_id"] === "string";
      if (fits)
        expect(["invalid_timestamp", "missing_required_field", "invalid_rating_value"]).toContain(
          result.reason,
        );
    }),
    { numRuns: 5000 },
  );
  expect(agreed).toBeGreaterThan(500);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventStatus, UsherEvent } from "../../src/contracts/events.ts";
import { UsherError } from "../../src/errors.ts";
import { type EventBatch, eventBatch } from "../../src/events/event-batch.ts";
import type { Appended } from "../../src/events/event-log.ts";
import { eventIntake, type IntakeCounts } from "../../src/events/intake.ts";
import { logFailure, memoryLog } from "./memory-log.ts";
import { anyEvent, nowMs, sampleEvent } from "./sample-events.ts";

const body = (...events: unknown[]): EventBatch => eventBatch(Buffer.from(JSON.stringify(events)), "json");
const statuses = (results: readonly EventStatus[]) => results.map(({ status }) => status);
const contentOf = (value: Uint8Array): unknown => JSON.parse(Buffer.from(value).toString());

function intakeWith(options: { inFlightMax?: number; inFlightBytesMax?: number } = {}) {
  const log = memoryLog();
  const applied: { event: UsherEvent; place: Appended }[] = [];
  const counts: IntakeCounts[] = [];
  const begun: number[] = [];
  let failure: Error | undefined;
  let delay = async () => {};
  const effects = {
    apply: async (events: readonly UsherEvent[], appended: readonly Appended[]) => {
      expect(appended.length).toBe(events.length);
      begun.push(...appended.map(({ offset }) => offset));
      await delay();
      if (failure) throw failure;
      events.forEach((event, index) => void applied.push({ event, place: appended[index]! }));
    },
  };
  const intake = eventIntake({
    log,
    effects,
    now: () => nowMs,
    onTaken: (taken) => counts.push(taken),
    ...options,
  });
  return {
    log,
    applied,
    begun,
    counts,
    intake,
    failEffects: (error: Error | undefined) => {
      failure = error;
    },
    delayEffects: (work: () => Promise<void>) => {
      delay = work;
    },
  };
}

describe("the intake", () => {
  it("keeps what is right in the topic of its type, under its owner, and applies it", async () => {
    const { intake, log, applied } = intakeWith();
    const view = sampleEvent("view", { user_id: 5 });
    const rating = sampleEvent("rating", {
      user_id: undefined,
      session_id: "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10",
    });
    expect(await intake.take(body(view, rating))).toEqual([
      { event_id: view["event_id"], status: "accepted" },
      { event_id: rating["event_id"], status: "accepted" },
    ]);
    const [viewed] = log.records("events_views");
    expect(viewed).toMatchObject({ key: "5", id: view["event_id"], receivedMs: nowMs });
    expect(contentOf(viewed!.value)).toEqual({ ...view, user_id: "5" });
    expect(log.records("events_ratings")[0]?.key).toBe("0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10");
    expect(applied.map(({ event }) => event.event_id)).toEqual([view["event_id"], rating["event_id"]]);
    expect(applied[0]?.place).toMatchObject({ topic: "events_views", offset: viewed?.offset });
  });

  it("keeps what is wrong as a dead letter, and says why for each", async () => {
    const { intake, log, applied, counts } = intakeWith();
    const right = sampleEvent("click");
    const results = await intake.take(
      body(
        sampleEvent("rating", { rating: 6, event_id: "e1" }),
        right,
        5,
        sampleEvent("view", { event_type: "watch" }),
      ),
    );
    expect(statuses(results)).toEqual(["rejected", "accepted", "rejected", "rejected"]);
    expect(results[0]).toMatchObject({ event_id: "e1", reason: "invalid_rating_value" });
    expect(results[0]?.detail).toContain("got 6");
    expect(results[2]).not.toHaveProperty("event_id");
    const letters = log.records("events_dlq").map(({ value }) => contentOf(value));
    expect(letters).toMatchObject([
      {
        topic: "events_ratings",
        error_reason: "invalid_rating_value",
        error_ts: new Date(nowMs).toISOString(),
      },
      { topic: "events_dlq", error_reason: "schema_validation_failed", raw_payload: "5" },
      { topic: "events_dlq", error_reason: "unknown_event_type" },
    ]);
    expect(applied.map(({ event }) => event.event_id)).toEqual([right["event_id"]]);
    expect(counts).toEqual([
      {
        accepted: { events_clicks: 1 },
        duplicates: 0,
        rejected: { invalid_rating_value: 1, schema_validation_failed: 1, unknown_event_type: 1 },
      },
    ]);
  });

  it("keeps at most 64 KiB of what came", async () => {
    const { intake, log } = intakeWith();
    await intake.take(body(sampleEvent("view", { long: "é".repeat(100_000) })));
    const letter = contentOf(log.records("events_dlq")[0]!.value) as { raw_payload: string };
    expect(Buffer.byteLength(letter.raw_payload)).toBeLessThanOrEqual(65_540);
    expect(letter.raw_payload.length).toBeGreaterThan(30_000);
  });

  it("counts an id once: in one body, in the next, and whatever comes with it", async () => {
    const { intake, log, applied } = intakeWith();
    const event = sampleEvent("like");
    const upper = { ...event, event_id: String(event["event_id"]).toUpperCase() };
    expect(statuses(await intake.take(body(event, upper, sampleEvent("like"))))).toEqual([
      "accepted",
      "duplicate",
      "accepted",
    ]);
    const other = { ...event, event_type: "dislike", item_id: "9" };
    expect(statuses(await intake.take(body(other)))).toEqual(["duplicate"]);
    expect(log.records("events_feedback").length).toBe(2);
    expect(applied.map(({ event: { event_type } }) => event_type)).toEqual(["like", "like"]);
  });

  it("an answer to a duplicate comes after the effects of the first", async () => {
    const { intake, applied, delayEffects } = intakeWith();
    delayEffects(() => new Promise((resolve) => setTimeout(resolve, 20)));
    const event = sampleEvent("like");
    const first = intake.take(body(event));
    expect(statuses(await intake.take(body(event)))).toEqual(["duplicate"]);
    expect(applied.length).toBe(1);
    await first;
  });

  it("an empty body needs no append", async () => {
    const { intake, log } = intakeWith();
    log.failWith(logFailure);
    expect(await intake.take(body())).toEqual([]);
  });

  it("begins effects in the order of the log, though the first take the longest", async () => {
    const { intake, log, applied, begun, delayEffects } = intakeWith();
    let wait = 8;
    delayEffects(() => new Promise((resolve) => setTimeout(resolve, wait--)));
    await Promise.all(
      Array.from({ length: 8 }, () => intake.take(body(sampleEvent("like"), sampleEvent("like")))),
    );
    expect(begun).toEqual(Array.from({ length: 16 }, (_, at) => at));
    expect(applied.length).toBe(16);
    expect(log.records("events_feedback").length).toBe(16);
  });

  it("keeps that order where the log tells its places late and in another order", async () => {
    const { log, intake, begun } = intakeWith();
    const append = log.append;
    let wait = 12;
    log.append = async (records) => {
      const places = await append(records);
      wait -= 3;
      await new Promise((resolve) => setTimeout(resolve, wait));
      return places;
    };
    await Promise.all(Array.from({ length: 4 }, () => intake.take(body(sampleEvent("like")))));
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it("no body in any split doubles or loses an event", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { minLength: 1, maxLength: 12 }),
        fc.array(fc.array(fc.nat(11), { maxLength: 8 }), { maxLength: 6 }),
        async (events, splits) => {
          const { intake, applied, log } = intakeWith();
          const bodies = [...splits.map((split) => split.map((at) => events[at % events.length]!)), events];
          const all = (await Promise.all(bodies.map((part) => intake.take(body(...part))))).flat();
          const ids = new Set(events.map((event) => String(event["event_id"])));
          expect(all.filter(({ status }) => status === "accepted").length).toBe(ids.size);
          expect(all.filter(({ status }) => status === "rejected")).toEqual([]);
          expect(new Set(applied.map(({ event }) => event.event_id))).toEqual(ids);
          expect(applied.length).toBe(ids.size);
          const kept = (
            ["events_views", "events_clicks", "events_ratings", "events_feedback"] as const
          ).flatMap(log.records);
          expect(new Set(kept.map(({ id }) => id))).toEqual(ids);
          expect(kept.length).toBe(ids.size);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("failures", () => {
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "taken",
      (error: unknown) => (error instanceof UsherError ? error.code : String(error)),
    );

  it("a log that fails takes nothing, and the next body is taken again", async () => {
    const { intake, log, applied } = intakeWith();
    const event = sampleEvent("like");
    log.failWith(logFailure);
    expect(await codeOf(intake.take(body(event, 5)))).toBe("LOG_UNAVAILABLE");
    expect([log.records("events_feedback"), log.records("events_dlq"), applied]).toEqual([[], [], []]);
    expect(intake.inFlight()).toBe(0);
    log.failWith(undefined);
    expect(statuses(await intake.take(body(event, 5)))).toEqual(["accepted", "rejected"]);
  });

  it("effects that fail are told, and those behind go on", async () => {
    const { intake, applied, failEffects } = intakeWith();
    failEffects(new UsherError("INTERNAL", "no effects"));
    expect(await codeOf(intake.take(body(sampleEvent("like"))))).toBe("INTERNAL");
    failEffects(undefined);
    expect(statuses(await intake.take(body(sampleEvent("like"))))).toEqual(["accepted"]);
    expect(applied.length).toBe(1);
  });

  it("above what may be under way a body is refused whole", async () => {
    const { intake, log } = intakeWith({ inFlightMax: 5 });
    const release = log.hold();
    const first = intake.take(body(sampleEvent("like"), sampleEvent("like"), sampleEvent("like")));
    expect(intake.inFlight()).toBe(3);
    expect(await codeOf(intake.take(body(sampleEvent("like"), 5, 6)))).toBe("TOO_BUSY");
    const second = intake.take(body(sampleEvent("like"), 5));
    expect(await codeOf(intake.take(body(sampleEvent("like"))))).toBe("TOO_BUSY");
    release();
    expect(statuses([...(await first), ...(await second)])).toEqual([
      "accepted",
      "accepted",
      "accepted",
      "accepted",
      "rejected",
    ]);
    expect(log.records("events_feedback").length).toBe(4);
    expect(log.records("events_dlq").length).toBe(1);
    expect(intake.inFlight()).toBe(0);
  });

  it("few events of many bytes are held back like many events", async () => {
    const large = { ...sampleEvent("rating"), review_text: "x".repeat(4000) };
    const { intake, log } = intakeWith({ inFlightBytesMax: 6000 });
    const release = log.hold();
    const first = intake.take(body(large));
    expect(await codeOf(intake.take(body(sampleEvent("rating"), large)))).toBe("TOO_BUSY");
    const second = intake.take(body(sampleEvent("like")));
    release();
    expect(statuses([...(await first), ...(await second)])).toEqual(["accepted", "accepted"]);
  });

  it("a body that alone is larger than the limit is taken when nothing else is under way", async () => {
    const { intake } = intakeWith({ inFlightMax: 1 });
    expect(statuses(await intake.take(body(sampleEvent("like"), sampleEvent("like"))))).toEqual([
      "accepted",
      "accepted",
    ]);
  });
});

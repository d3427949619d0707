import { describe, expect, it } from "vitest";
import { UsherError } from "../../src/errors.ts";
import { deadLetters } from "../../src/events/dead-letters.ts";
import { eventBatch } from "../../src/events/event-batch.ts";
import { eventIntake } from "../../src/events/intake.ts";
import { logFailure, memoryLog } from "./memory-log.ts";
import { nowMs, sampleEvent } from "./sample-events.ts";

function letterBox() {
  const log = memoryLog();
  let clockMs = nowMs;
  const now = () => clockMs;
  const intake = eventIntake({ log, effects: { apply: async () => {} }, now });
  const open = () => deadLetters({ log, intake, now });
  return {
    log,
    intake,
    open,
    letters: open(),
    reject: (...events: unknown[]) => intake.take(eventBatch(Buffer.from(JSON.stringify(events)), "json")),
    pass: (ms: number) => {
      clockMs += ms;
    },
  };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof UsherError ? error.code : String(error)),
  );

describe("the list", () => {
  it("is newest first, page by page, and by reason", async () => {
    const { reject, letters } = letterBox();
    for (let at = 0; at < 25; at++)
      await reject(
        at % 5 === 0
          ? sampleEvent("rating", { rating: at + 10 })
          : sampleEvent("view", { event_ts: `${at}` }),
      );
    const payloads = async (reason?: "invalid_rating_value") => {
      const seen: string[] = [];
      for (let before: string | undefined; ; ) {
        const page = await letters.list({
          limit: 7,
          ...(before ? { before } : {}),
          ...(reason ? { reason } : {}),
        });
        expect(page.letters.length).toBeLessThanOrEqual(7);
        seen.push(...page.letters.map((letter) => letter.raw_payload));
        if (page.next === undefined) return seen.map((text) => JSON.parse(text) as Record<string, unknown>);
        before = page.next;
      }
    };
    const all = await payloads();
    expect(all.length).toBe(25);
    expect(all.slice(0, 3).map(({ event_ts }) => event_ts)).toEqual(["24", "23", "22"]);
    expect((await payloads("invalid_rating_value")).map(({ rating }) => rating)).toEqual([
      30, 25, 20, 15, 10,
    ]);
  });

  it("has nothing where nothing was rejected", async () => {
    expect(await letterBox().letters.list({ limit: 10 })).toEqual({ letters: [] });
  });

  it("goes over reads of the log, and stops where retention did", async () => {
    const { reject, letters, log } = letterBox();
    for (let at = 0; at < 13; at++) await reject(...Array.from({ length: 100 }, (_, of) => at * 100 + of));
    const { partition } = log.records("events_dlq")[0]!;
    const first = await letters.list({ limit: 1200 });
    expect(first.letters.map((letter) => Number(letter.raw_payload))).toEqual(
      Array.from({ length: 1200 }, (_, at) => 1299 - at),
    );
    log.forget("events_dlq", partition, 1250);
    expect((await letters.list({ limit: 1200 })).letters.length).toBe(50);
    expect(await codeOf(letters.get(`${partition}-3`))).toBe("LETTER_UNKNOWN");
  });

  it("shows none twice where retention passes while it reads", async () => {
    const { reject, letters, log } = letterBox();
    await reject(...Array.from({ length: 700 }, (_, at) => at));
    const { partition } = log.records("events_dlq")[0]!;
    const read = log.read;
    log.read = async (...asked) => {
      const records = await read(...asked);
      log.forget("events_dlq", partition, 400);
      return records;
    };
    await letters.list({ limit: 1 }); // the letters were looked through once before
    log.forget("events_dlq", partition, 0);
    const { letters: found } = await letters.list({ limit: 700 });
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
    expect(found.length).toBe(500);
  });

  it("refuses a cursor that is none", async () => {
    expect(await codeOf(letterBox().letters.list({ limit: 1, before: "x" }))).toBe("PARAMETER_INVALID");
  });

  it("the same bytes on one day are one letter, on another day another", async () => {
    const { reject, letters, pass } = letterBox();
    await reject(5);
    await reject(5);
    expect((await letters.list({ limit: 9 })).letters.length).toBe(1);
    pass(86_400_000);
    await reject(5);
    expect((await letters.list({ limit: 9 })).letters.length).toBe(2);
  });

  it("shows what another program wrote there", async () => {
    const { log, letters } = letterBox();
    const record = { topic: "events_dlq", key: "k", receivedMs: nowMs } as const;
    await log.append([{ ...record, id: "a", value: Buffer.from("not json") }]);
    await log.append([{ ...record, id: "b", value: Buffer.from('{"raw_payload":5}') }]);
    const { letters: found } = await letters.list({ limit: 9 });
    expect(found.map((letter) => [letter.raw_payload, letter.error_reason])).toEqual([
      ['{"raw_payload":5}', "malformed_json"],
      ["not json", "malformed_json"],
    ]);
  });
});

describe("resubmission", () => {
  const newest = async (letters: ReturnType<ReturnType<typeof letterBox>["open"]>) =>
    (await letters.list({ limit: 1 })).letters[0]!;

  it("takes the corrected event, marks the letter, and does it once", async () => {
    const { reject, letters, log, open } = letterBox();
    const event = sampleEvent("rating", { rating: 6 });
    await reject(event);
    const { id } = await newest(letters);
    expect(await codeOf(letters.resubmit(id))).toBe("EVENT_REJECTED");
    expect(await codeOf(letters.resubmit(id, { corrected: 5 }))).toBe("EVENT_REJECTED");
    expect(log.records("events_dlq").length).toBe(1);
    const corrected = { ...event, rating: 5 };
    expect(await letters.resubmit(id, { corrected })).toEqual({
      event_id: event["event_id"],
      status: "accepted",
    });
    expect(log.records("events_ratings").length).toBe(1);
    const marked = { event_id: event["event_id"], resubmitted_ts: new Date(nowMs).toISOString() };
    expect((await newest(letters)).resubmission).toEqual(marked);
    // whoever opens the log later knows it too
    expect((await open().get(id)).resubmission).toEqual(marked);
    const again = { ...corrected, event_id: "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10" };
    expect(await letters.resubmit(id, { corrected: again })).toMatchObject({ status: "duplicate" });
    expect(log.records("events_ratings").length).toBe(1);
  });

  it("as it came is right once the clock has come so far", async () => {
    const { reject, letters, pass } = letterBox();
    await reject(sampleEvent("like", { event_ts: new Date(nowMs + 600_000).toISOString() }));
    const { id } = await newest(letters);
    expect(await codeOf(letters.resubmit(id))).toBe("EVENT_REJECTED");
    pass(600_000);
    expect(await letters.resubmit(id)).toMatchObject({ status: "accepted" });
  });

  it("of a line that is no JSON needs a corrected body", async () => {
    const { intake, letters } = letterBox();
    await intake.take(eventBatch(Buffer.from("{no"), "lines"));
    const { id, raw_payload: raw } = await newest(letters);
    expect(raw).toBe("{no");
    expect(await codeOf(letters.resubmit(id))).toBe("EVENT_REJECTED");
    expect(await letters.resubmit(id, { corrected: sampleEvent("like") })).toMatchObject({
      status: "accepted",
    });
  });

  it("is all or nothing: with the log away neither event nor mark is there", async () => {
    const { reject, letters, log } = letterBox();
    const event = sampleEvent("rating", { rating: 6 });
    await reject(event);
    const { id } = await newest(letters);
    log.failWith(logFailure);
    expect(await codeOf(letters.resubmit(id, { corrected: { ...event, rating: 1 } }))).toBe(
      "LOG_UNAVAILABLE",
    );
    log.failWith(undefined);
    expect((await letters.get(id)).resubmission).toBeUndefined();
    expect(log.records("events_ratings")).toEqual([]);
  });

  it.each(["", "x", "0-0", "2-999", "999-0", "-1-0", "0-0-0", "1e1-0"])("of %j is unknown", async (id) => {
    const { reject, letters } = letterBox();
    await reject(sampleEvent("like"));
    expect(await codeOf(letters.resubmit(id))).toBe("LETTER_UNKNOWN");
  });

  it("a mark is no letter", async () => {
    const { reject, letters, log } = letterBox();
    const event = sampleEvent("rating", { rating: 6 });
    await reject(event);
    await letters.resubmit((await newest(letters)).id, { corrected: { ...event, rating: 5 } });
    const mark = log.records("events_dlq")[1]!;
    expect(await codeOf(letters.get(`${mark.partition}-${mark.offset}`))).toBe("LETTER_UNKNOWN");
    expect((await letters.list({ limit: 9 })).letters.length).toBe(1);
  });
});

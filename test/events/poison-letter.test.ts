import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openConsumer } from "../../src/events/consumer.ts";
import { type DeadLetters, deadLetters } from "../../src/events/dead-letters.ts";
import { eventBatch } from "../../src/events/event-batch.ts";
import type { EventLog, LogRecord } from "../../src/events/event-log.ts";
import { eventIntake } from "../../src/events/intake.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { type LiveState, openLiveState } from "../../src/live/live-state.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { nowMs, sampleEvent } from "./sample-events.ts";

let folder: string;
let log: EventLog;
let live: LiveState;
let letters: DeadLetters;
const event = sampleEvent("like") as { event_id: string; user_id: string };
const now = () => nowMs;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-poison-"));
  log = await openLmdbEventLog({ folder });
  live = await openLiveState({
    ...{ store: memoryStateStore(), log, now, flushMs: 0 },
    onFailure: (error) => {
      throw error;
    },
  });
  const intake = eventIntake({ log, effects: live, now });
  letters = deadLetters({ log, intake, now });
  await intake.take(eventBatch(Buffer.from(JSON.stringify(event)), "json"));
});
afterEach(async () => {
  await live.close();
  await log.close();
  await rm(folder, { recursive: true });
});

/** A consumer of likes, and the ids of the events that it has handled; it cannot take any while it is `broken`. */
function likesOf(group: string) {
  const handled: string[] = [];
  const consumer = {
    handled,
    isBroken: false,
    drain: () => openConsumer({ log, group, topics: ["events_feedback"], effect, now }).drain(),
  };
  const effect = async (records: readonly LogRecord[]) => {
    if (consumer.isBroken) throw new Error("no rows for it");
    for (const { value } of records) handled.push(JSON.parse(Buffer.from(value).toString()).event_id);
  };
  return consumer;
}

const newest = async () => (await letters.list({ limit: 1 })).letters[0]!;

it("what a consumer could not take is handled once it is submitted again, and counts once elsewhere", async () => {
  const likes = likesOf("likes");
  likes.isBroken = true;
  await likes.drain();
  const trending = await live.trending("7d");
  expect(trending).toHaveLength(1);
  const letter = await newest();
  expect(letter).toMatchObject({
    topic: "events_feedback",
    consumer: { group: "likes", offset: 0 },
    error_detail: "likes could not take it: no rows for it",
  });
  likes.isBroken = false;
  await likes.drain();
  expect(likes.handled).toEqual([]); // passed over

  expect(await letters.resubmit(letter.id)).toEqual({ event_id: event.event_id, status: "accepted" });
  await likes.drain();
  expect(likes.handled).toEqual([event.event_id]);
  expect(await letters.resubmit(letter.id)).toEqual({ event_id: event.event_id, status: "duplicate" });
  await likes.drain();
  expect(likes.handled).toEqual([event.event_id]);
  expect((await newest()).resubmission).toMatchObject({ event_id: event.event_id });

  await live.follow();
  expect((await live.list({ userId: event.user_id, limit: 10 })).events).toHaveLength(1);
  expect(await live.trending("7d")).toEqual(trending);
});

it("what is poison a second time makes a letter of its own, which may be submitted again", async () => {
  const likes = likesOf("likes");
  likes.isBroken = true;
  await likes.drain();
  const first = await newest();
  await letters.resubmit(first.id);
  await likes.drain();
  const second = await newest();
  expect(second.id).not.toBe(first.id);
  expect(second.consumer).toMatchObject({ offset: 1 });
  likes.isBroken = false;
  await letters.resubmit(second.id);
  await likes.drain();
  expect(likes.handled).toEqual([event.event_id]);
});

it("two at once submit it once", async () => {
  const likes = likesOf("likes");
  likes.isBroken = true;
  await likes.drain();
  const { id } = await newest();
  const statuses = await Promise.all([letters.resubmit(id), letters.resubmit(id)]);
  expect(statuses.map(({ status }) => status).sort()).toEqual(["accepted", "duplicate"]);
});

it("an accepted event is not corrected, and one that is forgotten cannot come again", async () => {
  const likes = likesOf("likes");
  likes.isBroken = true;
  await likes.drain();
  const { id } = await newest();
  const refusal = { code: "EVENT_REJECTED", details: { reason: "schema_validation_failed" } };
  await expect(letters.resubmit(id, { corrected: { ...event, item_id: "8" } })).rejects.toMatchObject(
    refusal,
  );
  await log.trim(nowMs + 8 * 86_400_000);
  await expect(letters.resubmit(id)).rejects.toMatchObject({
    ...refusal,
    message: expect.stringContaining("retention is over"),
  });
  expect((await letters.get(id)).resubmission).toBeUndefined();
});

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { deadLetters } from "../../src/events/dead-letters.ts";
import { eventBatch } from "../../src/events/event-batch.ts";
import { eventIntake } from "../../src/events/intake.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { openLiveState } from "../../src/live/live-state.ts";
import { openLmdbStateStore } from "../../src/stores/lmdb-state-store.ts";
import { sampleEvent } from "./sample-events.ts";

const body = (events: unknown[]) => eventBatch(Buffer.from(JSON.stringify(events)), "json");
const refuse = (error: unknown) => {
  throw error;
};

async function open(home: string) {
  const log = await openLmdbEventLog({ folder: join(home, "log") });
  const store = await openLmdbStateStore({ folder: join(home, "live") });
  const live = await openLiveState({ store, log, now: Date.now, flushMs: 0, onFailure: refuse });
  const intake = eventIntake({ log, effects: live });
  const letters = deadLetters({ log, intake });
  const close = async () => {
    await live.close();
    await store.close();
    await log.close();
  };
  return { log, live, intake, letters, close };
}

it("over the embedded log and store: concurrent bodies are in effect when answered, and all is there after a restart", async () => {
  const home = await mkdtemp(join(tmpdir(), "usher-intake-"));
  const events = Array.from({ length: 200 }, (_, at) => sampleEvent("like", { item_id: `i${at}` }));
  const before = await open(home);
  await Promise.all(
    events.map(async (event, at) => {
      const twice = [event, events[(at + 1) % events.length]];
      const results = await before.intake.take(body(at % 7 === 0 ? [...twice, { wrong: at }] : twice));
      expect(results.filter(({ status }) => status === "rejected").length).toBe(at % 7 === 0 ? 1 : 0);
      const listed = await before.live.list({ userId: "u1", limit: 1000 });
      const ids = new Set(listed.events.map(({ event_id }) => event_id));
      for (const { status, event_id = "" } of results)
        if (status !== "rejected") expect(ids).toContain(event_id);
    }),
  );
  const all = await before.live.list({ userId: "u1", limit: 1000 });
  expect(all.events.length).toBe(200);
  const { letters } = await before.letters.list({ limit: 100 });
  expect(letters.length).toBe(29);
  const [first] = letters;
  const corrected = sampleEvent("dislike");
  expect(await before.letters.resubmit(first?.id ?? "", { corrected })).toMatchObject({ status: "accepted" });
  await before.close();

  const after = await open(home);
  expect((await after.live.list({ userId: "u1", limit: 1000 })).events.length).toBe(201);
  expect((await after.letters.get(first?.id ?? "")).resubmission).toMatchObject({
    event_id: corrected["event_id"],
  });
  const again = await after.intake.take(body([...events, corrected]));
  expect(new Set(again.map(({ status }) => status))).toEqual(new Set(["duplicate"]));
  await after.close();
}, 60_000);

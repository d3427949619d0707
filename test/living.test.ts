import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventTopics } from "../src/contracts/tables.ts";
import { openDuckdb } from "../src/engine/duckdb.ts";
import type { Engine } from "../src/engine/engine.ts";
import { eventBatch } from "../src/events/event-batch.ts";
import { homePaths } from "../src/home/home.ts";
import { openLake } from "../src/lake/delta-lake.ts";
import { sinkEvents } from "../src/lake/event-sink.ts";
import type { Lake } from "../src/lake/lake.ts";
import { openLiving } from "../src/living.ts";
import { sampleEvent } from "./events/sample-events.ts";

let home: string;
let engine: Engine;
let lake: Lake;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-living-"));
  engine = await openDuckdb({ threads: 1 });
  lake = openLake(homePaths(home).lake, engine);
});
afterAll(async () => {
  await engine.close();
  await rm(home, { recursive: true, force: true });
});

const open = () =>
  openLiving(
    { paths: homePaths(home), lake, engine },
    {
      onFailure: (failure) => {
        throw failure;
      },
      onTaken: () => {},
      onAnswered: () => {},
    },
  );
const sink = async (log: Parameters<typeof sinkEvents>[2]["log"]) => {
  for (const topic of eventTopics) await sinkEvents(lake, topic, { log });
};

it("a state that is lost is made again, to the byte, from the lake and what the log still holds", async () => {
  const first = await open();
  const take = async (living: typeof first, events: object[]) => {
    const statuses = await living.intake.take(eventBatch(Buffer.from(JSON.stringify(events)), "json"));
    expect(statuses.map(({ status }) => status)).toEqual(events.map(() => "accepted"));
  };
  const session_id = "7d3f0a52-0000-4000-8000-000000000001";
  const rated = Array.from({ length: 40 }, (_, at) =>
    sampleEvent(at % 2 === 0 ? "rating" : "view", { user_id: `u${at % 7}`, item_id: `i${at}` }),
  );
  const visit = sampleEvent("like", { user_id: undefined, session_id, item_id: "i3" });
  const [liked] = rated;
  await take(first, [...rated, visit]);
  await take(first, [sampleEvent("retract", { user_id: "u0", target_event_id: liked?.["event_id"] })]);
  await first.live.merge({ userId: "u1", sessionId: session_id });
  await sink(first.log);
  expect(await first.log.trim(Date.now() + 100 * 24 * 3600_000)).toBe(43);
  await take(first, [sampleEvent("bookmark", { user_id: "u2", item_id: "later" })]);
  const before = await first.live.canonicalHash();
  await first.close();

  await rm(homePaths(home).live, { recursive: true });
  const again = await open();
  expect(again.live.caughtUp).toMatchObject({ records: 1, restored: 43 });
  expect(await again.live.canonicalHash()).toBe(before);
  const { events } = await again.live.list({ userId: "u1", limit: 100 });
  expect(events.map((event) => event.event_id)).toContain(visit["event_id"]);
  await again.close();

  // without the lake the hash tells that something is missing: the test above can fail
  await rm(homePaths(home).live, { recursive: true });
  await rm(homePaths(home).lake, { recursive: true });
  const without = await open();
  expect(without.live.caughtUp).toMatchObject({ restored: 0 });
  expect(await without.live.canonicalHash()).not.toBe(before);
  await without.close();
});

import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { servedHome } from "./server-kills.ts";
import { runUsher, startServer } from "./usher-process.ts";

let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  ground = await servedHome();
});
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

it("poison in the log: records that hold no event, and an event whose text no engine can write, hold up nothing", async () => {
  const { home } = ground;
  const log = await openLmdbEventLog({ folder: join(home, "state", "log") });
  const poison = [
    "{no",
    "",
    "5",
    "\u0000",
    JSON.stringify({ event_type: "like", event_id: "x", event_ts: "never" }),
  ];
  await log.append(
    poison.map((text) => ({
      ...{ topic: "events_feedback", key: "ada", id: randomUUID(), receivedMs: Date.now() },
      value: Buffer.from(text),
    })),
  );
  await log.close();

  const server = await startServer(["serve", "--home", home]);
  const event = { user_id: "ada", event_ts: new Date().toISOString() };
  const half = { event_type: "rating", item_id: "1", rating: 5, review_text: "half a pair: \ud800" };
  const posted = [
    half,
    { event_type: "rating", item_id: "2", rating: 4 },
    { event_type: "like", item_id: "3" },
  ];
  const answer = await fetch(`${server.address}/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(posted.map((one) => ({ ...event, ...one, event_id: randomUUID() }))),
  });
  expect(await answer.json()).toMatchObject({ results: posted.map(() => ({ status: "accepted" })) });
  const listed = await fetch(`${server.address}/v1/users/ada/events`);
  expect(((await listed.json()) as { events: unknown[] }).events).toHaveLength(3);
  const ran = await runUsher(["run", "sink-events,build", "--home", home, "--json"]);
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  expect(JSON.parse(ran.stdout)).toMatchObject({ status: "succeeded" });
  server.child.kill("SIGTERM");
  expect(await server.finished).toMatchObject({ code: 0, stderr: "" });

  const engine = await openDuckdb({ threads: 1 });
  const lake = openLake(join(home, "lake"), engine);
  const itemsOf = async (table: string) =>
    (await engine.rows(`SELECT item_id FROM ${await lake.relation(table)} WHERE user_id = 'ada'`))
      .map((row) => row["item_id"])
      .sort();
  expect(await itemsOf("silver_events_ratings")).toEqual(["1", "2"]);
  expect(await itemsOf("silver_events_feedback")).toEqual(["3"]);
  await engine.close();
});

import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { EventStatus } from "../../src/contracts/events.ts";
import { servedHome } from "./server-kills.ts";
import { startServer } from "./usher-process.ts";

const hourMs = 3600_000;
const dayMs = 24 * hourMs;
let ground: Awaited<ReturnType<typeof servedHome>>;
let clock = "";
beforeAll(async () => {
  ground = await servedHome();
  clock = join(ground.folder, "clock");
});
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

const start = () =>
  startServer(["serve", "--home", ground.home], {
    USHER_TEST_CLOCK: clock,
    NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, "shifted-clock.js"))}`,
  });

it("a clock that jumps ahead and back: rules follow the clock, what was accepted stays, and every answer comes", async () => {
  let server = await start();
  const get = async (path: string) => {
    const answer = await fetch(server.address + path);
    expect([path, answer.status]).toEqual([path, 200]);
    return (await answer.json()) as { items: { item_id: string }[]; events: { item_id: string }[] };
  };
  /** Sends a rating at a time, and says what became of it. */
  const rate = async (item_id: string, atMs: number) => {
    const event = { event_id: randomUUID(), event_type: "rating", user_id: "ada", item_id, rating: 5 };
    const answer = await fetch(`${server.address}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...event, event_ts: new Date(atMs).toISOString() }),
    });
    expect(answer.status).toBe(202);
    const [result] = ((await answer.json()) as { results: EventStatus[] }).results;
    return result?.reason ?? result?.status;
  };
  const rated = async () => (await get("/v1/users/ada/events")).events.map(({ item_id }) => item_id);
  const shown = async () =>
    (await get("/v1/users/ada/recommendations?k=200")).items.map(({ item_id }) => item_id);

  const nowMs = Date.now();
  expect(await rate("1", nowMs)).toBe("accepted");
  expect(await rate("2", nowMs + 10 * dayMs)).toBe("invalid_timestamp");

  await writeFile(clock, String(10 * dayMs)); // ahead: retention of views is over, the hour is another one
  expect(await rate("2", nowMs + 10 * dayMs)).toBe("accepted");
  expect((await get("/v1/trending?window=1h")).items.map(({ item_id }) => item_id)).toEqual(["2"]);

  await writeFile(clock, "0"); // back: an event of the future stays accepted, a new one is refused
  expect(await rate("3", nowMs + 10 * dayMs)).toBe("invalid_timestamp");
  expect(await rate("3", nowMs + 1)).toBe("accepted"); // the time decides the order, not the id
  await writeFile(clock, String(-10 * dayMs));
  expect(await rate("4", nowMs - 10 * dayMs)).toBe("accepted");
  expect(await rate("5", nowMs)).toBe("invalid_timestamp");
  await get("/v1/trending?window=7d");
  expect(await rated()).toEqual(["2", "3", "1", "4"]); // by event time
  const before = await shown();
  for (const item of ["1", "2", "3", "4"]) expect(before).not.toContain(item);
  expect(before).toContain("5");

  server.child.kill("SIGKILL");
  await server.finished;
  server = await start();
  expect(await rated()).toEqual(["2", "3", "1", "4"]);
  expect(await shown()).toEqual(before);
  await writeFile(clock, "0");
  expect(await shown()).toEqual(expect.arrayContaining(["5"]));
  server.child.kill("SIGTERM");
  expect((await server.finished).code).toBe(0);
});

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { EventLog } from "../../src/events/event-log.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { homePaths } from "../../src/home/home.ts";
import { lockHome } from "../../src/home/lock.ts";
import { runUsher, startUsher } from "../e2e/usher-process.ts";

let home: string;
let opened: EventLog;
let lock: Awaited<ReturnType<typeof lockHome>>;

const append = (count: number, topic: "events_views" | "events_ratings" = "events_views") =>
  opened.append(
    Array.from({ length: count }, (_, at) => ({
      topic,
      key: `${at % 7}`,
      id: randomUUID(),
      receivedMs: 1_700_000_000_000 + at * 1000,
      value: Buffer.from(JSON.stringify({ at })),
    })),
  );
const log = (...args: string[]) => runUsher(["log", ...args, "--home", home]);
const json = async (...args: string[]) => {
  const done = await log(...args, "--json");
  expect(done.stderr).toBe("");
  return JSON.parse(done.stdout);
};

// this process is the server that owns the home
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-log-"));
  lock = await lockHome(home);
  opened = await openLmdbEventLog({ folder: homePaths(home).log });
  await append(50);
  await append(5, "events_ratings");
  await opened.commit("bronze", [{ topic: "events_ratings", partition: 0, offset: 0 }]);
});
afterAll(async () => {
  await opened.close();
  await lock.release();
  await rm(home, { recursive: true });
});

it("shows topics, lag and the newest records beside the process that writes", async () => {
  const topics: { topic: string; next: number; first: number }[] = await json("topics");
  expect(topics).toHaveLength(15);
  expect(topics.reduce((sum, { first, next }) => sum + next - first, 0)).toBe(55);
  expect((await log("topics", "--topic", "events_ratings")).stdout).toMatch(
    /^events_ratings\/0 {2}\d+ records/,
  );

  const lag: { group: string; lag: number }[] = await json("lag");
  expect(lag.reduce((sum, one) => sum + one.lag, 0)).toBe(5);
  expect(new Set(lag.map(({ group }) => group))).toEqual(new Set(["bronze"]));
  expect((await log("lag", "--group", "nobody")).stdout).toBe("nobody has not read yet\n");

  const newest: { value: { at: number } }[] = await json("tail", "--topic", "events_views", "--limit", "3");
  expect(newest.map(({ value }) => value.at)).toEqual([47, 48, 49]);
  expect(await json("tail", "--limit", "0")).toEqual([]);
});

it("follows what another process appends, also when the file grows", async () => {
  const following = startUsher(["log", "tail", "--limit", "1", "--follow", "--home", home]);
  await following.until(/"at":49/);
  await opened.append([
    { topic: "events_views", key: "1", id: randomUUID(), receivedMs: 1, value: Buffer.alloc(3_000_000, "x") },
  ]);
  await append(1);
  await following.until(/"at":0/);
  following.child.kill("SIGTERM");
  expect((await following.finished).code).toBe(0);
});

it("replays only where no server runs, from an offset or a time", async () => {
  const replay = ["replay", "--group", "bronze", "--topic", "events_ratings"];
  const refused = await log(...replay);
  expect(refused.stderr).toContain("[HOME_LOCKED]");
  await opened.close();
  await lock.release();
  const lags: { lag: number }[] = await json(...replay, "--from", "2023-11-14T22:13:22Z");
  expect(lags.reduce((sum, { lag }) => sum + lag, 0)).toBe(3);
  expect((await log(...replay)).stdout).toContain("reads on from 0");
  lock = await lockHome(home);
  opened = await openLmdbEventLog({ folder: homePaths(home).log });
});

it.each([
  [["nonsense"], "USAGE"],
  [["replay"], "USAGE"],
  [["topics", "--topic", "views"], "PARAMETER_INVALID"],
  [["tail", "--limit", "-1"], "PARAMETER_INVALID"],
  [["replay", "--group", "g", "--from", "yesterday"], "PARAMETER_INVALID"],
])("refuses %j with %s", async (args, code) => {
  const done = await log(...args);
  expect(done.stderr).toContain(`[${code}]`);
  expect(done.code).toBe(2);
});

it("says so where a home has no log yet", async () => {
  const done = await runUsher(["log", "topics", "--home", join(home, "empty")]);
  expect(done.stderr).toContain("[HOME_EMPTY]");
});

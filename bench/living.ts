import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultConfiguration } from "../src/contracts/configuration.ts";
import { openLmdbEventLog } from "../src/events/lmdb-event-log.ts";
import { homePaths } from "../src/home/home.ts";
import { openLiveState } from "../src/live/live-state.ts";
import { openLmdbStateStore } from "../src/stores/lmdb-state-store.ts";
import { openUsher } from "../src/usher.ts";
import { eventMaker, recordOf } from "./living-events.ts";
import { closedLoop, type LoadResult, openLoop, quantile, withConnections } from "./load.ts";
import type { BenchOptions } from "./movielens.ts";
import { movielens1mIn, prepareHome } from "./prepared-home.ts";
import { getBytes, postBytes, type RawAnswer } from "./raw-http.ts";
import { type ServedHome, serveHome } from "./served-home.ts";

export interface LivingResult {
  /** Durable events a second over HTTP, in bodies of 100 and one by one, and of the bare log in appends of 100. */
  readonly batchedPerSecond: number;
  readonly singlePerSecond: number;
  readonly bareLogPerSecond: number;
  /** Of one event at 1,000 a second. */
  readonly singleMsP99: number;
  /** From sending an event to holding a list that it changed, at 500 events and 500 lists a second. */
  readonly changedMsP50: number;
  readonly changedMsP99: number;
  readonly unchanged: number;
  readonly replaySeconds: number;
  readonly replayed: number;
  /** Anonymous memory of a server with the live state of so many users, at rest and after lists for some of them. */
  readonly usersHeld: number;
  readonly anonymousBytesAtRest: number | undefined;
  readonly anonymousBytesAsked: number | undefined;
  /** Of the items that were recommended first; the same in every run of the same size. */
  readonly checksum: string;
}

/** Sizes: how many of what is sent or held. */
const large = {
  batches: 3000,
  singles: 60_000,
  steady: 20_000,
  changes: 10_000,
  users: 1_000_000,
  asked: 20_000,
};
const small = { batches: 20, singles: 200, steady: 200, changes: 100, users: 2000, asked: 100 };
type Sizes = typeof large;
const batchEvents = 100;

/**
 * The living system on the two cores that it shares with its load: durable intake, the time from an event to the answer that it
 * changed, replay, and memory. Tiny: the built-in demo with small models, and little of everything.
 */
export async function run({ dataFolder, tiny }: BenchOptions): Promise<LivingResult> {
  const home = await mkdtemp(join(tmpdir(), "usher-living-"));
  try {
    const itemIds = await prepareHome(
      home,
      tiny ? { algorithms: ["item-knn", "biased-mf"] } : { from: movielens1mIn(join(dataFolder, "ml-1m")) },
    );
    const sizes = tiny ? small : large;
    const replay = await replayed(home, { itemIds, sizes });
    const bareLogPerSecond = await bareAppends(join(home, "bare-log"), { itemIds, sizes });
    const server = await serveHome(home);
    try {
      const memory = await memoryOf(server, sizes);
      const changes = await eventToAnswer(server, sizes); // first: its lists do not depend on what else was sent
      const intake = await takeEvents(server, { itemIds, sizes });
      const result = { bareLogPerSecond, ...intake, ...changes, ...replay, ...memory };
      print(result);
      return result;
    } finally {
      await server.stop();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Fills the log with one event of each user, and reads it into an empty live state. */
async function replayed(home: string, { itemIds, sizes }: { itemIds: readonly string[]; sizes: Sizes }) {
  const paths = homePaths(home);
  const log = await openLmdbEventLog({ folder: paths.log });
  const maker = eventMaker({ users: sizes.users, itemIds, seed: 1, inTurn: true });
  for (let left = sizes.users; left > 0; left -= 10_000) {
    await log.append(Array.from({ length: Math.min(left, 10_000) }, () => recordOf(maker.make())));
  }
  const store = await openLmdbStateStore({ folder: paths.live });
  const began = performance.now();
  const live = await openLiveState({ store, log, now: Date.now, onFailure: rethrow });
  await live.close(); // with everything on disk
  const replaySeconds = (performance.now() - began) / 1000;
  await store.close();
  await log.close();
  await bringToLake(home);
  return { replaySeconds, replayed: live.caughtUp.records };
}

/** What a server does each minute: else the first minute of the measured one would take a million events at once. */
async function bringToLake(home: string): Promise<void> {
  const usher = await openUsher({ home, configuration: defaultConfiguration });
  try {
    await usher.openLiving();
    const { runner } = await usher.openUpkeep();
    const { status } = await (await runner.start({ trigger: "manual", tasks: ["sink-events"] })).ended;
    if (status !== "succeeded") throw new Error(`expected events in the lake, got a run that ${status}`);
  } finally {
    await usher.close();
  }
}

const rethrow = (error: unknown) => {
  throw error;
};

/** What an empty log takes without HTTP, checks and live state: 8 writers with appends of 100. */
async function bareAppends(
  folder: string,
  { itemIds, sizes }: { itemIds: readonly string[]; sizes: Sizes },
): Promise<number> {
  const log = await openLmdbEventLog({ folder });
  const maker = eventMaker({ users: 10_000, itemIds, seed: 2 });
  const batches = Array.from({ length: sizes.batches }, () =>
    Array.from({ length: batchEvents }, () => recordOf(maker.make())),
  );
  const began = performance.now();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let batch = batches.pop(); batch; batch = batches.pop()) await log.append(batch);
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  await log.close();
  return (sizes.batches * batchEvents) / seconds;
}

/** Memory with everybody's live state, at rest and after lists of some. */
async function memoryOf(server: ServedHome, sizes: Sizes) {
  const anonymousBytesAtRest = await server.memoryBytes("RssAnon");
  await withConnections(server.address, 4, (connections) =>
    closedLoop({
      connections,
      count: sizes.asked,
      send: async (connection, at) => {
        const user = Math.floor((at * sizes.users) / sizes.asked);
        expectStatus(200, await connection.send(listOf(`bench-${user}`)));
      },
    }),
  );
  return {
    usersHeld: sizes.users,
    anonymousBytesAtRest,
    anonymousBytesAsked: await server.memoryBytes("RssAnon"),
  };
}

async function takeEvents(
  { address }: ServedHome,
  { itemIds, sizes }: { itemIds: readonly string[]; sizes: Sizes },
) {
  const maker = eventMaker({ users: 10_000, itemIds, seed: 3 });
  const bodies = (count: number, body: () => string) =>
    Array.from({ length: count }, () => postBytes("/v1/events", body()));
  const batch = () => JSON.stringify(Array.from({ length: batchEvents }, () => maker.make()));
  const single = () => JSON.stringify(maker.make());
  const post = async (connections: number, requests: readonly Buffer[], perSecond?: number) => {
    const load = {
      count: requests.length,
      send: async (connection: { send(bytes: Buffer): Promise<RawAnswer> }, at: number) => {
        const answer = await connection.send(requests[at] as Buffer);
        expectStatus(202, answer);
        if (answer.body.includes("rejected")) throw new Error(`expected accepted, got ${answer.body}`);
      },
    };
    return withConnections(address, connections, (opened) =>
      perSecond === undefined
        ? closedLoop({ connections: opened, ...load })
        : openLoop({ connections: opened, perSecond, ...load }),
    );
  };
  // before the bursts, whose events are on the way to state and lake for a while
  await post(64, bodies(sizes.steady / 5, single), 1000); // warm-up
  const steady = await post(64, bodies(sizes.steady, single), 1000);
  await post(8, bodies(sizes.batches / 10, batch)); // warm-up
  const batched = await post(8, bodies(sizes.batches, batch));
  const singles = await post(64, bodies(sizes.singles, single));
  return {
    batchedPerSecond: (batched.count * batchEvents) / batched.seconds,
    singlePerSecond: singles.count / singles.seconds,
    singleMsP99: quantile(steady, 0.99),
  };
}

/** Each piece: an event that consumes the first item of the person's list, then the list again, which must have changed. */
async function eventToAnswer({ address }: ServedHome, sizes: Sizes) {
  const users = Math.min(1000, sizes.changes);
  const firsts = new Array<string>(users);
  const hash = createHash("sha256");
  let unchanged = 0;
  const load: LoadResult = await withConnections(address, 64, async (connections) => {
    await closedLoop({
      connections,
      count: users,
      send: async (connection, at) => {
        firsts[at] = firstOf(await connection.send(listOf(`fresh-${at}`)));
      },
    });
    const maker = eventMaker({ users: 1, itemIds: ["-"], seed: 4 });
    return openLoop({
      connections,
      count: sizes.changes,
      perSecond: 500,
      send: async (connection, at) => {
        const user = at % users;
        const before = firsts[user] as string;
        const { event_id, event_ts } = maker.make();
        const who = { user_id: `fresh-${user}`, item_id: before };
        const event = { event_id, event_type: "rating", event_ts, ...who, rating: 1 + (at % 5) };
        expectStatus(202, await connection.send(postBytes("/v1/events", JSON.stringify(event))));
        const answer = await connection.send(listOf(`fresh-${user}`));
        if (answer.body.includes(`"item_id":"${before}","rank"`)) unchanged++;
        firsts[user] = firstOf(answer);
      },
    });
  });
  hash.update(firsts.join());
  return {
    changedMsP50: quantile(load, 0.5),
    changedMsP99: quantile(load, 0.99),
    unchanged,
    checksum: hash.digest("hex").slice(0, 12),
  };
}

const listOf = (userId: string) => getBytes(`/v1/users/${userId}/recommendations?k=10`);

function firstOf(answer: RawAnswer): string {
  expectStatus(200, answer);
  return /"item_id":"([^"]+)"/.exec(answer.body.toString())?.[1] ?? "";
}

function expectStatus(status: number, answer: RawAnswer): void {
  if (answer.status === status) return;
  throw new Error(`expected ${status}, got ${answer.status} ${answer.body.subarray(0, 300)}`);
}

function print(result: LivingResult): void {
  const whole = (value: number) => Math.round(value).toLocaleString("en-US");
  const megabytes = (bytes: number | undefined) =>
    bytes === undefined ? "unknown" : `${Math.round(bytes / 1e6)} MB`;
  const share = (result.batchedPerSecond / result.bareLogPerSecond).toFixed(2);
  const rows: [string, string][] = [
    ["events/s over HTTP, bodies of 100, 8 connections", `${whole(result.batchedPerSecond)} (≥ 20,000)`],
    ["  as a share of the bare log", `${share} of ${whole(result.bareLogPerSecond)} /s`],
    ["events/s over HTTP, one by one, 64 connections", `${whole(result.singlePerSecond)} (≥ 4,000)`],
    ["p99 of one event at 1,000/s", `${result.singleMsP99.toFixed(1)} ms (< 20)`],
    [
      "event to changed answer at 500/s, p50 / p99",
      `${result.changedMsP50.toFixed(1)} / ${result.changedMsP99.toFixed(1)} ms (p99 < 50)`,
    ],
    ["  answers that had not changed", String(result.unchanged)],
    [
      `replay of ${whole(result.replayed)} events into live state`,
      `${result.replaySeconds.toFixed(2)} s (< 20 for 1 M)`,
    ],
    [
      `RssAnon with the live state of ${whole(result.usersHeld)} users`,
      `${megabytes(result.anonymousBytesAtRest)} at rest, ${megabytes(result.anonymousBytesAsked)} after lists (< 1 GB)`,
    ],
    ["checksum of 1,000 newcomers' last first items", result.checksum],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(52)}${value}`);
}

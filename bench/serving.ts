import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions } from "./movielens.ts";
import { movielens1mIn, prepareHome } from "./prepared-home.ts";
import { closeHome, printServed, type Served, servedByRival, servedLists } from "./serving-load.ts";

export interface ServingResult {
  readonly usher: Served;
  /** The same requests to what a site builds by hand; absent where nothing else was asked for. */
  readonly rival: Served;
  readonly users: number;
  readonly items: number;
}

const users = 1000;

/**
 * Lists for 1,000 users of MovieLens-1M drawn by Zipf while people act 100 times a second: with key check, rate limit, headers and a
 * request log, on one core. Beside it a server built by hand, asked the same way. Tiny: the built-in demo and few requests.
 */
export async function run({ dataFolder, tiny }: BenchOptions): Promise<ServingResult> {
  const home = await mkdtemp(join(tmpdir(), "usher-serving-"));
  try {
    const key = await closeHome(home);
    const itemIds = await prepareHome(home, {
      from: tiny ? undefined : movielens1mIn(join(dataFolder, "ml-1m")),
    });
    const count = tiny ? 300 : 40_000;
    const isPinned = !tiny;
    const [usher] = (await servedLists(home, [{ count, users }], { itemIds, key, isPinned })) as [Served];
    const items = itemIds.length;
    const rival = await servedByRival({ users, items }, { load: { count: count / 4, users }, isPinned });
    console.log(`${users} users by Zipf, ${items} items, 16 connections, server on one core`);
    printServed("usher, profiles change at 100/s", usher);
    printServed("fastify and plain JavaScript", rival);
    console.log(`ratio ${(usher.perSecond / rival.perSecond).toFixed(1)} (≥ 5,000 lists/s, p99 < 15 ms)`);
    return { usher, rival, users, items };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

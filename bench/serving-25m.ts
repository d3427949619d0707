import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { historyOf, type Interactions } from "../src/data/interactions.ts";
import { firstUsers, grow, movielens1m } from "./grown.ts";
import { withConnections } from "./load.ts";
import type { BenchOptions } from "./movielens.ts";
import { prepareHome } from "./prepared-home.ts";
import { getBytes, postBytes, type RawConnection } from "./raw-http.ts";
import type { ServedHome } from "./served-home.ts";
import { closeHome, printServed, type Served, servedLists } from "./serving-load.ts";

/** Who is asked for: those of the smaller form, and everybody. */
const askedUsers = [1000, 151_000];

/**
 * The same as `serving`, from 151,000 users × 59,296 items with 25,005,225 ratings, grown from MovieLens-1M: lists of a thousand users,
 * and of all of them, most of whom are not known again. Then one item is written, and the next answer timed. Tiny: 200 users.
 */
export async function run({ dataFolder, tiny }: BenchOptions): Promise<readonly Served[]> {
  const folder = await mkdtemp(join(tmpdir(), "usher-serving-25m-"));
  try {
    const whole = await movielens1m(dataFolder);
    const grown = grow(tiny ? firstUsers(whole, 200) : whole, { copies: tiny ? 1 : 25, seed: 1 });
    const data = join(folder, "data");
    const home = join(folder, "home");
    await mkdir(data);
    await mkdir(home);
    await writeRatings(join(data, "ratings.csv"), grown);
    const key = await closeHome(home);
    const began = performance.now();
    const itemIds = await prepareHome(home, {
      from: { source: "csv", location: data },
      algorithms: ["ials", "popularity"],
    });
    const seconds = (performance.now() - began) / 1000;
    console.log(`${grown.items.length} ratings imported, cleaned and trained in ${seconds.toFixed(0)} s`);
    const loads = askedUsers.map((users) => ({
      count: tiny ? 100 : 20_000,
      users: Math.min(users, grown.userCount),
    }));
    const after = async (server: ServedHome) => printWritten(await writtenMs(server, key));
    const served = await servedLists(home, loads, { itemIds, key, isPinned: !tiny, after });
    for (const [at, one] of served.entries()) printServed(`usher, ${loads[at]?.users} users by Zipf`, one);
    return served;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How long an item takes to be written, and then each of the next answers, ms: the first makes the offer anew. */
async function writtenMs({ address }: ServedHome, key: string): Promise<number[]> {
  const item = JSON.stringify({ title: "Written", genres: ["Drama"], people: [], release_year: 2026 });
  const requests = Array.from({ length: 3 }, (_, at) => [
    postBytes(`/v1/items/written-${at}`, item, key, "PUT"),
    getBytes("/v1/users/1/recommendations?k=10", key),
  ]).flat();
  const taken: number[] = [];
  await withConnections(address, 1, async ([connection]) => {
    for (const request of requests) {
      const began = performance.now();
      const { status, body } = await (connection as RawConnection).send(request);
      if (status >= 300) throw new Error(`expected an answer, got ${status} ${body}`);
      taken.push(performance.now() - began);
    }
  });
  return taken;
}

const printWritten = (taken: readonly number[]) =>
  console.log(`an item written, and the next list: ${taken.map((ms) => ms.toFixed(1)).join(", ")} ms`);

/** Users and items from 1 on, as the generator of events names them. */
async function writeRatings(path: string, ratings: Interactions): Promise<void> {
  function* lines() {
    yield "user_id,item_id,rating\n";
    for (let user = 0; user < ratings.userCount; user++) {
      const { items, values } = historyOf(ratings, user);
      let text = "";
      for (let at = 0; at < items.length; at++) text += `${user + 1},${(items[at] ?? 0) + 1},${values[at]}\n`;
      yield text;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
}

import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfiguration } from "../../src/home/configuration.ts";
import { openLmdbRecommendationStore } from "../../src/stores/lmdb-recommendation-store.ts";
import { openUsher } from "../../src/usher.ts";
import { writeSmallMovielens } from "../e2e/small-movielens.ts";

const killedPublisher = fileURLToPath(new URL("killed-publisher.js", import.meta.url));

let folder: string;
let home: string;
const opened = async () => {
  const { values } = await loadConfiguration({ home, environment: {} });
  return openUsher({ home, configuration: values });
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-publish-kill-"));
  home = join(folder, "home");
  const data = await writeSmallMovielens(join(folder, "data"), { users: 1500, ratings: 6 });
  const usher = await opened();
  await usher.importSource({ source: "movielens", location: data } as never);
  await usher.buildLake();
  await usher.train({ algorithms: ["popularity", "item-knn", "biased-mf"] });
  await usher.serve();
  await usher.publishLists({ k: 4 });
  await usher.close();
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a new process finds: the edition, a list, the versions of the tables. */
async function found() {
  const usher = await opened();
  try {
    await usher.serve();
    const { items } = (await usher.ask("/v1/lists")) as { items: unknown[] };
    const list = await usher.ask("/v1/users/7/recommendations?source=stored");
    const { request_id: _, ...answer } = list as Record<string, unknown>;
    const tables = ["gold_recommendations", "gold_recommendations_final", "gold_item_audience"];
    return { items, answer, versions: await Promise.all(tables.map((table) => usher.lake.latest(table))) };
  } finally {
    await usher.close();
  }
}
/** How many editions lie in the store beside the one that is read; they go. */
async function leftovers() {
  const store = await openLmdbRecommendationStore({ folder: join(home, "state", "lists") });
  const gone = await store.sweep();
  await store.close();
  return gone;
}
/** @returns The signal that ended the process. */
const publishUntil = (share: number) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [killedPublisher, home, String(share)], { stdio: "inherit" });
    child.once("exit", (_, signal) => resolve(signal));
  });

it("a publication that is killed in its middle leaves the lists and tables before, and the next one goes through", async () => {
  const before = await found();
  expect(before).toMatchObject({
    versions: [0, 0, 0],
    items: [{ users: 1500, k: 4 }],
    answer: { degraded: [] },
  });
  expect(await publishUntil(0.8)).toBe("SIGKILL");
  expect(await found()).toEqual(before);
  expect(await leftovers()).toBe(1); // so the kill came after something was written
  expect(await publishUntil(0.5)).toBe("SIGKILL");
  expect(await publishUntil(2)).toBeNull();
  const after = await found();
  expect(after).toMatchObject({
    versions: [1, 1, 1],
    items: [{ users: 1500, k: 10 }],
    answer: { degraded: [] },
  });
  expect(await leftovers()).toBe(0);
  expect(await readdir(join(home, "lake", "sink"))).toEqual([]);
}, 120_000);

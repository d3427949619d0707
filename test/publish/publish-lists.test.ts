import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isShown } from "../../src/data/catalogue.ts";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { UsherError } from "../../src/errors.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { type PublishRequest, publishLists } from "../../src/publish/publish-lists.ts";
import { recommender } from "../../src/recommend/recommender.ts";
import type { RecommendationStore } from "../../src/stores/recommendation-store.ts";
import { memoryRecommendationStore } from "../contract/memory-recommendation-store.ts";
import { popularRanker, smallCatalogue, smallRelease } from "../recommend/small-release.ts";

const nowMs = Date.parse("2026-01-02T03:04:05Z");
const userIds = smallRelease.set.users.ids;

let engine: Engine;
let folder: string;
let lake: Lake;
let store: RecommendationStore;
beforeAll(async () => {
  engine = await openDuckdb({ threads: 1 });
});
afterAll(() => engine.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-publish-"));
  lake = openLake(folder, engine);
  store = memoryRecommendationStore(() => nowMs);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const publish = (changes: Partial<PublishRequest> = {}) => {
  const release = changes.release ?? smallRelease;
  const answering = recommender({ release, catalogue: smallCatalogue });
  return publishLists({
    ...{ release, store, lake, k: 3, audienceK: 2, hideConsumed: true },
    ...{ computedAtMs: nowMs, expiresAtMs: nowMs + 1000 },
    recommend: (request) => answering.recommend(request),
    viewOf: async () => undefined,
    isShown: (itemId) => isShown(smallCatalogue.get(itemId), { nowMs }),
    trendingScoreOf: () => 0,
    ...changes,
  });
};
const rowsOf = async (table: string) =>
  engine.rows(`SELECT * FROM ${await lake.relation(table)} ORDER BY ALL`);
/** The edition of each user's list, as a reader finds them. */
const editionsRead = async () => {
  const found = await Promise.all(userIds.map((userId) => store.listOf(userId)));
  return [...new Set(found.map((one) => one?.edition.name))];
};

describe("publishing", () => {
  it("gives everybody else a turn, and shows nobody a half", async () => {
    await publish();
    const [first] = await editionsRead();
    let [clock, turns] = [0, 0];
    const seen = new Set<string | undefined>();
    await publish({
      computedAtMs: nowMs + 1,
      now: () => (clock += 3), // each look at the clock takes 3 ms: after two users at the latest the turn is over
      giveWay: async () => {
        turns++;
        for (const name of await editionsRead()) seen.add(name);
      },
    });
    expect(turns).toBeGreaterThanOrEqual(userIds.length / 2);
    expect([...seen]).toEqual([first]);
    expect(await editionsRead()).toEqual([`v0001-${nowMs + 1}`]);
    expect(await store.sweep()).toBe(0);
  });

  it("gives users of whom nothing liked is known the top list, without scores of the ranker", async () => {
    await publish();
    const silent = (await rowsOf("gold_recommendations_final")).filter((row) => row["user_id"] === "silent");
    expect(silent.length).toBe(3);
    expect(silent.map((row) => row["model_score"])).toEqual([null, null, null]);
    const surfaces = (await rowsOf("gold_recommendations")).map((row) => [row["user_id"], row["surface"]]);
    expect(Object.fromEntries(surfaces)).toMatchObject({ silent: "top", low: "top", 1: "for-you" });
  });

  it("recommends nobody for an item that is not shown, or that they know", async () => {
    await publish({ audienceK: 10 });
    const audience = await rowsOf("gold_item_audience");
    expect(audience.length).toBeGreaterThan(5);
    const pairs = audience.map((row) => `${row["item_id"]} ${row["user_id"]}`);
    expect(pairs.filter((pair) => /^(6|7) /.test(pair))).toEqual([]); // a placeholder, and one that was taken down
    expect(pairs).not.toContain("1 1");
    expect(pairs).not.toContain("4 2");
  });

  it("by a ranker that likes everybody the same makes lists and no audiences", async () => {
    const { edition } = await publish({ release: { ...smallRelease, ranker: popularRanker } });
    expect([edition.users, edition.items]).toEqual([6, 0]);
    expect(await rowsOf("gold_item_audience")).toEqual([]);
    expect(await editionsRead()).toEqual([edition.name]);
  });

  it.each([
    [
      "a user who cannot be answered",
      { viewOf: async () => Promise.reject(new UsherError("STORE_UNAVAILABLE")) },
    ],
    ["a cancel", { signal: AbortSignal.abort() }],
  ] as const)("leaves everything as it was after %s", async (_, changes) => {
    await publish();
    const before = await rowsOf("gold_recommendations");
    await expect(publish({ computedAtMs: nowMs + 1, ...changes })).rejects.toMatchObject({
      code: expect.stringMatching("STORE_UNAVAILABLE|CANCELLED"),
    });
    expect(await rowsOf("gold_recommendations")).toEqual(before);
    expect(await editionsRead()).toEqual([`v0001-${nowMs}`]);
    expect(await store.sweep()).toBe(0);
    expect(existsSync(join(folder, "sink")) ? await readdir(join(folder, "sink")) : []).toEqual([]);
  });

  it("keeps the lists before where the store fails at the switch", async () => {
    await publish();
    const failing = { ...store, publish: async () => Promise.reject(new UsherError("STORE_UNAVAILABLE")) };
    await expect(publish({ computedAtMs: nowMs + 1, store: failing })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    expect(await editionsRead()).toEqual([`v0001-${nowMs}`]);
  });
});

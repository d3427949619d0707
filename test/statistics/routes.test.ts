import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Item, releaseCatalogue } from "../../src/data/catalogue.ts";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake } from "../../src/lake/build.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { readCatalogue } from "../../src/lake/read.ts";
import { servingOf } from "../../src/server/context.ts";
import { openStatistics } from "../../src/statistics/open-statistics.ts";
import { smallRelease } from "../recommend/small-release.ts";
import { type CheckedApp, checkedApp, problem } from "../server/checked-app.ts";
import { importOf, smallRatings } from "./small-ratings.ts";

let folder: string;
let engine: Engine;
let server: CheckedApp;
let statistics: ReturnType<typeof openStatistics>;
/** Changes the item of the catalogue that answers. */
let changed: (item: Item) => Item = (item) => item;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-statistics-routes-"));
  engine = await openDuckdb({ threads: 1 });
  const lake = openLake(join(folder, "lake"), engine);
  const build = await buildLake({ lake, engine, imports: [importOf(smallRatings())] });
  const { items } = await readCatalogue(lake, engine, build);
  statistics = openStatistics({ folder, lake: join(folder, "lake") });
  server = await checkedApp({
    statistics,
    serving: () =>
      servingOf({ release: smallRelease, catalogue: releaseCatalogue(items.map(changed)), build }),
  });
}, 60_000);
afterAll(async () => {
  await server.app.close();
  await statistics.close();
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});
const get = async (url: string) => {
  const answer = await server.ask(url);
  expect([url, answer.statusCode, answer.body]).toEqual([url, 200, expect.anything()]);
  return answer.json();
};

describe("statistics over HTTP", () => {
  it("answer each question in its shape", async () => {
    expect(await get("/v1/statistics/overview")).toMatchObject({
      model_version: "v0001",
      build: 1,
      item_count: 40,
    });
    const { total, buckets } = await get("/v1/statistics/ratings");
    expect(buckets).toHaveLength(10);
    expect(total).toBe((await get("/v1/statistics/overview")).rating_count);
    const means = await get("/v1/statistics/ratings?of=item_means&votes_min=5");
    expect(means.total).toBeLessThanOrEqual(40);
    expect((await get("/v1/statistics/releases")).items[0].release_year).toBe(1990);
    expect((await get("/v1/statistics/genres?year=1991")).items).not.toEqual([]);
    expect(await get("/v1/statistics/users/u3")).toMatchObject({ user_id: "u3", months: expect.anything() });
    expect((await get("/v1/statistics/users/nobody")).rating_count).toBe(0);
  });

  it("answer of one item, and not of one that the catalogue does not show", async () => {
    const { total, rating_mean, buckets } = await get("/v1/statistics/items/1");
    expect(buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(total);
    expect((await get("/v1/items/1")).rating_mean).toBeCloseTo(rating_mean, 10);
    problem(await server.ask("/v1/statistics/items/nowhere"), 404, "ITEM_UNKNOWN");
  });

  it("state the floor of a top list, which is as long as it was asked for", async () => {
    const top = await get("/v1/statistics/top?genre=drama&k=3&votes_min=4");
    expect(top.vote_floor).toBe(4);
    expect(top.items.map(({ rank }: { rank: number }) => rank)).toEqual([1, 2, 3]);
    for (const item of top.items) {
      expect(item.genres).toContain("Drama");
      expect(item.rating_count).toBeGreaterThanOrEqual(4);
    }
  });

  it("leave out what was hidden since the build, and fill up", async () => {
    const [first, ...others] = (await get("/v1/statistics/top?k=5")).items;
    changed = (item) => (item.itemId === first.item_id ? { ...item, isHidden: true } : item);
    const after = (await get("/v1/statistics/top?k=5")).items;
    changed = (item) => item;
    const idsOf = (items: { item_id: string }[]) => items.map(({ item_id }) => item_id);
    expect(idsOf(after.slice(0, 4))).toEqual(idsOf(others));
    expect(after).toHaveLength(5);
  });

  it("answer older clients under their names", async () => {
    const { top, genres } = await get("/statistics/comedie/1991");
    const present = await get("/v1/statistics/top?genre=Comédie&year=1991");
    expect(top).toEqual(
      present.items.map((item: Record<string, unknown>) => ({
        id: Number(item["item_id"]),
        title: item["title"],
        rating_mean: item["rating_mean"],
        rating_count: item["rating_count"],
      })),
    );
    expect(top.length).toBeGreaterThan(1);
    const ofYear = await get("/v1/statistics/genres?year=1991");
    expect(genres).toEqual(
      ofYear.items.map((entry: Record<string, unknown>) => ({
        genre: entry["genre"],
        count: entry["item_count"],
      })),
    );
  });

  it.each([
    "/v1/statistics/ratings?of=all",
    "/v1/statistics/top?k=201",
    "/v1/statistics/top?votes_min=0",
    "/v1/statistics/genres?year=1",
    "/v1/statistics/overview?x=1",
    "/statistics/drama/soon",
  ])("refuse %s", async (url) => {
    problem(await server.ask(url), 400, "PARAMETER_INVALID");
  });

  it("are not there without a lake", async () => {
    const bare = await checkedApp();
    problem(await bare.ask("/v1/statistics/overview"), 503, "NOT_READY");
    problem(await bare.ask("/statistics/drama/1990"), 503, "NOT_READY");
    await bare.app.close();
  });
});

it("GET /v1/user/{user_id} gives the ids of the user's list as System E's clients know them", async () => {
  const bare = await checkedApp();
  const must = (await bare.ask("/v1/user/1")).json();
  const { items } = (await bare.ask("/v1/users/1/recommendations")).json();
  const ids = items.map(({ item_id }: { item_id: string }) =>
    String(Number(item_id)) === item_id ? Number(item_id) : item_id,
  );
  expect(ids.length).toBeGreaterThan(3);
  expect(must).toEqual({ result: { must_watch: ids }, error: null });
  await bare.app.close();
});

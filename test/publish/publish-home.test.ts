import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { RecommendationsBody } from "../../src/contracts/http.ts";
import type { EditionBody } from "../../src/contracts/lists-http.ts";
import type { JobRecord } from "../../src/contracts/workflow.ts";
import { loadConfiguration } from "../../src/home/configuration.ts";
import type { Release } from "../../src/registry/release-store.ts";
import { openUsher, type Usher } from "../../src/usher.ts";
import { writeSmallMovielens } from "../e2e/small-movielens.ts";
import { sampleEvent } from "../events/sample-events.ts";
import { until } from "../workflow/held-clock.ts";

const startMs = Date.parse("2026-03-01T12:00:00Z");
const hourMs = 3600_000;
const userCount = 150;

let folder: string;
let usher: Usher;
let release: Release;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: startMs }); // lists and answers are of one moment
  folder = await mkdtemp(join(tmpdir(), "usher-publish-"));
  const home = join(folder, "home");
  const { values } = await loadConfiguration({ home, environment: {}, flags: { port: 0 } });
  const data = await writeSmallMovielens(join(folder, "data"), { users: userCount });
  usher = await openUsher({ home, configuration: values });
  await usher.importSource({ source: "movielens", location: data } as never);
  await usher.buildLake();
  await usher.train({ algorithms: ["popularity", "ials", "biased-mf"] });
  release = (await usher.serve()) as Release;
  await usher.openLiving();
  await usher.openUpkeep();
  await act("rating", { user_id: "1", item_id: "5", rating: 5 });
  await act("dislike", { user_id: "2", item_id: "6" });
  await act("like", { user_id: "3", item_id: "9" });
}, 120_000);
afterAll(async () => {
  await usher.close();
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

async function act(type: "rating" | "dislike" | "like", fields: Record<string, unknown>) {
  const event = sampleEvent(type, { ...fields, event_ts: new Date(Date.now() - 1000).toISOString() });
  const answer = (await usher.ask({ path: "/v1/events", method: "POST", body: event })) as {
    results: { status: string }[];
  };
  expect(answer.results).toMatchObject([{ status: "accepted" }]);
}
const listFor = async (userId: string, query: string) =>
  (await usher.ask(`/v1/users/${userId}/recommendations?${query}`)) as RecommendationsBody;
const stored = (userId: string, k = 10) => listFor(userId, `k=${k}&source=stored`);
const live = (userId: string, k = 10) => listFor(userId, `k=${k}`);
const published = async () => ((await usher.ask("/v1/lists")) as { items: EditionBody[] }).items;
const rows = async (table: string, columns = "*") =>
  usher.engine.rows(`SELECT ${columns} FROM ${await usher.lake.relation(table)}`);
const users = Array.from({ length: userCount }, (_, at) => String(at + 1));

describe("before anything is published", () => {
  it("the live list answers, and says so", async () => {
    expect(await published()).toEqual([]);
    const { degraded, items } = await stored("1");
    expect([degraded, items]).toEqual([["lists"], (await live("1")).items]);
    await expect(usher.ask("/v1/lists/items/1")).rejects.toMatchObject({ code: "LISTS_UNKNOWN" });
  });
});

describe("a publication", () => {
  it("holds for every user the list that is answered at its moment, to the last digit and reason", async () => {
    const { edition } = await usher.publishLists();
    expect(edition).toMatchObject({ modelVersion: release.report.version, users: userCount, k: 10 });
    expect(await published()).toMatchObject([
      { computed_at: "2026-03-01T12:00:00.000Z", expires_at: "2026-03-03T12:00:00.000Z", users: userCount },
    ]);
    for (const userId of users) {
      const [kept, now] = [await stored(userId), await live(userId)];
      const { request_id: _, ...rest } = kept;
      const { request_id: __, next_cursor: ___, ...expected } = now; // a stored list has no next page
      expect(rest).toEqual(expected);
      expect(kept.items.length).toBe(10);
    }
    expect((await stored("7", 3)).items).toEqual((await live("7", 3)).items);
    expect((await stored("nobody")).degraded).toEqual(["lists"]);
  }, 60_000);

  it("has the same lists in the tables", async () => {
    const found = await rows("gold_recommendations_final");
    const alone = await rows("gold_recommendations");
    expect([found.length, alone.length]).toEqual([userCount * 10, userCount * 10]);
    for (const userId of ["1", "2", "3", "77"]) {
      const { items } = await live(userId);
      const of = (all: typeof found) =>
        all.filter((row) => row["user_id"] === userId).sort((a, b) => Number(a["rank"]) - Number(b["rank"]));
      expect(of(found).map((row) => [row["item_id"], row["rank"], row["hybrid_score"]])).toEqual(
        items.map(({ item_id, rank, score }) => [item_id, rank, score]),
      );
      expect(of(alone).map((row) => row["item_id"])).toEqual(items.map(({ item_id }) => item_id));
      expect(of(alone)[0]).toMatchObject({
        surface: "for-you",
        model_version: release.report.version,
        computed_at: "2026-03-01T12:00:00.000Z",
        computed_date: "2026-03-01",
      });
    }
    // what somebody has rated lately trends
    const trending = new Set(
      found.filter((row) => Number(row["trending_score"]) > 0).map((row) => row["item_id"]),
    );
    expect([...trending].every((id) => ["5", "6", "9"].includes(String(id)))).toBe(true);
    expect(trending.size).toBeGreaterThan(0);
  });

  it("has the audience that all scores of all users give, of who has not consumed the item", async () => {
    const { set, ranker } = release;
    const scores = new Float32Array(set.items.size);
    const best: { user: string; score: number }[][] = set.items.ids.map(() => []);
    for (const [user, userId] of set.users.ids.entries()) {
      if (["1", "2", "3"].includes(userId)) continue; // they did something since
      const seen = new Set(
        set.ratings.items.subarray(set.ratings.starts[user], set.ratings.starts[user + 1]),
      );
      const entries = [...seen]
        .map((item) => [item, ratingOf(user, item)] as const)
        .filter(([, value]) => value >= 3.5);
      ranker.scoreItems(
        {
          items: Int32Array.from(entries, ([item]) => item),
          values: Float32Array.from(entries, ([, value]) => value / 5),
        },
        scores,
      );
      scores.forEach((score, item) => {
        if (!seen.has(item) && score > 0) best[item]?.push({ user: userId, score });
      });
    }
    const table = await rows("gold_item_audience", "*");
    let compared = 0;
    for (const [item, own] of best.entries()) {
      const itemId = set.items.idAt(item);
      const answer = (await usher.ask(`/v1/lists/items/${itemId}`)) as {
        users: { user_id: string; rank: number; score: number }[];
      };
      expect(table.filter((row) => row["item_id"] === itemId)).toHaveLength(answer.users.length);
      const others = answer.users.filter(({ user_id }) => !["1", "2", "3"].includes(user_id));
      const expected = own.sort((left, right) => right.score - left.score).slice(0, others.length);
      expect(others.map(({ user_id, score }) => [user_id, score])).toEqual(
        expected.map(({ user, score }) => [user, expect.closeTo(score, 5)]),
      );
      compared += others.length;
    }
    expect(compared).toBeGreaterThan(400);

    function ratingOf(user: number, item: number): number {
      const from = set.ratings.starts[user] as number;
      const at = set.ratings.items.indexOf(item, from);
      return set.ratings.values[at] as number;
    }
  });

  it("keeps its lists while people go on, less what they consume", async () => {
    const [first, ...others] = (await stored("20")).items;
    await act("rating", { user_id: "20", item_id: first?.item_id, rating: 5 });
    const after = await stored("20");
    expect(after.items).toEqual(others.map((item, at) => ({ ...item, rank: at + 1 })));
    expect((await live("20")).items).not.toEqual(after.items);
    expect(after.generated_at).toBe("2026-03-01T12:00:00.000Z");
  });

  it.each(["genre=Drama", "exclude=1", "surface=continue"])("is not asked for with %s", async (more) => {
    await expect(listFor("1", `source=stored&${more}`)).rejects.toMatchObject({ code: "PARAMETER_INVALID" });
  });
});

describe("the next publication", () => {
  it("over the API is a job, and takes the place of the one before at once", async () => {
    const [before] = await published();
    vi.setSystemTime(startMs + hourMs);
    const { id } = (await usher.ask({ path: "/v1/lists", method: "POST", body: { k: 5 } })) as JobRecord;
    let job: JobRecord | undefined;
    await until(async () => {
      job = (await usher.ask(`/v1/jobs/${id}`)) as JobRecord;
      return job.status !== "running";
    });
    expect(job).toMatchObject({
      ...{ kind: "publish", status: "succeeded" },
      result: { gold_recommendations: 1, gold_recommendations_final: 1, gold_item_audience: 1 },
    });
    const [after, ...more] = await published();
    expect(more).toEqual([]);
    expect(after?.edition).not.toBe(before?.edition);
    expect(after).toMatchObject({ k: 5, computed_at: "2026-03-01T13:00:00.000Z" });
    expect((await stored("20", 200)).items).toEqual((await live("20", 5)).items);
  });

  it("that is cancelled leaves lists and tables as they were", async () => {
    const [before] = await published();
    const cancel = new AbortController();
    let told = 0;
    const onProgress = () => {
      if (++told === 2) cancel.abort();
    };
    vi.setSystemTime(startMs + 2 * hourMs);
    await expect(usher.publishLists({ onProgress, signal: cancel.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(await published()).toEqual([before]);
    expect(await usher.lake.latest("gold_recommendations")).toBe(1);
    expect((await stored("20")).degraded).toEqual([]);
  });

  it("expires: the live list answers again", async () => {
    vi.setSystemTime(startMs + 49 * hourMs);
    expect(await published()).toEqual([]);
    expect((await stored("20")).degraded).toEqual(["lists"]);
    vi.setSystemTime(startMs + hourMs);
    expect((await stored("20")).degraded).toEqual([]);
  });

  it("is withdrawn when somebody says so", async () => {
    expect(await usher.ask({ path: "/v1/lists", method: "DELETE" })).toEqual({ items: [] });
    expect(await published()).toEqual([]);
    expect((await stored("20")).degraded).toEqual(["lists"]);
  });

  it("is of the surface as it is saved", async () => {
    const path = "/v1/surfaces/for-you";
    const document = {
      name: "for-you",
      sources: [{ source: "model" }],
      filter: 'genre in ["Drama"]',
      weights: { model: 1, popularity: 1 },
    };
    await usher.ask({ path, method: "PUT", body: document });
    await usher.publishLists();
    const { items } = await stored("30");
    expect(items).toEqual((await live("30")).items);
    expect(items.length).toBeGreaterThan(3);
    expect(items.filter(({ genres }) => !genres.includes("Drama"))).toEqual([]);
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildRecord } from "../../src/contracts/quality.ts";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake } from "../../src/lake/build.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { readTrainingSet } from "../../src/lake/read.ts";
import { topList } from "../../src/recommend/top-list.ts";
import { type Statistics, statisticsOf } from "../../src/statistics/statistics.ts";
import { importOf, latestOf, type SmallRating, smallRatings } from "./small-ratings.ts";

const given = smallRatings();
const latest = latestOf(given.ratings);
const isKnown = new Set(given.items.map(({ id }) => id));

let folder: string;
let engine: Engine;
let lake: Lake;
let build: BuildRecord;
let statistics: Statistics;
let asked: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-statistics-"));
  const duckdb = await openDuckdb({ threads: 1 });
  asked = [];
  engine = {
    ...duckdb,
    rows: (sql, parameters) => {
      asked.push(sql);
      return duckdb.rows(sql, parameters);
    },
  };
  lake = openLake(folder, engine);
  build = await buildLake({ lake, engine, imports: [importOf(given)] });
  statistics = statisticsOf(lake);
}, 60_000);
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const ratingsOf = (itemId: string) =>
  latest.filter(({ item }) => item === itemId).map(({ rating }) => rating);
/** How often each value appears, in ascending order. */
function tally<Value extends string | number>(values: readonly Value[]): [Value, number][] {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
}
const bucketsOf = (values: readonly number[]) => ({
  total: values.length,
  buckets: tally(values).map(([rating, count]) => ({ rating, count })),
});
/** Figures of a group of items. */
const figuresOf = (ids: readonly string[]) => {
  const own = ids.flatMap(ratingsOf);
  return {
    item_count: ids.length,
    rating_count: own.length,
    ...(own.length === 0 ? {} : { rating_mean: expect.closeTo(mean(own), 10) }),
  };
};
const isoTime = (seconds: number) => new Date(seconds * 1000).toISOString();
const timesOf = (ratings: readonly SmallRating[]) => ratings.flatMap(({ time }) => time ?? []);

describe("statistics are what plain loops count", () => {
  it("overview", async () => {
    expect(await statistics.overview(build)).toEqual({
      item_count: 40,
      user_count: new Set(latest.map(({ user }) => user)).size,
      rating_count: latest.length,
      rating_mean: expect.closeTo(mean(latest.map(({ rating }) => rating)), 10),
      rated_item_count: new Set(latest.map(({ item }) => item)).size,
      rating_user_count: new Set(latest.map(({ user }) => user)).size,
      genre_count: new Set(given.items.flatMap(({ genres }) => genres)).size,
      first_rating_at: isoTime(Math.min(...timesOf(latest))),
      last_rating_at: isoTime(Math.max(...timesOf(latest))),
    });
    expect(latest.length).toBeLessThan(given.ratings.length); // some were given twice
  });

  it("ratings that were given", async () => {
    expect(await statistics.ratings(build, { kind: "given", votesMin: 1 })).toEqual(
      bucketsOf(latest.map(({ rating }) => rating)),
    );
  });

  it.each(["1", "7", "40' OR 1=1 --"])("how the item %s was rated", async (itemId) => {
    const own = ratingsOf(itemId);
    expect(own.length > 0).toBe(itemId.length < 3);
    expect(await statistics.item(build, itemId)).toEqual({
      ...bucketsOf(own),
      ...(own.length === 0 ? {} : { rating_mean: expect.closeTo(mean(own), 10) }),
    });
  });

  it.each([1, 12])(
    "mean ratings of items with at least %i ratings, without placeholders",
    async (votesMin) => {
      const means = given.items
        .map(({ id }) => ratingsOf(id))
        .filter((own) => own.length >= votesMin)
        .map((own) => Math.floor(mean(own) * 2 + 0.5) / 2);
      expect(means.length).toBeGreaterThan(3);
      expect(await statistics.ratings(build, { kind: "item_means", votesMin })).toEqual(bucketsOf(means));
    },
  );

  it.each([undefined, "comedie", "DRAMA", "nothing"])("releases per year, of the genre %s", async (genre) => {
    const names: Record<string, string> = { comedie: "Comédie", DRAMA: "Drama" };
    const chosen = given.items.filter(
      ({ genres }) => genre === undefined || genres.includes(names[genre] ?? "?"),
    );
    const years = tally(chosen.flatMap(({ year }) => year ?? [])).map(([year]) => ({
      release_year: year,
      ...figuresOf(chosen.filter((item) => item.year === year).map(({ id }) => id)),
    }));
    expect(await statistics.releases(build, { genre })).toEqual({ items: years });
  });

  it.each([undefined, 1991, 1800])("genres, of the year %s", async (year) => {
    const chosen = given.items.filter((item) => year === undefined || item.year === year);
    const genres = tally(chosen.flatMap((item) => item.genres))
      .sort((left, right) => right[1] - left[1])
      .map(([genre]) => ({
        genre,
        ...figuresOf(chosen.filter((item) => item.genres.includes(genre)).map(({ id }) => id)),
      }));
    expect(await statistics.genres(build, { year })).toEqual({ items: genres });
  });

  it.each(["u3", "u17"])("what %s has rated", async (user) => {
    const own = latest.filter((rating) => rating.user === user);
    const group = (of: readonly SmallRating[]) => ({
      count: of.length,
      rating_mean: expect.closeTo(mean(of.map(({ rating }) => rating)), 10),
    });
    const monthOf = ({ time }: SmallRating) => (time === undefined ? "" : isoTime(time).slice(0, 7));
    const genresOf = ({ item }: SmallRating) => given.items.find(({ id }) => id === item)?.genres ?? [];
    expect(await statistics.user(build, user)).toEqual({
      rating_count: own.length,
      liked_count: own.filter(({ rating }) => rating >= 3.5).length,
      rating_mean: expect.closeTo(mean(own.map(({ rating }) => rating)), 10),
      first_rating_at: isoTime(Math.min(...timesOf(own))),
      last_rating_at: isoTime(Math.max(...timesOf(own))),
      months: tally(own.map(monthOf).filter((month) => month !== "")).map(([month]) => ({
        month,
        ...group(own.filter((rating) => monthOf(rating) === month)),
      })),
      ratings: bucketsOf(own.map(({ rating }) => rating)).buckets,
      genres: tally(own.flatMap(genresOf))
        .sort((left, right) => right[1] - left[1])
        .map(([genre]) => ({
          genre,
          ...group(own.filter((rating) => genresOf(rating).includes(genre))),
        })),
    });
  });

  it("nothing of who has rated nothing", async () => {
    expect(await statistics.user(build, "nobody' OR 1=1 --")).toEqual({
      ...{ rating_count: 0, liked_count: 0, months: [], ratings: [], genres: [] },
    });
  });
});

describe("the best rated", () => {
  /** m and C of the weighted mean, by sorting. */
  const votes = tally(latest.map(({ item }) => item)).map(([, count]) => count);
  const priorVotes = votes.sort((left, right) => left - right)[Math.ceil(0.9 * votes.length) - 1] as number;
  const priorMean = mean(latest.map(({ rating }) => rating));
  const best = (ids: readonly string[], floor: number) =>
    ids
      .map((itemId) => ({ itemId, own: ratingsOf(itemId) }))
      .filter(({ own }) => own.length >= floor)
      .map(({ itemId, own }) => ({
        ...{ itemId, ratingCount: own.length, ratingMean: expect.closeTo(mean(own), 10) },
        exact:
          (own.reduce((sum, value) => sum + value, 0) + priorVotes * priorMean) / (own.length + priorVotes),
      }))
      .sort((left, right) => right.exact - left.exact)
      .map(({ exact, ...row }) => ({ ...row, score: expect.closeTo(exact, 10) }));

  it("are ranked by the weighted mean, and the floor is told", async () => {
    const top = await statistics.top(build, {});
    const counts = given.items.map(({ id }) => ratingsOf(id).length);
    const floor = Math.max(1, Math.min(priorVotes, ...counts));
    expect(top).toEqual({
      ...{ voteFloor: floor, priorVotes, priorMean: expect.closeTo(priorMean, 10) },
      rows: best([...isKnown], floor),
    });
  });

  it("of a genre and a year, above a floor that is asked for", async () => {
    const ids = given.items
      .filter(({ year, genres }) => year === 1992 && genres.includes("Drama"))
      .map(({ id }) => id);
    const { voteFloor, rows } = await statistics.top(build, { genre: "drama", year: 1992, votesMin: 9 });
    expect([voteFloor, rows]).toEqual([9, best(ids, 9)]);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThan(ids.length);
  });

  it("are none where no item fits, and the floor is told all the same", async () => {
    const top = await statistics.top(build, { genre: "Western" });
    expect(top).toEqual({ voteFloor: 1, priorVotes, priorMean: expect.closeTo(priorMean, 10), rows: [] });
  });

  it("are those of the list that newcomers get", async () => {
    const set = await readTrainingSet(lake, engine, build);
    const candidates = Int32Array.from(set.items.ids.keys()).filter((at) => isKnown.has(set.items.idAt(at)));
    const listed = topList(set.ratings);
    const { rows, ...rule } = await statistics.top(build, {});
    expect([rule.priorVotes, rule.priorMean]).toEqual([
      listed.priorVotes,
      expect.closeTo(listed.meanRating, 6),
    ]);
    expect(rows.slice(0, 20).map(({ itemId }) => itemId)).toEqual(
      listed
        .rank(candidates)
        .slice(0, 20)
        .map(({ itemIndex }) => set.items.idAt(itemIndex)),
    );
  });
});

describe("answers are remembered", () => {
  it("so that a question that many ask at once is asked of the engine once", async () => {
    asked.length = 0;
    const fresh = statisticsOf(lake);
    const answers = await Promise.all(Array.from({ length: 50 }, () => fresh.genres(build, { year: 1990 })));
    expect(asked).toHaveLength(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await fresh.genres(build, { year: 1991 });
    expect(asked).toHaveLength(2);
  });

  it("for one build, and not where they failed", async () => {
    const fresh = statisticsOf(lake);
    const missing = { number: 99, tables: {} };
    await expect(fresh.overview(missing)).rejects.toMatchObject({ code: "TABLE_MISSING" });
    await expect(fresh.overview(missing)).rejects.toMatchObject({ code: "TABLE_MISSING" });
    expect(await fresh.overview({ ...build, number: 99 })).toMatchObject({ item_count: 40 });
  });
});

it("no value becomes part of a statement", async () => {
  asked.length = 0;
  const evil = `x'; DROP TABLE items; --`;
  await statistics.releases(build, { genre: evil });
  await statistics.top(build, { genre: evil });
  await statistics.user(build, evil);
  expect(asked).toHaveLength(4);
  expect(asked.join("\n")).not.toContain("DROP");
});

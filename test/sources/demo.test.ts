import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDemo } from "../../src/sources/demo.ts";
import { type DemoFilm, readDemoFilms } from "../../src/sources/demo-films.ts";
import { type DemoRating, demoRatings } from "../../src/sources/demo-viewers.ts";
import { fingerprintOfSource } from "../../src/sources/fingerprint.ts";
import { importSource } from "../../src/sources/import.ts";
import { type ImportBench, importBench } from "./import-bench.ts";

let films: DemoFilm[];
let ratings: DemoRating[];
let bench: ImportBench;
beforeAll(async () => {
  films = await readDemoFilms();
  ratings = demoRatings(films);
  bench = await importBench();
});
afterAll(() => bench.close());

describe("the films of the demo", () => {
  const film = (id: string) => films.find((one) => one.id === id);

  test("are there once each, with an id of title and year", () => {
    expect(films.length).toBeGreaterThan(3_100);
    expect(new Set(films.map(({ id }) => id)).size).toBe(films.length);
    expect(new Set(films.map(({ title }) => title)).size).toBe(films.length);
    expect(film("jackie-brown-1997")).toEqual({
      id: "jackie-brown-1997",
      title: "Jackie Brown (1997)",
      year: 1997,
      releaseDate: "1997-12-25",
      genres: ["Drama"],
      director: "Quentin Tarantino",
      imdbRating: 7.6,
      imdbVotes: 84_068,
      rottenTomatoes: 85,
    });
  });

  test("have the dirt of the file taken off", () => {
    expect(film("1776-1972")?.title).toBe("1776 (1972)"); // a number in the file
    expect(films.some(({ title }) => /^null/i.test(title))).toBe(false);
    expect(film("gone-with-the-wind-1939")?.releaseDate).toBe("1939-12-15"); // 2039 in the file
    expect(film("intolerance-1916")).toBeDefined(); // 2016, which is no year of the future
    expect(films.every(({ year }) => year >= 1910 && year <= 2011)).toBe(true);
    expect(film("leon-1994")?.title).toBe("Léon (1994)"); // LÈon
    expect(film("alien3-1992")?.title).toBe("Alien³ (1992)"); // right in the file, and left alone
    expect(film("king-kong-1933")?.title).toBe("King Kong (1933)"); // the year stands in the title already
  });
});

describe("the viewers of the demo", () => {
  test("are the same each time, and others with another seed", () => {
    const text = (list: readonly DemoRating[]) => JSON.stringify(list);
    const three = demoRatings(films, { viewers: 3 });
    expect(text(three)).toBe(text(ratings.filter(({ userId }) => userId <= "viewer-0003")));
    expect(text(demoRatings(films, { viewers: 3, seed: 8 }))).not.toBe(text(three));
  });

  test("rate 20 to 120 films each, once, on the scale, in the order of time, in the past", () => {
    const byViewer = new Map<string, DemoRating[]>();
    for (const rating of ratings)
      byViewer.set(rating.userId, [...(byViewer.get(rating.userId) ?? []), rating]);
    expect(byViewer.size).toBe(600);
    for (const list of byViewer.values()) {
      expect(list.length).toBeGreaterThanOrEqual(20);
      expect(list.length).toBeLessThanOrEqual(120);
      expect(new Set(list.map(({ filmId }) => filmId)).size).toBe(list.length);
      expect(list.every(({ time }, at) => at === 0 || time > list[at - 1]!.time)).toBe(true);
    }
    expect(ratings.every(({ rating }) => rating >= 0.5 && rating <= 5 && Number.isInteger(2 * rating))).toBe(
      true,
    );
    expect(ratings.every(({ time }) => time > 1_640_000_000 && time < 1_735_689_600)).toBe(true);
    expect(ratings.length / 600).toBeGreaterThan(50);
  });

  test("have tastes: neighbours guess what they like far better than fame does", () => {
    const { popularity, neighbours, users } = guesses(films, ratings);
    expect(users).toBeGreaterThan(550);
    expect(popularity).toBeGreaterThan(0.03);
    expect(neighbours).toBeGreaterThan(2 * popularity);
  });
});

test("the demo is imported like any other source, and says that its viewers are synthetic", async () => {
  const imported = await importSource({
    spec: { source: "demo", location: "" },
    lake: bench.lake,
    engine: bench.engine,
  });
  expect(imported.source).toBe("demo");
  expect(imported.manifest.licence).toMatch(/SYNTHETIC/);
  expect(imported.manifest.rejected_rows_total).toBe(0);
  expect(await bench.staged(imported, "ratings", "count(*) AS n, count(rating_ts) AS times")).toEqual([
    { n: ratings.length, times: ratings.length },
  ]);
  const items = await bench.staged(imported, "items");
  expect(items).toHaveLength(films.length);
  expect(items.find((item) => item["item_id"] === "jackie-brown-1997")).toMatchObject({
    title: "Jackie Brown (1997)",
    release_year: 1997,
    release_date: "1997-12-25",
    genres: ["Drama"],
    people: [{ name: "Quentin Tarantino", role: "director" }],
    imdb_rating: 7.6,
    imdb_votes: 84_068,
    rt_critics_score: 85,
  });
  expect(await fingerprintOfSource({ source: "demo", location: "" })).toBe(imported.fingerprint);
});

test("the demo needs no temporary folder", async () => {
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = join(bench.folder, "no-such-folder");
  try {
    const { files } = await openDemo();
    expect(files.map(({ filename, bytes }) => [filename, bytes !== undefined])).toEqual([
      ["ratings.csv", true],
      ["films.csv", true],
    ]);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});

/** Mean NDCG@10 of the newest 20 % of each viewer's likes: the most liked films, and item neighbours by co-occurrence. */
function guesses(all: readonly DemoFilm[], rated: readonly DemoRating[]) {
  const indexOf = new Map(all.map(({ id }, at) => [id, at]));
  const byViewer = new Map<string, DemoRating[]>();
  for (const rating of rated) byViewer.set(rating.userId, [...(byViewer.get(rating.userId) ?? []), rating]);
  const likes = (list: readonly DemoRating[]) =>
    list.filter(({ rating }) => rating >= 3.5).map(({ filmId }) => indexOf.get(filmId)!);
  const split = [...byViewer.values()].map((list) => {
    const cut = Math.ceil(0.8 * list.length);
    const seen = list.slice(0, cut).map(({ filmId }) => indexOf.get(filmId)!);
    return { seen, liked: likes(list.slice(0, cut)), hidden: new Set(likes(list.slice(cut))) };
  });
  const fame = new Float64Array(all.length);
  const together = new Float32Array(all.length * all.length);
  for (const { liked } of split) {
    for (const film of liked) {
      fame[film]!++;
      for (const other of liked) if (other !== film) together[film * all.length + other]!++;
    }
  }
  const judged = split.filter(({ hidden }) => hidden.size > 0);
  const ndcg = (scoresOf: (liked: readonly number[]) => Float64Array) => {
    let sum = 0;
    for (const { seen, liked, hidden } of judged) {
      const scores = scoresOf(liked);
      for (const film of seen) scores[film] = Number.NEGATIVE_INFINITY;
      const top = [...scores.keys()].sort((left, right) => scores[right]! - scores[left]!).slice(0, 10);
      const gain = top.reduce((total, film, at) => total + (hidden.has(film) ? 1 / Math.log2(at + 2) : 0), 0);
      let ideal = 0;
      for (let at = 0; at < Math.min(10, hidden.size); at++) ideal += 1 / Math.log2(at + 2);
      sum += gain / ideal;
    }
    return sum / judged.length;
  };
  return {
    users: judged.length,
    popularity: ndcg(() => fame.slice()),
    neighbours: ndcg((liked) => {
      const scores = new Float64Array(all.length);
      for (const film of liked) {
        for (let other = 0; other < all.length; other++) {
          const count = together[film * all.length + other]!;
          if (count > 0) scores[other]! += count / Math.sqrt((fame[film]! + 5) * (fame[other]! + 5));
        }
      }
      return scores;
    }),
  };
}

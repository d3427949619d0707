import { beforeAll, describe, expect, it } from "vitest";
import type { SurfaceDocument } from "../../src/contracts/surfaces.ts";
import { ease } from "../../src/models/ease.ts";
import { genreDivergence, genreShares } from "../../src/recommend/calibrate.ts";
import { personHistory } from "../../src/recommend/person-history.ts";
import { planOf } from "../../src/recommend/plan.ts";
import {
  type Recommendations,
  type Recommender,
  recommender,
  type ServedRelease,
} from "../../src/recommend/recommender.ts";
import { hundredFilms, plainCatalogue, releaseOf } from "./hundred-films.ts";

const model: SurfaceDocument = { name: "mine", sources: [{ source: "model" }] };
const ids = ({ items }: Recommendations) => items.map(({ item }) => item.itemId);
const users = Array.from({ length: 60 }, (_, user) => `u${user}`);

describe.each([1, 2, 3])("calibration, on people of seed %i", (seed) => {
  let release: ServedRelease;
  let films: Recommender;
  beforeAll(async () => {
    release = await releaseOf(ease, seed);
    films = recommender({ release, catalogue: plainCatalogue });
  }, 60_000);
  const wanted = (userId: string) =>
    genreShares(personHistory(release.set, { userId, live: undefined }).tastes, hundredFilms);
  const listFor = (userId: string, document: Partial<SurfaceDocument>) =>
    films.recommend({ userId, k: 10, plan: planOf({ ...model, ...document }) });
  const divergence = (userId: string, document: Partial<SurfaceDocument>) =>
    genreDivergence(
      wanted(userId),
      listFor(userId, document).items.map(({ item }) => item),
    );
  it("0 changes nothing; at 1 no list is farther from its history than without, and most are nearer", () => {
    for (const user of users) {
      expect(ids(listFor(user, { calibration: 0 }))).toEqual(ids(listFor(user, {})));
      expect(divergence(user, { calibration: 1 })).toBeLessThanOrEqual(divergence(user, {}));
    }
    const mean = (calibration: number) =>
      users.reduce((sum, user) => sum + divergence(user, { calibration }), 0) / users.length;
    const means = [0, 0.5, 1].map(mean) as [number, number, number];
    expect(means[1]).toBeLessThan(means[0] / 2);
    expect(means[2]).toBeLessThanOrEqual(means[1]);
  });
  it("holds beside diversity, pins and limits; scores are still the sum of their terms", () => {
    const rules = { pins: [{ item_id: "7", position: 1 }], max_per: [{ field: "genre" as const, n: 3 }] };
    const document = { weights: { model: 1, popularity: 0.5 }, rules, diversity: 0.3, calibration: 0.8 };
    const { items } = listFor("u1", document);
    expect(items[0]?.item.itemId).toBe("7");
    for (const { score, terms } of items) {
      const steps = Object.values(terms).reduce((sum, term) => sum + Math.round(term * 1e6), 0);
      expect(steps).toBe(Math.round(score * 1e6));
    }
    const counts = new Map<string, number>();
    for (const genre of items.flatMap(({ item }) => item.genres))
      counts.set(genre, (counts.get(genre) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(3);
  });
  it("leaves the order to the score where there is no history, or it has no genres", () => {
    const top: Partial<SurfaceDocument> = { sources: [{ source: "top" }] };
    expect(ids(listFor("nobody", { ...top, calibration: 1 }))).toEqual(ids(listFor("nobody", top)));
  });
});

it("the divergence of genres is what the paper says", () => {
  const film = (...genres: string[]) => ({ ...hundredFilms[0]!, genres });
  const half = new Map([
    ["drama", 0.5],
    ["comedy", 0.5],
  ]);
  expect(genreDivergence(half, [film("Drama"), film("Comedy")])).toBe(0);
  expect(genreDivergence(half, [film("Drama", "Comedy"), film()])).toBe(0);
  expect(genreDivergence(half, [])).toBeCloseTo(Math.log(100));
  const onlyDrama = 0.5 * Math.log(0.5 / 0.995) + 0.5 * Math.log(0.5 / 0.005);
  expect(genreDivergence(half, [film("drama")])).toBeCloseTo(onlyDrama);
  const items = [film("Drama"), film("Drama", "Comedy"), undefined, film()];
  const shares = genreShares(
    { items: Int32Array.of(0, 1, 2, 3), values: Float32Array.of(1, 3, 5, 5) },
    items,
  );
  expect([...shares]).toEqual([
    ["drama", 0.625],
    ["comedy", 0.375],
  ]);
});

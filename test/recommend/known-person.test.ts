import fc from "fast-check";
import { expect, it } from "vitest";
import { catalogue, type Item } from "../../src/data/catalogue.ts";
import type { LiveView } from "../../src/live/live-view.ts";
import { builtInPlans, planOf } from "../../src/recommend/plan.ts";
import { type ListRequest, recommender } from "../../src/recommend/recommender.ts";
import { films, smallCatalogue, smallRelease } from "./small-release.ts";

const view = (more: Partial<LiveView>): LiveView => ({
  ...{ pairs: [], retractedRatings: [], continuing: [], bookmarks: [] },
  ...more,
});
const pair = { isConsumed: false, isDenied: false };
/** Asked again and again, as the live state gives the same object while nobody acts. */
const views: readonly (LiveView | undefined)[] = [
  undefined,
  view({}),
  view({ pairs: [{ ...pair, itemId: "5", weight: 1 }] }),
  view({ pairs: [{ ...pair, itemId: "2", weight: 0.3, isDenied: true }] }),
  view({ pairs: [{ ...pair, itemId: "8", weight: 2, isConsumed: true }] }),
];

const plans = [
  ...["must-watch", "new", "top"].map((name) => builtInPlans.get(name)),
  planOf({
    ...{ name: "tried", sources: [{ source: "model" }, { source: "popular" }], fallback: "top" },
    exploration: { share: 0.5, of: "candidates" },
  }),
  planOf({ name: "dated", sources: [{ source: "model" }], weights: { model: 1, freshness: 1 } }),
  planOf({ name: "by-device", sources: [{ source: "popular" }], filter: 'device == "tv" or year < 1995' }),
];
const features = { genres: ["Sci-Fi"] };

const fields = {
  userId: fc.constantFrom("1", "auth0|123", "new", undefined),
  live: fc.constantFrom(...views),
  k: fc.constantFrom(1, 3, 200),
  hideConsumed: fc.boolean(),
  genre: fc.constantFrom(undefined, "Crime"),
  excluded: fc.constantFrom(undefined, ["8", "10"]),
  diversity: fc.constantFrom(undefined, 0.5),
  country: fc.constantFrom(undefined, "PT"),
  device: fc.constantFrom(undefined, "tv"),
  features: fc.constantFrom(undefined, features),
  plan: fc.constantFrom(undefined, ...plans),
  seed: fc.constantFrom(undefined, "a", "b", "c"),
  nowMs: fc.constantFrom(1000, 3000, 2e12),
  fallback: fc.constantFrom(undefined, () => builtInPlans.get("popular")),
};
const names = Object.keys(fields) as (keyof typeof fields)[];
/** A plain request, and then the same again with up to two things changed, as many people ask. */
const sequences = fc
  .tuple(
    fc.record({ userId: fields.userId, live: fields.live, plan: fields.plan, k: fields.k }),
    fc.array(
      fc
        .shuffledSubarray(names, { maxLength: 2 })
        .chain((changed) => fc.record(Object.fromEntries(changed.map((name) => [name, fields[name]])))),
      { minLength: 1, maxLength: 6 },
    ),
  )
  .map(([plain, changes]) => [plain, ...changes.map((change) => ({ ...plain, ...change }))]);

/** Some items may be shown at times, or in countries, only. */
const sometimes = catalogue(
  films.map((film): Item => {
    if (film.itemId === "8") return { ...film, availableFrom: 2000 };
    return film.itemId === "10" ? { ...film, countries: ["PT"] } : film;
  }),
);

it.each([
  ["a catalogue that is always shown", smallCatalogue],
  ["one of which some is shown sometimes", sometimes],
])("answers with what it remembers as it does without, from %s", (_, offered) => {
  const without = ({ stagesMs, ...found }: ReturnType<typeof remembering.recommend>) => found;
  const remembering = recommender({ release: smallRelease, catalogue: offered });
  fc.assert(
    fc.property(sequences, (sequence) => {
      for (const request of sequence as unknown as ListRequest[]) {
        const fresh = recommender({ release: smallRelease, catalogue: offered });
        expect(without(remembering.recommend(request))).toEqual(without(fresh.recommend(request)));
      }
    }),
    { numRuns: 1000 },
  );
});

it("tries the same for the same request, whatever was tried before", () => {
  const explored = planOf({
    ...{ name: "tried", sources: [{ source: "model" }, { source: "popular" }], fallback: "top" },
    exploration: { share: 0.5, of: "candidates" },
  });
  const films = () => recommender({ release: smallRelease, catalogue: smallCatalogue });
  const seeds = Array.from({ length: 20 }, (_, at) => `seed ${at}`);
  const remembering = films();
  const asked = (from: ReturnType<typeof films>, seed: string) =>
    from.recommend({ userId: "1", k: 1, plan: explored, seed }).items;
  const fresh = seeds.map((seed) => asked(films(), seed));
  for (let round = 0; round < 2; round++) {
    expect(seeds.map((seed) => asked(remembering, seed))).toEqual(fresh);
  }
});

it("remembers: the second answer asks no model", () => {
  let asked = 0;
  const { ranker, rater } = smallRelease;
  const counting = {
    ...ranker,
    contributions: (...of: Parameters<typeof ranker.contributions>) => {
      asked++;
      return ranker.contributions(...of);
    },
  };
  const release = { ...smallRelease, ranker: counting, rater };
  const remembering = recommender({ release, catalogue: smallCatalogue });
  const request = { userId: "1", k: 3, live: views[2] };
  const first = remembering.recommend(request);
  expect(asked).toBe(1);
  expect(remembering.recommend(request).items).toEqual(first.items);
  expect(asked).toBe(1);
  remembering.recommend({ ...request, live: views[4] });
  expect(asked).toBe(2);
});

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { SurfaceDocument } from "../../src/contracts/surfaces.ts";
import type { Item } from "../../src/data/catalogue.ts";
import type { LiveView } from "../../src/live/live-view.ts";
import { ease } from "../../src/models/ease.ts";
import { ials } from "../../src/models/ials.ts";
import { itemKnn } from "../../src/models/item-knn.ts";
import type { Algorithm } from "../../src/models/model.ts";
import { recommendItems } from "../../src/models/recommend.ts";
import { compileFilter } from "../../src/recommend/filter/compile.ts";
import { personHistory } from "../../src/recommend/person-history.ts";
import { builtInPlans, planOf } from "../../src/recommend/plan.ts";
import {
  type ListRequest,
  type Recommender,
  recommender,
  type ServedRelease,
} from "../../src/recommend/recommender.ts";
import { changingCatalogue, hundredFilms, plainCatalogue, releaseOf } from "./hundred-films.ts";

let release: ServedRelease;
let films: Recommender;
beforeAll(async () => {
  release = await releaseOf(ease);
  films = recommender({ release, catalogue: plainCatalogue });
}, 60_000);

const model: SurfaceDocument = { name: "mine", sources: [{ source: "model" }] };
const listOf = (document: Partial<SurfaceDocument>, request: Partial<ListRequest> = {}) =>
  films.recommend({ userId: "u1", k: 10, ...request, plan: planOf({ ...model, ...document }) });
const ids = ({ items }: { items: readonly { item: Item }[] }) => items.map(({ item }) => item.itemId);
const film = (itemId: string, more: Partial<Item> = {}): Item => ({
  ...hundredFilms[0]!,
  itemId,
  title: itemId,
  ...more,
});
const liked = (...itemIds: string[]): LiveView => ({
  pairs: itemIds.map((itemId) => ({ itemId, weight: 1, isConsumed: true, isDenied: false })),
  ...{ retractedRatings: [], continuing: [], bookmarks: [] },
});

describe("the surface for-you", () => {
  it("is the exact top k of the model, in its order and with its scores", () => {
    const history = personHistory(release.set, { userId: "u1", live: undefined });
    const best = recommendItems(release.ranker, {
      history: history.weights,
      k: 20,
      excluded: history.consumed,
    });
    const { items, surface } = films.recommend({ userId: "u1", k: 20 });
    expect([surface, items.map(({ index }) => index)]).toEqual(["for-you", [...best.items]]);
    items.forEach(({ score, terms, propensity }, at) => {
      expect(score).toBeCloseTo(best.scores[at]!, 5);
      expect([terms, propensity]).toEqual([{ model: score }, 1]);
    });
  });
});

describe("blending", () => {
  it("adds terms up to the score exactly, whatever the weights, boosts and buries", () => {
    const weight = fc.constantFrom(0, 0.1, 1, 3.7, 100);
    const adjustment = fc.array(
      fc.record({
        if: fc.constantFrom("year > 1990", 'genre in ["Drama"]'),
        by: fc.double({ min: 0, max: 10, noNaN: true }),
      }),
      { maxLength: 2 },
    );
    const weights = fc.record({
      model: weight,
      trending: weight,
      freshness: weight,
      popularity: weight,
      rating: weight,
      content: weight,
    });
    fc.assert(
      fc.property(weights, adjustment, adjustment, (chosen, boost, bury) => {
        const { items } = listOf({ weights: chosen, rules: { boost, bury } }, { k: 30 });
        for (const { score, terms } of items) {
          const steps = Object.values(terms).reduce((sum, term) => sum + Math.round(term * 1e6), 0);
          expect(Math.round(score * 1e6)).toBe(steps);
          expect(steps / 1e6).toBe(score);
        }
        const isBlended = Object.values(chosen).some((one) => one > 0) || boost.length + bury.length > 0;
        const scores = items.map(({ score }) => score);
        if (isBlended) expect(scores).toEqual([...scores].sort((left, right) => right - left));
      }),
      { numRuns: 60 },
    );
  });
  it("orders by what weighs", () => {
    const years = (weights: SurfaceDocument["weights"]) =>
      listOf(weights ? { weights } : {}, { k: 20 }).items.map(({ item }) => item.releaseYear!);
    const fresh = years({ freshness: 1 });
    expect(fresh).toEqual([...fresh].sort((left, right) => right - left));
    expect(years({ model: 1 })).toEqual(years(undefined));
  });
});

describe("rules", () => {
  it("a filter of the surface and one of the request hold together", () => {
    const filter = compileFilter("year < 1980");
    const { items } = listOf({ filter: 'genre in ["Drama"]' }, { k: 50, filter });
    expect(items.length).toBeGreaterThan(3);
    for (const { item } of items)
      expect([item.genres.includes("Drama"), item.releaseYear! < 1980]).toEqual([true, true]);
  });
  it("an empty list says what left nothing", () => {
    const emptied = (document: Partial<SurfaceDocument>, request: Partial<ListRequest> = {}) =>
      listOf(document, request).emptiedBy;
    expect(emptied({ filter: "year > 3000" })).toBe("surface.filter");
    expect(emptied({}, { filter: compileFilter("year > 3000") })).toBe("filter");
    expect(emptied({ rules: { never: hundredFilms.map(({ itemId }) => itemId) } })).toBe("rules.never");
    expect(emptied({}, { excluded: hundredFilms.map(({ itemId }) => itemId) })).toBe("exclude");
    expect(emptied({}, { genre: "Opera" })).toBe("genre");
    expect(
      emptied({ filter: 'genre in ["Horror"]' }, { genre: "Western", filter: compileFilter("false") }),
    ).toBe("filter");
    expect(emptied({ sources: [{ source: "continue" }] })).toBe("sources");
    expect(emptied({})).toBeUndefined();
  });
  it("pins stand where they are pinned, never-items nowhere, and the earlier rule wins", () => {
    const plain = ids(listOf({}, { k: 100 }));
    const [last = "", other = ""] = plain.slice(-2);
    const pins = [
      { item_id: last, position: 3 },
      { item_id: other, position: 3 },
      { item_id: plain[0]!, position: 5 },
    ];
    const list = listOf({ rules: { pins } });
    expect([ids(list)[2], ids(list)[3], ids(list)[4]]).toEqual([last, other, plain[0]]);
    expect(list.items[2]!.reason.source).toBe("pin");
    expect(ids(list)).toHaveLength(10);
    expect(ids(listOf({ rules: { pins, never: [last] } }))).not.toContain(last);
    const crowded = plain.slice(0, 30).map((item_id) => ({ item_id, position: 1 }));
    expect(ids(listOf({ rules: { pins: crowded } }, { k: 4 }))).toEqual(plain.slice(0, 4));
  });
  it("a pin of a later page waits for it", () => {
    const plain = ids(listOf({}, { k: 100 }));
    const rules = { pins: [{ item_id: plain[0]!, position: 7 }] };
    const first = listOf({ rules }, { k: 5 });
    expect(ids(first)).toEqual(plain.slice(1, 6));
    const shown = { count: 5, items: first.items.map(({ index }) => index) };
    const second = listOf({ rules }, { k: 5, shown });
    expect([ids(second)[1], second.items[0]!.rank]).toEqual([plain[0], 6]);
  });
  it("no group has more than n, and promotions take their share", () => {
    const { items } = listOf({ rules: { max_per: [{ field: "genre", n: 3 }] } }, { k: 30 });
    for (const genre of ["Drama", "Comedy", "Horror", "Western"]) {
      expect(items.filter(({ item }) => item.genres.includes(genre)).length).toBeLessThanOrEqual(3);
    }
    expect(items.length).toBeGreaterThan(9);
    const promoted = listOf({ rules: { promotions: { filter: 'language = "fr"', share: 0.3 } } });
    const byRule = promoted.items.filter(({ placed }) => placed === "promotion");
    expect(byRule).toHaveLength(3);
    for (const { item } of byRule) expect(item.language).toBe("fr");
  });
  it("pins and promotions are no answer for a newcomer: the surface falls back", () => {
    const plain = ids(listOf({}, { k: 100 }));
    const pins = [{ item_id: plain[0]!, position: 1 }];
    const promotions = { filter: 'language = "fr"', share: 0.3 };
    for (const rules of [{ pins }, { promotions }]) {
      const { isFallback, surface, items } = listOf({ rules, fallback: "top" }, { userId: "nobody" });
      expect([isFallback, surface, items.length]).toEqual([true, "top", 10]);
    }
  });
  it("a promotion moves no item down", () => {
    const plain = ids(listOf({}));
    for (const [own, itemId] of plain.entries()) {
      const promotions = { items: [itemId], share: 0.1 };
      const place = ids(listOf({ rules: { promotions } })).indexOf(itemId);
      expect([itemId, place]).toEqual([itemId, Math.min(own, 5)]);
    }
  });
  it("promotions take no more than their share where the sources give little", () => {
    const promotions = { filter: 'language = "fr"', share: 0.3 };
    const { items } = listOf({ sources: [{ source: "model", limit: 2 }], rules: { promotions } });
    const others = items.filter(({ placed }) => placed !== "promotion");
    expect(items.length - others.length).toBe(3);
    for (const { item } of others) expect(ids(listOf({}, { k: 2 }))).toContain(item.itemId);
  });
  it("a pin that finds no place is left to its score", () => {
    const plain = ids(listOf({}));
    const pins = [plain[5]!, plain[0]!].map((item_id) => ({ item_id, position: 4 }));
    expect(ids(listOf({ rules: { pins } }, { k: 4 }))).toEqual([...plain.slice(0, 3), plain[5]]);
  });
  it("holds every promise at once, whatever rules are thrown together", () => {
    const itemId = fc.integer({ min: 0, max: 120 }).map(String);
    const rules = fc.record({
      pins: fc.array(fc.record({ item_id: itemId, position: fc.integer({ min: 1, max: 20 }) }), {
        maxLength: 20,
      }),
      never: fc.array(itemId, { maxLength: 20 }),
      max_per: fc.array(
        fc.record({
          field: fc.constantFrom("genre" as const, "decade" as const),
          n: fc.integer({ min: 1, max: 3 }),
        }),
        { maxLength: 2 },
      ),
      promotions: fc.record({
        items: fc.array(itemId, { minLength: 1, maxLength: 5 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    });
    const consumed = personHistory(release.set, { userId: "u1", live: undefined }).consumed;
    fc.assert(
      fc.property(
        rules,
        fc.constantFrom(undefined, 0.5, 1),
        fc.integer({ min: 1, max: 20 }),
        (chosen, diversity, k) => {
          const list = listOf(
            { rules: chosen, exploration: { share: 0.5, of: "candidates" } },
            { k, diversity, seed: "s" },
          );
          expect(new Set(ids(list)).size).toBe(list.items.length);
          expect(list.items.length).toBeLessThanOrEqual(k);
          for (const { item, index, propensity, rank } of list.items) {
            expect(chosen.never).not.toContain(item.itemId);
            expect(consumed).not.toContain(index);
            expect(propensity).toBeGreaterThan(0);
            expect(rank).toBeLessThanOrEqual(k);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
  it("shows an item only when and where it is available", () => {
    const { live, put } = changingCatalogue();
    const here = recommender({ release, catalogue: live });
    const itemId = ids(here.recommend({ userId: "u1", k: 1 }))[0]!;
    const source = live.get(itemId)!;
    const first = (more: Partial<ListRequest> = {}) =>
      ids(here.recommend({ userId: "u1", k: 1, ...more }))[0];
    put({ ...source, availableUntil: 1000 });
    expect([first(), first({ nowMs: 999 })]).not.toEqual([itemId, itemId]);
    expect(first({ nowMs: 999 })).toBe(itemId);
    put({ ...source, countries: ["DE"] });
    expect([
      first({ country: "DE" }) === itemId,
      first() === itemId,
      first({ country: "FR" }) === itemId,
    ]).toEqual([true, false, false]);
    put({ ...source, isHidden: true });
    expect(first()).not.toBe(itemId);
  });
});

describe("diversity", () => {
  const traits = ({ genres, people = [], language = "" }: Item) => [
    ...genres,
    ...people.map(({ name }) => name),
    language,
  ];
  const meanLikeness = (diversity: number) => {
    const found = listOf({ diversity }, { k: 10 }).items.map(({ item }) => new Set(traits(item)));
    return found
      .flatMap((one) => found.map((other) => [...one].filter((trait) => other.has(trait)).length))
      .reduce((sum, shared) => sum + shared, 0);
  };
  it("0 changes nothing, and more makes the list more different", () => {
    expect(ids(listOf({ diversity: 0 }))).toEqual(ids(listOf({})));
    expect(meanLikeness(0.9)).toBeLessThan(meanLikeness(0));
    expect(ids(listOf({ diversity: 0.9 }))[0]).toBe(ids(listOf({}))[0]);
  });
});

describe("exploration", () => {
  it("tries what no model knows, with the probabilities that it states", () => {
    const { live, put } = changingCatalogue();
    for (let added = 0; added < 12; added++) put(film(`new${added}`));
    const here = recommender({ release, catalogue: live });
    const plan = planOf({ ...model, exploration: { share: 0.2 } });
    const plain = ids(here.recommend({ userId: "u1", k: 10, plan }));
    const rounds = 4000;
    const counts = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const { items } = here.recommend({ userId: "u1", k: 10, plan, seed: `request ${round}` });
      expect(new Set(ids({ items })).size).toBe(10);
      items.forEach(({ item, propensity, placed }, at) => {
        expect(propensity).toBe(placed === "exploration" ? 0.2 / 12 : 0.8);
        counts.set(`${at} ${item.itemId}`, (counts.get(`${at} ${item.itemId}`) ?? 0) + 1);
      });
    }
    const bound = (probability: number) => 5 * Math.sqrt((probability * (1 - probability)) / rounds);
    for (let at = 0; at < 10; at++) {
      expect(Math.abs((counts.get(`${at} ${plain[at]}`) ?? 0) / rounds - 0.8)).toBeLessThan(bound(0.8));
      for (let added = 0; added < 12; added++) {
        const share = (counts.get(`${at} new${added}`) ?? 0) / rounds;
        expect(Math.abs(share - 0.2 / 12)).toBeLessThan(bound(0.2 / 12));
      }
    }
    const again = (seed: string) => ids(here.recommend({ userId: "u1", k: 10, plan, seed }));
    expect(again("same")).toEqual(again("same"));
  });
  it("changes nothing where there is nothing new", () => {
    expect(ids(films.recommend({ userId: "u1", k: 10, seed: "any" }))).toEqual(
      ids(films.recommend({ userId: "u1", k: 10 })),
    );
  });
});

describe("a cold start", () => {
  const top = (request: Partial<ListRequest>) => films.recommend({ k: 5, ...request });
  it("by chosen genres, by features of the profile, and by picks", () => {
    expect(top({ userId: "nobody" }).surface).toBe("top");
    for (const request of [
      { chosen: ["western"] },
      { features: { genres: "Western" } },
      { features: { genres: ["Western"] } },
    ]) {
      for (const { item, reason } of top(request).items) {
        expect([item.genres.includes("Western"), reason.source]).toEqual([true, "top_ratings"]);
      }
    }
    for (const { item } of top({ features: { people: ["actor 3"] } }).items)
      expect(item.people?.[0]?.name).toBe("Actor 3");
    const picks = top({ live: liked("3", "7") });
    expect([picks.surface, picks.items[0]?.reason.source]).toEqual(["for-you", "history"]);
  });
  it("by languages of the profile, and what meets genre and language before what meets one", () => {
    const french = (item: Item) => item.language === "fr";
    for (const features of [{ languages: "de, fr-CA" }, { language: "FR" }, { languages: ["fr"] }]) {
      expect(top({ features, k: 10 }).items.every(({ item }) => french(item))).toBe(true);
    }
    const { items } = top({ features: { languages: "fr", genres: "Western" }, k: 60 });
    const met = items.map(({ item }) => Number(french(item)) + Number(item.genres.includes("Western")));
    expect([met[0], met.at(-1)]).toEqual([2, 0]);
    expect(met).toEqual([...met].sort((left, right) => right - left));
    const plain = top({ k: 60 }).items.map(({ item }) => item.itemId);
    expect(top({ k: 60, features: { languages: "tlh" } }).items.map(({ item }) => item.itemId)).toEqual(
      plain,
    );
  });
  it("by the weighted rating of IMDb where the catalogue has its votes", () => {
    const voted = hundredFilms.map((item, at) => ({
      ...item,
      imdbRating: at === 40 ? 9.9 : 5 + (at % 40) / 10,
      imdbVotes: at === 40 ? 3 : 1000 + at,
    }));
    const { live } = changingCatalogue(voted);
    const { items } = recommender({ release, catalogue: live }).recommend({ userId: "nobody", k: 5 });
    const scores = items.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((left, right) => right - left));
    expect(items[0]!.reason).toMatchObject({
      source: "imdb_rating",
      text: expect.stringMatching(/^rated 8\.9 on IMDb by 1,0\d\d people$/),
    });
    const votes = voted.map(({ imdbVotes }) => imdbVotes).sort((left, right) => left - right);
    const [m, total] = [votes[Math.ceil(0.9 * 100) - 1]!, votes.reduce((sum, one) => sum + one, 0)];
    const mean = voted.reduce((sum, one) => sum + (one.imdbRating / 2) * one.imdbVotes, 0) / total;
    const best = voted[items[0]!.index]!;
    const expected =
      (best.imdbVotes / (best.imdbVotes + m)) * (best.imdbRating / 2) + (m / (best.imdbVotes + m)) * mean;
    expect(items[0]!.score).toBeCloseTo(expected, 6);
    expect(ids({ items })).not.toContain("40"); // few votes do not make a best film
  });
  it("of an item: by content it is near to who likes its kind, and new", () => {
    const { live, put } = changingCatalogue();
    put(film("western", { genres: ["Western"], people: [], language: "en", releaseYear: 2009 }));
    put(film("horror", { genres: ["Horror"], people: [], language: "en", releaseYear: 2009 }));
    const here = recommender({ release, catalogue: live });
    const content = planOf({
      ...model,
      sources: [{ source: "content" }],
      filter: 'id in ["western", "horror"]',
    });
    expect(ids(here.recommend({ k: 2, live: liked("3", "7", "11"), plan: content }))).toEqual([
      "western",
      "horror",
    ]);
    expect(ids(here.recommend({ k: 2, live: liked("3", "7"), plan: builtInPlans.get("new") }))).toEqual([
      "western",
      "horror",
    ]);
    expect(ids(here.recommend({ k: 2, live: liked("2", "6"), plan: builtInPlans.get("new") }))).toEqual([
      "horror",
      "western",
    ]);
    const [first] = here.recommend({ k: 1, live: liked("3"), plan: content }).items;
    expect([first?.ratingPredicted, first?.reason.source]).toEqual([undefined, "content"]);
    const about = here.recommend({ k: 3, about: "western", plan: builtInPlans.get("because-you-watched") });
    expect(about.items[0]?.item.genres).toContain("Western");
    expect(
      ids(here.recommend({ k: 9, live: liked("western"), plan: builtInPlans.get("new") })),
    ).not.toContain("western");
  });
});

describe("reasons", () => {
  it.each<[string, Algorithm]>([
    ["ease", ease],
    ["item-knn", itemKnn],
    ["ials", ials],
  ])(
    "of %s: without the first of the named items the score is lower",
    async (_, algorithm) => {
      let named = 0;
      for (let seed = 1; seed <= 3; seed++) {
        const trained = await releaseOf(algorithm, seed);
        const here = recommender({ release: trained, catalogue: plainCatalogue });
        for (const userId of trained.set.users.ids) {
          const { weights } = personHistory(trained.set, { userId, live: undefined });
          for (const { index, reason, score } of here.recommend({ userId, k: 10 }).items) {
            const [first] = reason.because;
            if (!first) continue;
            named++;
            const own = Number(first.item.itemId);
            const rest = [...weights.items.keys()].filter((at) => weights.items[at] !== own);
            const without = {
              items: Int32Array.from(rest, (at) => weights.items[at]!),
              values: Float32Array.from(rest, (at) => weights.values[at]!),
            };
            expect(trained.ranker.scoreChosen(without, [index])[0]!).toBeLessThan(score);
          }
        }
      }
      expect(named).toBeGreaterThan(500);
    },
    120_000,
  );
});

describe("documents", () => {
  it.each<[string, object, string, string]>([
    ["no source", { sources: [] }, "SURFACE_INVALID", "sources"],
    ["an unknown source", { sources: [{ source: "magic" }] }, "SURFACE_INVALID", "source"],
    ["an unknown field", { colour: "red" }, "SURFACE_INVALID", "colour"],
    ["a share above 1", { diversity: 1.5 }, "SURFACE_INVALID", "diversity"],
    ["a calibration below 0", { calibration: -0.1 }, "SURFACE_INVALID", "calibration"],
    [
      "a wrong filter",
      { filter: "gener = 1" },
      "FILTER_INVALID",
      "surface mine, filter: filter: at character 1",
    ],
    [
      "a wrong condition",
      { rules: { boost: [{ if: "year >", by: 1 }] } },
      "FILTER_INVALID",
      "rules.boost[0].if",
    ],
  ])("with %s are refused", (_, wrong, code, words) => {
    expect(() => planOf({ ...model, ...wrong } as SurfaceDocument)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });
  it("an override of diversity applies to one request", () => {
    expect(ids(films.recommend({ userId: "u1", k: 10, diversity: 0.9 }))).toEqual(
      ids(listOf({ diversity: 0.9 })),
    );
  });
});

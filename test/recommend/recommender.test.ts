import { describe, expect, it } from "vitest";
import type { History } from "../../src/data/interactions.ts";
import type { Model } from "../../src/models/model.ts";
import { builtInPlans } from "../../src/recommend/plan.ts";
import { recommender } from "../../src/recommend/recommender.ts";
import {
  consumedBy,
  films,
  nearRanker,
  popularRanker,
  smallCatalogue,
  smallRelease,
} from "./small-release.ts";

const small = recommender({ release: smallRelease, catalogue: smallCatalogue });
const ids = (entries: readonly { item: { itemId: string } }[]) => entries.map(({ item }) => item.itemId);

describe("recommend", () => {
  it("ranks by the model's scores and leaves out what was rated, placeholders and hidden items", () => {
    const { surface, items } = small.recommend({ userId: "1", k: 200 });
    expect(surface).toBe("for-you");
    expect(ids(items).sort()).toEqual(["10", "3", "5", "8", "YWJj/+==", "tt|9", "été"]);
    expect(items.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const scores = items.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((left, right) => right - left));
  });

  it("never recommends what a user consumed, for any user and length", () => {
    for (const userId of smallRelease.set.users.ids) {
      for (const k of [1, 3, 200]) {
        const found = ids(small.recommend({ userId, k }).items);
        expect(found.length).toBeLessThanOrEqual(k);
        expect(new Set(found).size).toBe(found.length);
        for (const itemId of consumedBy(userId)) expect(found).not.toContain(itemId);
        expect(found).not.toContain("6");
        expect(found).not.toContain("7");
      }
    }
  });

  it("gives the score that follows from the weights by hand", () => {
    // user auth0|123: Heat 5 → weight 1, Casino 4 → weight .8; positions 1 and 8; Amélie is at 2, Fargo at 7
    const { items } = small.recommend({ userId: "auth0|123", k: 200 });
    const amelie = items.find(({ item }) => item.itemId === "3");
    expect(amelie?.score).toBeCloseTo(1 * (1 / 2 - 0.1) + 0.8 * (1 / 7 - 0.1), 5);
    expect(amelie?.reason.text).toBe("because you liked Heat (1995) and Casino (1995)");
    expect(amelie?.reason.because.map(({ weight }) => weight)).toEqual([0.4, 0.0343]);
    const fargo = items.find(({ item }) => item.itemId === "8");
    expect(fargo?.reason.because.map(({ item }) => item.itemId)).toEqual(["10", "2"]);
  });

  it("names no hidden or unknown item in a reason", () => {
    for (const { reason } of small.recommend({ userId: "1", k: 200 }).items) {
      expect(ids(reason.because)).not.toContain("6");
      expect(ids(reason.because)).not.toContain("7");
      expect(reason.because.length).toBeLessThanOrEqual(3);
      for (const { weight } of reason.because) expect(weight).toBeGreaterThan(0);
    }
  });

  it("clips predicted ratings to 0.5..5 and rounds them", () => {
    const { items } = small.recommend({ userId: "2", k: 200 });
    for (const { ratingPredicted } of items) expect(ratingPredicted).toBeLessThanOrEqual(5);
    expect(small.recommend({ userId: "nobody", k: 1 }).items[0]?.ratingPredicted).toBeGreaterThanOrEqual(0.5);
    expect(small.predictRating({ userId: "1", itemId: "3" })).toBe(4.2); // (5 + 4 + 5 + 5 + 1) / 5 + 2 / 10
  });

  it("filters by genre without regard to case and accents, and gives nothing for one that no item has", () => {
    expect(ids(small.recommend({ userId: "1", k: 10, genre: "CRIME" }).items).sort()).toEqual(["10", "8"]);
    expect(ids(small.recommend({ userId: "1", k: 10, genre: "comedie" }).items)).toEqual(["3"]);
    expect(small.recommend({ userId: "1", k: 10, genre: "Western" })).toMatchObject({
      surface: "for-you",
      items: [],
      emptiedBy: "genre",
    });
    expect(small.recommend({ userId: "1", k: 10, genre: " " }).items).toEqual([]);
  });

  it("leaves out what the request excludes; ids that nobody knows do no harm", () => {
    const excluded = ["3", "zzz", "3", "10"];
    expect(ids(small.recommend({ userId: "1", k: 200, excluded }).items)).not.toContain("3");
    expect(ids(small.recommend({ userId: "1", k: 200, excluded }).items)).not.toContain("10");
    expect(ids(small.recommend({ userId: "nobody", k: 200, excluded: ["1"] }).items)).not.toContain("1");
  });

  it("answers the same again, whatever was asked in between", () => {
    const first = small.recommend({ userId: "1", k: 5 }).items;
    small.recommend({ userId: "2", k: 200, genre: "Crime" });
    small.recommend({ k: 3, about: "1", plan: builtInPlans.get("because-you-watched") });
    small.top({ k: 10 });
    expect(small.recommend({ userId: "1", k: 5 }).items).toEqual(first);
  });

  it.each([0, 201, -1, 1.5, Number.NaN])("refuses k = %s", (k) => {
    expect(() => small.recommend({ userId: "1", k })).toThrow(/k: expected an integer in 1..200, got/);
  });
});

describe("users without a liked item", () => {
  it("gives a stranger the labelled top list with the figures of the item", () => {
    const { surface, items } = small.recommend({ userId: "nobody", k: 3 });
    expect(surface).toBe("top");
    expect(items[0]?.reason).toEqual({
      source: "top_ratings",
      text: "rated 4.5 on average by 2 viewers",
      because: [],
      facts: { rating: 4.5, count: 2 },
    });
    expect(items[0]?.item.itemId).toBe("2");
    expect(ids(items)).toEqual(ids(small.top({ k: 3 })));
  });

  it("gives the same list to who rated only low, less what they rated", () => {
    const { surface, items } = small.recommend({ userId: "low", k: 200 });
    expect(surface).toBe("top");
    expect(ids(items)).toEqual(ids(small.top({ k: 200 })).filter((id) => id !== "5" && id !== "1"));
    const listOf = (userId: string) => small.recommend({ userId, k: 3 }).items;
    expect(listOf("silent")).toEqual(listOf("nobody"));
  });
});

describe("a ranker that does not look at the history", () => {
  const popular = recommender({
    release: { ...smallRelease, ranker: popularRanker },
    catalogue: smallCatalogue,
  });
  it("says how the item is rated", () => {
    const { surface, items } = popular.recommend({ userId: "1", k: 200 });
    expect(surface).toBe("for-you");
    expect(items.find(({ item }) => item.itemId === "8")?.reason).toEqual({
      source: "popularity",
      text: "rated 4.0 on average by 1 viewer",
      because: [],
      facts: { rating: 4, count: 1 },
    });
    expect(items[0]?.reason.text).toBe("not rated yet");
  });
});

describe("reasons of items that hardly anything speaks for", () => {
  /** Each item gets the same terms, and their sum as score. */
  const reasonsOf = (...terms: number[]) => {
    const contributions: Model["contributions"] = (history, chosen) =>
      Array.from(chosen, () => Float32Array.from(history.items, (_, at) => terms[at] ?? 0));
    const sum = terms.reduce((left, right) => left + right, 0);
    const ranker = {
      ...nearRanker,
      contributions,
      scoreItems: (_: History, scores: Float32Array) => scores.fill(sum),
    };
    const made = recommender({ release: { ...smallRelease, ranker }, catalogue: smallCatalogue });
    return made.recommend({ userId: "auth0|123", k: 200 }).items.map(({ reason }) => reason);
  };
  it.each([
    [0, 0],
    [-0.5, 0],
    [4e-7, 0],
  ])("terms %s and %s claim no fit, only how the item is rated", (...terms) => {
    for (const { source, text, because } of reasonsOf(...terms)) {
      expect([source, because]).toEqual(["popularity", []]);
      expect(text).toMatch(/^(not rated yet|rated \d)/);
    }
  });
  it("leave out terms that are shown as 0", () => {
    for (const { text, because } of reasonsOf(0.5, 0.00004)) {
      expect(because.map(({ weight }) => weight)).toEqual([0.5]);
      expect(text).toBe("because you liked Heat (1995)");
    }
    expect(reasonsOf(0.00004, 0.00004)[0]?.text).toBe("fits all your ratings taken together");
  });
});

it("serves items that the catalogue lacks to nobody", () => {
  const catalogue = { items: films, get: (id: string) => (id === "3" ? undefined : smallCatalogue.get(id)) };
  const lacking = recommender({ release: smallRelease, catalogue });
  expect(ids(lacking.recommend({ userId: "1", k: 200 }).items)).not.toContain("3");
  expect(() => lacking.predictRating({ userId: "1", itemId: "3" })).toThrow(/item_id/);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { interactionsFromTriples } from "../../src/data/interactions.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import type { LivePair, LiveView } from "../../src/live/live-view.ts";
import { personHistory } from "../../src/recommend/person-history.ts";
import { builtInPlans } from "../../src/recommend/plan.ts";
import { type ListRequest, recommender, type TrendingNow } from "../../src/recommend/recommender.ts";
import { films, smallCatalogue, smallRelease } from "./small-release.ts";

const trending = builtInPlans.get("trending");
const continuing = builtInPlans.get("continue");
const small = recommender({ release: smallRelease, catalogue: smallCatalogue });
const trendingOf = ({ now, ...request }: ListRequest & { now: TrendingNow }) =>
  small.recommend({ ...request, plan: trending, trending: now });
const begunOf = (request: ListRequest) => small.recommend({ ...request, plan: continuing });
const ids = (entries: readonly { item: { itemId: string } }[]) => entries.map(({ item }) => item.itemId);
const pair = (itemId: string, more: Partial<LivePair> = {}): LivePair => ({
  itemId,
  weight: 0,
  isConsumed: false,
  isDenied: false,
  ...more,
});
const viewOf = (pairs: LivePair[], more: Partial<LiveView> = {}): LiveView => ({
  pairs,
  retractedRatings: [],
  continuing: [],
  bookmarks: [],
  ...more,
});
const rating = (value: number, tsMs = 5000) => ({ value, weight: value >= 3.5 ? value / 5 : 0, tsMs });

describe("a list after a person has acted", () => {
  it("is for-you as soon as a newcomer liked something, and changes with the next like", () => {
    expect(small.recommend({ userId: "new", k: 3 }).surface).toBe("top");
    const one = small.recommend({ userId: "new", k: 3, live: viewOf([pair("5", { weight: 1 })]) });
    expect(one.surface).toBe("for-you");
    expect(one.items[0]?.reason.text).toBe("because you liked Aliens (1986)");
    const liked = viewOf([pair("1", { weight: 5 }), pair("5", { weight: 1 })]);
    const two = small.recommend({ userId: "new", k: 3, live: liked });
    expect(ids(two.items)).not.toEqual(ids(one.items));
    expect(ids(small.recommend({ k: 3, live: liked }).items)).toEqual(ids(two.items)); // a visitor
  });
  it("stays the top list for who only disliked, without what they disliked", () => {
    const live = viewOf([pair("2", { isDenied: true, isConsumed: true })]);
    const { surface, items } = small.recommend({ userId: "new", k: 200, live });
    expect(surface).toBe("top");
    expect(ids(items)).toEqual(ids(small.top({ k: 200 })).filter((id) => id !== "2"));
  });
  it("never holds what was disliked, also where consumed items are shown", () => {
    const itemIds = films.map(({ itemId }) => itemId);
    const livePairs = fc.uniqueArray(
      fc.record({
        itemId: fc.constantFrom(...itemIds, "unknown"),
        weight: fc.constantFrom(0, 0.2, 7),
        isDenied: fc.boolean(),
        isConsumed: fc.boolean(),
      }),
      { selector: ({ itemId }) => itemId },
    );
    const users = fc.constantFrom(...smallRelease.set.users.ids, "nobody", undefined);
    fc.assert(
      fc.property(livePairs, users, fc.boolean(), (pairs, userId, hideConsumed) => {
        const continuing = pairs.map(({ itemId }) => ({ itemId, progress: 0.5, tsMs: 0 }));
        const live = viewOf(pairs, { continuing });
        const counts = { viewCount: 1, clickCount: 0, ratingCount: 0, actionCount: 1 };
        const now = {
          window: "1h",
          items: pairs.map(({ itemId }) => ({ itemId, score: 1, ...counts })),
        };
        const request = { userId, k: 200, live, hideConsumed };
        const lists = [small.recommend(request), trendingOf({ ...request, now }), begunOf(request)];
        for (const { items } of lists) {
          for (const { itemId, isDenied, isConsumed } of pairs) {
            if (isDenied || (hideConsumed && isConsumed)) expect(ids(items)).not.toContain(itemId);
          }
          expect(ids(items)).not.toContain("unknown");
        }
      }),
    );
  });
  it("holds consumed items where the surface shows them", () => {
    const live = viewOf([pair("5", { weight: 1, isConsumed: true })]);
    expect(ids(small.recommend({ userId: "new", k: 200, live }).items)).not.toContain("5");
    expect(ids(small.recommend({ userId: "new", k: 200, live, hideConsumed: false }).items)).toContain("5");
  });
});

describe("what is known of a person", () => {
  const users = vocabulary(["u"]);
  const items = vocabulary(["a", "b", "c"]);
  const ratings = interactionsFromTriples(
    {
      users: Int32Array.of(0, 0),
      items: Int32Array.of(0, 1),
      values: Float32Array.of(5, 4),
      times: Float64Array.of(5, Number.NaN),
    },
    { userCount: 1, itemCount: 3 },
  );
  const of = (live?: LiveView) => {
    const {
      ratings: rated,
      weights,
      consumed,
    } = personHistory({ users, items, ratings }, { userId: "u", live });
    const entries = ({ items: at, values }: typeof rated) =>
      Object.fromEntries(Array.from(at, (item, index) => [items.idAt(item), values[index]]));
    return { rated: entries(rated), weights: entries(weights), consumed: Array.from(consumed, items.idAt) };
  };
  it("is the trained ratings where nothing happened since", () => {
    const trained = { rated: { a: 5, b: 4 }, weights: { a: 1, b: Math.fround(0.8) }, consumed: ["a", "b"] };
    expect(of()).toEqual(trained);
    expect(of(viewOf([]))).toEqual(trained);
    expect(of(viewOf([pair("elsewhere", { weight: 1 })]))).toEqual(trained);
  });
  it("adds live weights to a trained rating, to at most 5", () => {
    expect(of(viewOf([pair("a", { weight: 0.5 }), pair("b", { weight: 30 })])).weights).toEqual({
      a: 1.5,
      b: 5,
    });
  });
  it("counts a rating once that the release was trained on, and lets a newer one take its place", () => {
    expect(of(viewOf([pair("a", { rating: rating(5, 5000), isConsumed: true })])).weights).toMatchObject({
      a: 1,
    });
    const again = of(viewOf([pair("a", { rating: rating(1, 9000), isConsumed: true })]));
    expect([again.rated["a"], again.weights["a"], again.consumed]).toEqual([1, undefined, ["a", "b"]]);
    const old = of(viewOf([pair("a", { rating: rating(1, 1000), isConsumed: true, weight: 0.5 })]));
    expect([old.rated["a"], old.weights["a"]]).toEqual([5, 1.5]);
  });
  it("forgets a trained rating whose event was retracted, and no other", () => {
    expect(of(viewOf([], { retractedRatings: [{ itemId: "a", tsMs: 5123 }] }))).toEqual({
      rated: { b: 4 },
      weights: { b: Math.fround(0.8) },
      consumed: ["b"],
    });
    const other = of(viewOf([], { retractedRatings: [{ itemId: "a", tsMs: 8000 }] }));
    expect(other.rated).toEqual({ a: 5, b: 4 });
  });
});

describe("what others do now, and what was begun", () => {
  const counts = { viewCount: 3, clickCount: 0, ratingCount: 0, actionCount: 3 };
  const now = {
    window: "24h",
    items: ["gone", "6", "8", "2", "3", "10"].map((itemId, at) => ({ itemId, score: 9 - at, ...counts })),
  };
  it("lists trending items that the catalogue shows, without what the person consumed", () => {
    const { surface, items } = trendingOf({ k: 10, now });
    expect([surface, ids(items)]).toEqual(["trending", ["8", "2", "3", "10"]]);
    expect(items[0]).toMatchObject({
      rank: 1,
      score: 7,
      reason: {
        source: "trending",
        text: "watched, liked or rated 3 times in the last 24 hours",
        because: [],
      },
    });
    expect(ids(trendingOf({ userId: "1", k: 2, now }).items)).toEqual(["8", "3"]);
    expect(ids(trendingOf({ k: 10, now, genre: "crime", excluded: ["8"] }).items)).toEqual(["2", "10"]);
    expect(trendingOf({ k: 10, now, genre: "Western" }).items).toEqual([]);
  });
  it("says once, and in the last hour", () => {
    const once = { window: "1h", items: [{ itemId: "8", score: 1, ...counts, actionCount: 1 }] };
    expect(trendingOf({ k: 1, now: once }).items[0]?.reason.text).toBe(
      "watched, liked or rated once in the last hour",
    );
    const week = { ...once, window: "7d" };
    expect(trendingOf({ k: 1, now: week }).items[0]?.reason.text).toContain("in the last 7 days");
  });
  it("lists what was begun in its order", () => {
    const begun = (itemId: string, progress: number) => ({ itemId, progress, tsMs: 0 });
    const live = viewOf([], { continuing: [begun("3", 0.4), begun("zzz", 0.1), begun("8", 0.2)] });
    const { surface, items } = begunOf({ userId: "nobody", k: 10, live });
    expect([surface, ids(items)]).toEqual(["continue", ["3", "8"]]);
    expect(items[0]?.reason.text).toBe("you have watched 40 % of it");
    expect(begunOf({ userId: "nobody", k: 10 }).items).toEqual([]);
  });
  it.each([0, 201])("refuses k = %s", (k) => {
    expect(() => trendingOf({ k, now })).toThrow(/k: expected an integer in 1..200/);
    expect(() => begunOf({ k })).toThrow(/k: expected an integer in 1..200/);
  });
});

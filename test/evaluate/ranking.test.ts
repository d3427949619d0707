import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Interactions } from "../../src/data/interactions.ts";
import { ndcgAt } from "../../src/evaluate/metrics.ts";
import { evaluateRanking } from "../../src/evaluate/ranking.ts";
import { clipRating, evaluateRating } from "../../src/evaluate/rating.ts";
import { topItems } from "../../src/evaluate/top-items.ts";
import { type PlantedScore, plantedAlgorithm } from "../registry/planted-models.ts";
import { matrix } from "./matrix.ts";

const modelOf = (score: PlantedScore, train: Interactions) =>
  plantedAlgorithm({ name: "planted", score }).fit(train);

describe("evaluateRanking", () => {
  const seen = matrix([{ 0: 5, 1: 2 }, { 3: 4 }, { 2: 5 }], 6);
  const train = matrix([{ 0: 1 }, { 3: 0.8 }, { 2: 1 }], 6);
  const relevant = matrix([{ 2: 1, 5: 0.8 }, {}, { 0: 1 }], 6);

  it("ranks the unseen items of users with something relevant", async () => {
    // lower index = greater score: user 0 sees 2, 3, 4 (0 and 1 are seen), user 2 sees 0, 1, 3
    const model = await modelOf((item) => -item, train);
    const evaluation = await evaluateRanking({ model, train, seen, relevant, k: 3 });
    expect([...evaluation.users]).toEqual([0, 2]);
    expect([...evaluation.recall]).toEqual([0.5, 1]);
    expect(evaluation.ndcg[0]).toBeCloseTo(ndcgAt({ ranked: [2, 3, 4], relevant: new Set([2, 5]) }, 3), 12);
    expect(evaluation.ndcg[1]).toBe(1);
    expect([...evaluation.averagePrecision]).toEqual([0.5, 1]);
    expect(evaluation.means.recall).toBe(0.75);
    expect(evaluation.means.map).toBe(0.75);
    expect(evaluation.means.coverage).toBeCloseTo(5 / 6, 12); // 0, 1, 2, 3, 4
  });

  it("removes training pairs without weight too", async () => {
    // item 1 has no weight (rating 2) but is seen; a model that wants it first must not get it
    const model = await modelOf((item) => (item === 1 ? 9 : -item), train);
    const { recall } = await evaluateRanking({ model, train, seen, relevant, k: 1 });
    expect([...recall]).toEqual([1, 0]);
  });

  it("gives the model the weights as the history", async () => {
    const histories: number[][] = [];
    const model = await modelOf((item, { history }) => {
      if (item === 0) histories.push([...history.items]);
      return 0;
    }, train);
    await evaluateRanking({ model, train, seen, relevant });
    expect(histories).toEqual([[0], [2]]);
  });

  it("with nobody to evaluate gives zeros", async () => {
    const model = await modelOf((item) => -item, train);
    const nothing = matrix([{}, {}, {}], 6);
    const { users, means } = await evaluateRanking({ model, train, seen, relevant: nothing });
    expect(users).toHaveLength(0);
    expect(Object.values(means)).toEqual(Array(8).fill(0));
  });
});

describe("evaluateRating", () => {
  const train = matrix([{ 0: 3 }, { 1: 4 }], 4);

  it("clips predictions to 0.5..5 and counts every rating once", async () => {
    const model = await modelOf((item) => [9, -1, 3, 4][item] ?? 0, train);
    const test = matrix([{ 1: 1, 2: 5 }, { 0: 4.5 }], 4);
    const { counts, squaredErrors, absoluteErrors, rmse, mae } = evaluateRating({ model, train, test });
    expect([...counts]).toEqual([2, 1]);
    expect([...squaredErrors]).toEqual([0.25 + 4, 0.25]); // 0.5 for 1, 3 for 5; 5 for 4.5
    expect([...absoluteErrors]).toEqual([2.5, 0.5]);
    expect(rmse).toBeCloseTo(Math.sqrt(4.5 / 3), 12);
    expect(mae).toBeCloseTo(1, 12);
    expect([clipRating(-3), clipRating(3.2), clipRating(7)]).toEqual([0.5, 3.2, 5]);
  });

  it("clips to the ends of another scale where they are given", async () => {
    const model = await modelOf((item) => [9, -1, 3, 4][item] ?? 0, train);
    const test = matrix([{ 1: 2 }, { 0: 4 }], 4);
    const { squaredErrors } = evaluateRating({ model, train, test, range: { min: 1, max: 6 } });
    expect([...squaredErrors]).toEqual([1, 4]);
  });

  it("a prediction that is not a number stops the evaluation by MODEL_DIVERGED", async () => {
    const model = await modelOf(() => Number.NaN, train);
    const test = matrix([{}, { 2: 1 }], 4);
    expect(() => evaluateRating({ model, train, test })).toThrow(
      expect.objectContaining({ code: "MODEL_DIVERGED", message: expect.stringContaining("user 1, item 2") }),
    );
  });
});

describe("topItems", () => {
  it("of equal scores takes the lower index first, and nothing that is not finite", () => {
    const scores = Float32Array.of(
      1,
      Number.NaN,
      3,
      3,
      Number.POSITIVE_INFINITY,
      1,
      Number.NEGATIVE_INFINITY,
    );
    expect([...topItems(scores, 3)]).toEqual([2, 3, 0]);
    expect([...topItems(scores, 9)]).toEqual([2, 3, 0, 5]);
  });

  it("equals a full stable sort", () => {
    const scores = fc.array(fc.constantFrom(0, -0, 1, 2, 3.5, Number.NaN, Number.NEGATIVE_INFINITY), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 12 }), (values, k) => {
        const expected = [...values.keys()]
          .filter((item) => Number.isFinite(values[item]))
          .sort((left, right) => values[right]! - values[left]! || left - right)
          .slice(0, k);
        expect([...topItems(Float32Array.from(values), k)]).toEqual(expected);
      }),
    );
  });
});

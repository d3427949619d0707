import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  auc,
  averagePrecisionAt,
  hitAt,
  hitAtRank,
  mae,
  mean,
  ndcgAt,
  ndcgAtRank,
  precisionAt,
  rankAmong,
  recallAt,
  recallOfAllAt,
  reciprocalRankAt,
  rmse,
} from "../../src/evaluate/metrics.ts";

interface Golden {
  lists: {
    ranked: number[];
    relevant: number[];
    k: number;
    recall: number;
    precision: number;
    hit: number;
    ndcg: number;
    average_precision: number;
  }[];
  predictions: { predicted: number[]; actual: number[]; rmse: number; mae: number }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/metrics.json", import.meta.url), "utf8"));

// hits on ranks 1 and 3 of 4; three relevant items, one of them missed
const list = { ranked: [5, 1, 7, 2], relevant: new Set([5, 7, 9]) };

describe("ranking metrics by hand", () => {
  it("recall divides by the relevant items, or by k where that is less", () => {
    expect(recallAt(list, 4)).toBeCloseTo(2 / 3, 12);
    expect(recallAt(list, 1)).toBe(1);
    expect(recallAt(list, 2)).toBe(0.5);
  });

  it("recall of all divides by the relevant items, however short the list", () => {
    expect(recallOfAllAt(list, 4)).toBeCloseTo(2 / 3, 12);
    expect(recallOfAllAt(list, 1)).toBeCloseTo(1 / 3, 12);
    expect(recallOfAllAt({ ranked: [1], relevant: new Set() }, 1)).toBe(0);
  });

  it("the reciprocal rank is that of the first hit, 0 beyond k", () => {
    expect(reciprocalRankAt(list, 4)).toBe(1);
    expect(reciprocalRankAt({ ranked: [1, 2, 7, 5], relevant: list.relevant }, 4)).toBeCloseTo(1 / 3, 12);
    expect(reciprocalRankAt({ ranked: [1, 2, 7, 5], relevant: list.relevant }, 2)).toBe(0);
  });

  it("precision divides by k also where the list is shorter", () => {
    expect(precisionAt(list, 4)).toBe(0.5);
    expect(precisionAt(list, 10)).toBe(0.2);
  });

  it("NDCG is 1 for the ideal list and discounts by log2(rank + 1)", () => {
    expect(ndcgAt(list, 4)).toBeCloseTo((1 + 1 / 2) / (1 + 1 / Math.log2(3) + 1 / 2), 12);
    expect(ndcgAt({ ranked: [9, 7], relevant: list.relevant }, 2)).toBe(1);
    expect(ndcgAt({ ranked: [9, 7, 5, 1], relevant: list.relevant }, 4)).toBe(1);
  });

  it("average precision averages the precision at the ranks of hits", () => {
    expect(averagePrecisionAt(list, 4)).toBeCloseTo((1 + 2 / 3) / 3, 12);
    expect(averagePrecisionAt(list, 2)).toBeCloseTo(1 / 2, 12);
  });

  it("a hit is at least one relevant item among the first k", () => {
    expect(hitAt({ ranked: [1, 5], relevant: list.relevant }, 1)).toBe(0);
    expect(hitAt({ ranked: [1, 5], relevant: list.relevant }, 2)).toBe(1);
  });

  it("a user without relevant items gets 0, not NaN", () => {
    const nothing = { ranked: [1, 2], relevant: new Set<number>() };
    for (const metric of [recallAt, ndcgAt, averagePrecisionAt, precisionAt, hitAt])
      expect(metric(nothing, 2)).toBe(0);
  });
});

describe("one item among given negatives", () => {
  it("the rank counts those with at least the same score, so a constant model is last", () => {
    expect(rankAmong({ positive: 0.5, negatives: [0.9, 0.1, 0.5] })).toBe(3);
    expect(rankAmong({ positive: 1, negatives: [0.9, 0.1] })).toBe(1);
    expect(rankAmong({ positive: 0, negatives: [0, 0, 0] })).toBe(4);
  });

  it("a score that is not a number is last", () => {
    expect(rankAmong({ positive: Number.NaN, negatives: [0.9, 0.1] })).toBe(3);
  });

  it("HR and NDCG stop after rank k", () => {
    expect([10, 11].map((rank) => hitAtRank(rank, 10))).toEqual([1, 0]);
    expect([1, 3, 11].map((rank) => ndcgAtRank(rank, 10))).toEqual([1, 0.5, 0]);
  });
});

describe("area under the ROC curve by hand", () => {
  it("counts the pairs in the right order, ties half", () => {
    expect(auc({ positives: [3], negatives: [1, 2, 4] })).toBeCloseTo(2 / 3, 12);
    expect(auc({ positives: [1], negatives: [1, 1] })).toBe(0.5);
    expect(auc({ positives: [1, 4], negatives: [1, 0, 5] })).toBeCloseTo((1.5 + 2) / 6, 12);
  });

  it("no pair is 0.5, and a score that is not a number is the lowest", () => {
    expect([auc({ positives: [], negatives: [1] }), auc({ positives: [1], negatives: [] })]).toEqual([
      0.5, 0.5,
    ]);
    expect(auc({ positives: [Number.NaN], negatives: [-5] })).toBe(0);
    expect(auc({ positives: [-5], negatives: [Number.NaN] })).toBe(1);
  });
});

describe("rating metrics by hand", () => {
  it("RMSE and MAE of errors 3 and −1", () => {
    const predictions = { predicted: [4, 2], actual: [1, 3] };
    expect(rmse(predictions)).toBeCloseTo(Math.sqrt(5), 12);
    expect(mae(predictions)).toBe(2);
  });

  it("nothing to predict is 0", () => {
    expect(rmse({ predicted: [], actual: [] })).toBe(0);
    expect(mean([])).toBe(0);
  });
});

describe("metrics against NumPy (test/golden/metrics.py)", () => {
  it("35 seeded lists within 1e-12", () => {
    expect(golden.lists).toHaveLength(35);
    for (const { ranked, relevant, k, ...expected } of golden.lists) {
      const case_ = { ranked, relevant: new Set(relevant) };
      expect(recallAt(case_, k)).toBeCloseTo(expected.recall, 12);
      expect(precisionAt(case_, k)).toBeCloseTo(expected.precision, 12);
      expect(hitAt(case_, k)).toBe(expected.hit);
      expect(ndcgAt(case_, k)).toBeCloseTo(expected.ndcg, 12);
      expect(averagePrecisionAt(case_, k)).toBeCloseTo(expected.average_precision, 12);
    }
  });

  it("3 sets of predictions within 1e-12", () => {
    expect(golden.predictions).toHaveLength(3);
    for (const { rmse: expectedRmse, mae: expectedMae, ...predictions } of golden.predictions) {
      expect(rmse(predictions)).toBeCloseTo(expectedRmse, 12);
      expect(mae(predictions)).toBeCloseTo(expectedMae, 12);
    }
  });
});

describe("laws of ranking metrics", () => {
  const lists = fc.record({
    ranked: fc.uniqueArray(fc.nat(30), { maxLength: 20 }),
    relevant: fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 20 }).map((items) => new Set(items)),
  });

  const ranking = [recallAt, recallOfAllAt, ndcgAt, averagePrecisionAt, precisionAt, reciprocalRankAt, hitAt];

  it("all lie in 0..1, and are 0 exactly where there is no hit", () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 25 }), (case_, k) => {
        for (const metric of ranking) {
          const value = metric(case_, k);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
          expect(value > 0).toBe(hitAt(case_, k) === 1);
        }
      }),
    );
  });

  it("what stands after rank k does not matter", () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 10 }), (case_, k) => {
        const cut = { ...case_, ranked: case_.ranked.slice(0, k) };
        for (const metric of ranking) expect(metric(cut, k)).toBe(metric(case_, k));
      }),
    );
  });
});

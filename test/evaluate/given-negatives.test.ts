import { describe, expect, it } from "vitest";
import { evaluateGivenNegatives } from "../../src/evaluate/given-negatives.ts";
import { plantedAlgorithm } from "../registry/planted-models.ts";
import { onesOf } from "./matrix.ts";

describe("evaluateGivenNegatives", () => {
  const train = onesOf([[0], [1], [2], [3]], 8);
  const scores = [0, 9, 8, 7, 6, 6, 4, 3];
  const modelOf = (score: (item: number) => number) =>
    plantedAlgorithm({ name: "planted", score }).fit(train);

  it("ranks the held-out item among the user's negatives, ties against it", async () => {
    const model = await modelOf((item) => scores[item] as number);
    const test = onesOf([[3], [5], [], [7]], 8);
    const negatives = [[1, 2, 4], [4, 6], [1], [1, 2, 4, 5, 7]];
    const { users, ranks, hit, ndcg, reciprocalRank, means } = evaluateGivenNegatives({
      ...{ model, train, test, negatives, k: 3 },
    });
    expect([...users]).toEqual([0, 1, 3]); // nothing is held out of user 2
    expect([...ranks]).toEqual([3, 2, 5]); // item 5 ties with 4; 7 is passed over among its own rivals
    expect([...hit]).toEqual([1, 1, 0]);
    expect([...ndcg]).toEqual([0.5, 1 / Math.log2(3), 0]);
    expect([...reciprocalRank]).toEqual([1 / 3, 0.5, 0]);
    expect(means.hitRate).toBeCloseTo(2 / 3, 12);
    expect(means.auc).toBeCloseTo((1 / 3 + 1 / 2 + 0) / 3, 12);
  });

  it("a model that scores everything alike gets no hits", async () => {
    const model = await modelOf(() => 1);
    const negatives = Array.from({ length: 4 }, () => [4, 5, 6]);
    const { means } = evaluateGivenNegatives({
      ...{ model, train, test: onesOf([[7], [7], [7], [7]], 8), negatives, k: 3 },
    });
    expect(means).toMatchObject({ hitRate: 0, auc: 0 });
  });

  it("two held-out items of a user are a programmer's error", async () => {
    const model = await modelOf(() => 1);
    const task = { model, train, test: onesOf([[], [4, 5], [], []], 8), negatives: [[], [], [], []] };
    expect(() => evaluateGivenNegatives(task)).toThrow("one held-out item of user 1, got 2");
  });
});

import { describe, expect, it } from "vitest";
import { compareFigures, compareRankings, compareRatings } from "../../src/evaluate/compare.ts";
import { meanInterval, pairedInterval, pairedRmseInterval } from "../../src/evaluate/interval.ts";
import { judgeLists } from "../../src/evaluate/ranking.ts";
import { onesOf } from "./matrix.ts";

const userCount = 60;
const relevant = onesOf(
  Array.from({ length: userCount }, (_, user) => [user % 3]),
  10,
);

/** Every user gets the held-out item on a rank that depends on the user, or not at all. */
function evaluationOf(rankOf: (user: number) => number, users = userCount) {
  return judgeLists({
    ...{ k: 3, itemCount: 10, relevant },
    users: Int32Array.from({ length: users }, (_, user) => user),
    lists: Array.from({ length: users }, (_, user) => {
      const list = Int32Array.of(7, 8, 9);
      list[rankOf(user) - 1] = user % 3;
      return list.slice(0, 3);
    }),
    novelty: new Float64Array(users),
  });
}

describe("compareRankings", () => {
  const good = evaluationOf((user) => 1 + (user % 2));
  const poor = evaluationOf((user) => 2 + (user % 5));

  it("sets means, intervals and the paired difference of each metric beside each other", () => {
    const comparisons = compareRankings({ left: good, right: poor }, { seed: 3 });
    expect(comparisons.map(({ metric }) => metric)).toEqual([
      ...["ndcg", "recall", "averagePrecision", "precision", "hit", "reciprocalRank"],
    ]);
    const [ndcg] = comparisons;
    expect(ndcg).toEqual({
      metric: "ndcg",
      users: userCount,
      left: meanInterval(good.ndcg, { seed: 3 }),
      right: meanInterval(poor.ndcg, { seed: 3 }),
      difference: pairedInterval({ left: good.ndcg, right: poor.ndcg }, { seed: 3 }),
      greater: "left",
    });
    expect(ndcg?.left.mean).toBeCloseTo(good.means.ndcg, 12);
    expect(compareRankings({ left: poor, right: good })[0]?.greater).toBe("right");
  });

  it("leaves open what the interval does not decide", () => {
    const other = evaluationOf((user) => 1 + ((user + 1) % 2)); // the same figures, other users
    expect(compareRankings({ left: good, right: other })[0]?.greater).toBe("open");
    expect(compareRankings({ left: good, right: good })[0]?.difference).toEqual({
      difference: 0,
      low: 0,
      high: 0,
    });
  });

  it("takes the metrics that are asked for and that both sides have", () => {
    const pair = { left: { ...good, auc: good.ndcg }, right: poor };
    expect(compareRankings(pair, { metrics: ["hit", "auc"] }).map(({ metric }) => metric)).toEqual(["hit"]);
  });

  it("of different users is a programmer's error", () => {
    expect(() => compareRankings({ left: good, right: evaluationOf(() => 1, 59) })).toThrow("the same users");
    const moved = { ...poor, users: poor.users.map((user) => user + 1) };
    expect(() => compareRankings({ left: good, right: moved })).toThrow("the same users");
  });
});

describe("compareFigures", () => {
  it("of nobody is a programmer's error", () => {
    const none = new Float64Array(0);
    expect(() => compareFigures({ metric: "hit", left: none, right: none })).toThrow("at least 1");
  });
});

describe("compareRatings", () => {
  const ratingOf = (error: (user: number) => number) => ({
    users: Int32Array.from({ length: userCount }, (_, user) => user),
    counts: Int32Array.from({ length: userCount }, (_, user) => 1 + (user % 4)),
    squaredErrors: Float64Array.from({ length: userCount }, (_, user) => (1 + (user % 4)) * error(user) ** 2),
    absoluteErrors: new Float64Array(userCount),
    rmse: 0,
    mae: 0,
  });

  it("compares RMSE over all ratings, each side with its own interval", () => {
    const left = ratingOf((user) => 0.8 + 0.01 * (user % 7));
    const right = ratingOf(() => 1);
    const comparison = compareRatings({ left, right }, { seed: 1 });
    expect(comparison.right).toEqual({ mean: 1, low: 1, high: 1 });
    const errors = ({ squaredErrors: sums, counts }: typeof left) => ({ sums, counts });
    expect(comparison.difference).toEqual(
      pairedRmseInterval({ left: errors(left), right: errors(right) }, { seed: 1 }),
    );
    expect(comparison.left.mean).toBeCloseTo(1 + comparison.difference.difference, 12);
    expect(comparison.left.low).toBeLessThan(comparison.left.mean);
    expect(comparison).toMatchObject({ metric: "rmse", users: userCount, greater: "right" });
  });
});

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { auc } from "../../src/evaluate/metrics.ts";
import { evaluateRanking, type RankingEvaluation } from "../../src/evaluate/ranking.ts";
import { featureSimilarity } from "../../src/evaluate/variety.ts";
import { plantedAlgorithm } from "../registry/planted-models.ts";
import { onesOf } from "./matrix.ts";

interface Golden {
  k: number;
  genres: string[][];
  scores: number[][];
  seen: number[][];
  relevant: number[][];
  users: number[];
  ndcg: number[];
  recall: number[];
  precision: number[];
  mrr: number[];
  hit_rate: number[];
  auc: number[];
  novelty: number[];
  diversity: number[];
  coverage: number;
  ties: { positives: number[]; negatives: number[]; auc: number }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/ranking.json", import.meta.url), "utf8"));
const itemCount = golden.genres.length;
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const expectClose = (actual: ArrayLike<number> | undefined, expected: number[]) => {
  expect(actual).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(actual?.[at]).toBeCloseTo(value, 12);
};

describe("evaluateRanking against ranx, scikit-learn and NumPy (test/golden/ranking.py)", () => {
  let evaluation: RankingEvaluation;
  beforeAll(async () => {
    // a user's row of scores is found by the history, whose only value is the user's number
    const train = onesOf(golden.seen, itemCount);
    for (let user = 0; user < train.userCount; user++)
      train.values.fill(user, train.starts[user], train.starts[user + 1]);
    const algorithm = plantedAlgorithm({
      name: "golden",
      score: (item, { history }) => golden.scores[history.values[0] as number]?.[item] as number,
    });
    evaluation = await evaluateRanking({
      model: await algorithm.fit(train),
      train,
      seen: train,
      relevant: onesOf(golden.relevant, itemCount),
      k: golden.k,
      similarity: featureSimilarity(golden.genres),
      auc: true,
    });
  });

  it("the same users, everyone with something held out", () => {
    expect([...evaluation.users]).toEqual(golden.users);
    expect(golden.users).toHaveLength(24);
    expect(golden.seen.every((items) => items.length > 0)).toBe(true);
  });

  it("NDCG, precision, reciprocal rank and hits within 1e-12", () => {
    expectClose(evaluation.ndcg, golden.ndcg);
    expectClose(evaluation.precision, golden.precision);
    expectClose(evaluation.reciprocalRank, golden.mrr);
    expectClose(evaluation.hit, golden.hit_rate);
    expect(evaluation.means.mrr).toBeCloseTo(mean(golden.mrr), 12);
    expect(evaluation.means.hitRate).toBeCloseTo(mean(golden.hit_rate), 12);
  });

  it("recall, where ranx divides by all relevant items", () => {
    const share = (at: number) => {
      const relevant = golden.relevant[golden.users[at] as number] as number[];
      return relevant.length / Math.min(golden.k, relevant.length);
    };
    expectClose(
      evaluation.recall,
      golden.recall.map((recall, at) => recall * share(at)),
    );
  });

  it("area under the ROC curve over the items that are not seen", () => {
    expectClose(evaluation.auc, golden.auc);
    for (const { auc: expected, ...scores } of golden.ties) expect(auc(scores)).toBeCloseTo(expected, 12);
  });

  it("novelty, diversity and coverage", () => {
    expectClose(evaluation.novelty, golden.novelty);
    expectClose(evaluation.diversity, golden.diversity);
    expect(evaluation.means.coverage).toBeCloseTo(golden.coverage, 12);
    expect(evaluation.means.diversity).toBeCloseTo(mean(golden.diversity), 12);
  });
});

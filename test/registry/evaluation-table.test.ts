import { describe, expect, it } from "vitest";
import type { TrainingReport } from "../../src/contracts/release.ts";
import {
  evaluationTable,
  formatEvaluationTable,
  formatSliceTable,
} from "../../src/registry/evaluation-table.ts";

const popularity = { algorithm: "popularity", parameters: {} };
const knn = { algorithm: "item-knn", parameters: {} };
const baseline = { algorithm: "biased-mf", parameters: { factors: 0 } };
const rater = { algorithm: "biased-mf", parameters: {} };

const report: TrainingReport = {
  seed: 1,
  data: { fingerprint: "f", users: 2000, items: 100, ratings: 12_000 },
  split: { share: 0.2, order: "time", train_ratings: 9600, test_ratings: 2400, users_evaluated: 1990 },
  k: 10,
  note: "note",
  rankers: [
    { ...popularity, ndcg: 0.1, recall: 0.2, map: 0.05, coverage: 0.01, ndcg_against_popularity: null },
    {
      ...knn,
      ndcg: 0.12345,
      recall: 0.25,
      map: 0.06,
      coverage: 0.4,
      ndcg_against_popularity: { difference: 0.02345, low: 0.01, high: 0.03 },
    },
  ],
  raters: [
    { ...baseline, rmse: 0.95, mae: 0.75, rmse_against_baseline: null },
    { ...rater, rmse: 0.9, mae: 0.7, rmse_against_baseline: { difference: -0.05, low: -0.06, high: -0.04 } },
  ],
  chosen: { ranker: knn, rater, reason: "reason" },
  gate: { decision: "accepted", reason: "no release serves yet" },
};

describe("formatEvaluationTable", () => {
  it("is headed by the names of the metrics, aligned, the two that serve marked", () => {
    expect(formatEvaluationTable(report).split("\n")).toEqual([
      "model                NDCG@10  95 % vs popularity  Recall@10  MAP@10  Coverage@10    RMSE    95 % vs baseline     MAE  serves",
      "popularity            0.1000            baseline     0.2000  0.0500       0.0100",
      "item-knn              0.1235  +0.0100 .. +0.0300     0.2500  0.0600       0.4000                                      ranker",
      "biased-mf factors 0                                                               0.9500            baseline  0.7500",
      "biased-mf                                                                         0.9000  -0.0600 .. -0.0400  0.7000  rater",
      "lists of 1,990 users over all items not yet rated; 2,400 held-out ratings predicted",
    ]);
  });

  it("names the list length that was evaluated", () => {
    expect(evaluationTable({ ...report, k: 20 }).columns).toContain("NDCG@20");
  });

  it("after a refusal marks the ranker that goes on serving", () => {
    const refused: TrainingReport = {
      ...report,
      gate: { decision: "refused", reason: "worse", present: popularity },
    };
    const marks = evaluationTable(refused).rows.map((row) => row.at(-1));
    expect(marks).toEqual(["ranker", "", "", ""]);
  });

  it("shows no figures where nothing was held out", () => {
    const split = { ...report.split, users_evaluated: 0, test_ratings: 0 };
    for (const row of evaluationTable({ ...report, split, rankers: report.rankers.slice(0, 1) }).rows.filter(
      (_, at) => at < 2,
    ))
      expect(row.slice(1, -1).every((cell) => cell === "")).toBe(true);
  });
});

describe("formatSliceTable", () => {
  const interval = (low: number, high: number) => ({ difference: (low + high) / 2, low, high });
  const slice = (name: string, against: { difference: number; low: number; high: number }) => ({
    name,
    users_evaluated: 1200,
    rankers: [
      { ndcg: 0.1, recall: 0.2, ndcg_against_popularity: null },
      { ndcg: 0.12345, recall: 0.3, ndcg_against_popularity: against },
    ],
  });

  it("is a row a slice and a column a ranker, marked where the interval decides", () => {
    const slices = [
      slice("new users", interval(0.01, 0.03)),
      slice("long tail", interval(-0.03, -0.01)),
      slice("genre War", interval(-0.01, 0.01)),
    ];
    expect(formatSliceTable({ ...report, slices }).split("\n")).toEqual([
      "NDCG@10    users  popularity  item-knn",
      "new users  1,200    0.1000    0.1235 +",
      "long tail  1,200    0.1000    0.1235 -",
      "genre War  1,200    0.1000    0.1235",
      "+ better, - worse than popularity with 95 % confidence",
    ]);
  });

  it("says so where there is none", () => {
    expect(formatSliceTable(report)).toBe("no slice has a user with a held-out item");
  });
});

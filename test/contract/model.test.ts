import { describe, expect, it } from "vitest";
import { algorithms } from "../../src/models/algorithms.ts";
import { type ModelCase, modelContract } from "./model.ts";

const cases: Readonly<Record<string, Omit<ModelCase, "algorithm">>> = {
  popularity: {
    parameters: {},
    noCheckerboard: "everybody gets the same order",
    noContributions: "the score does not depend on the history",
    refitOverlapMin: 0.8,
  },
  "item-knn": { parameters: { neighbours: 30 }, refitOverlapMin: 0.8, moreThanItems: { neighbours: 100 } },
  // partial correlation takes out what other items explain, so the last of the ten are of any taste
  ease: { parameters: { regularization: 20 }, refitOverlapMin: 0.7, similarTasteMin: 7 },
  ials: { parameters: { factors: 6, epochs: 8 }, refitOverlapMin: 0.7, moreThanItems: { factors: 20 } },
  "biased-mf": {
    parameters: { factors: 4, epochs: 8 },
    noCheckerboard: "every rating of a checkerboard is the same, so nothing is to be predicted",
    refitOverlapMin: 0.7,
    moreThanItems: { factors: 20 },
  },
  svd: {
    parameters: { factors: 6, epochs: 40, learningRate: 0.02 },
    noCheckerboard: "every rating of a checkerboard is the same, so nothing is to be predicted",
    refitOverlapMin: 0.6,
    moreThanItems: { factors: 20 },
  },
};

describe("the suite", () => {
  it("knows every algorithm", () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(algorithms).sort());
  });
});

for (const [name, of] of Object.entries(cases)) modelContract({ algorithm: algorithms[name]!, ...of });

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
  "item-knn": { parameters: { neighbours: 30 }, refitOverlapMin: 0.8 },
  ials: { parameters: { factors: 6, epochs: 8 }, refitOverlapMin: 0.7 },
  "biased-mf": {
    parameters: { factors: 4, epochs: 8 },
    noCheckerboard: "every rating of a checkerboard is the same, so nothing is to be predicted",
    refitOverlapMin: 0.7,
  },
};

describe("the suite", () => {
  it("knows every algorithm", () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(algorithms).sort());
  });
});

for (const [name, of] of Object.entries(cases)) modelContract({ algorithm: algorithms[name]!, ...of });

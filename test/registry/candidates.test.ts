import { describe, expect, it } from "vitest";
import { algorithms } from "../../src/models/algorithms.ts";
import {
  allParameters,
  candidatesWith,
  defaultCandidates,
  isBaseline,
  labelOf,
  raterBaseline,
} from "../../src/registry/candidates.ts";

describe("the default candidates", () => {
  it("are algorithms that there are, with parameters in range, both purposes among them", () => {
    const purposes = defaultCandidates.map((candidate) => {
      const algorithm = algorithms[candidate.algorithm];
      if (!algorithm) throw new Error(candidate.algorithm);
      expect(() => allParameters(candidate, { algorithm, seed: 1 })).not.toThrow();
      return algorithm.purpose;
    });
    expect(new Set(purposes)).toEqual(new Set(["ranking", "rating"]));
  });

  it("have every algorithm of the table, but those that are tried when they are named", () => {
    // EASE holds a dense matrix of all items, and SVD is the rating model that biased-mf is better than
    const named = ["ease", "svd"];
    expect(new Set([...defaultCandidates.map(({ algorithm }) => algorithm), ...named])).toEqual(
      new Set(Object.keys(algorithms)),
    );
    expect(defaultCandidates.some(({ algorithm }) => named.includes(algorithm))).toBe(false);
  });
});

describe("candidatesWith", () => {
  it("lays configured parameters under what defines a candidate", () => {
    const candidates = candidatesWith({
      parameters: { "biased-mf": { factors: 8, epochs: 3 }, ials: { factors: 32 } },
    });
    expect(candidates).toContainEqual({ algorithm: "biased-mf", parameters: { factors: 0, epochs: 3 } });
    expect(candidates).toContainEqual({ algorithm: "biased-mf", parameters: { factors: 8, epochs: 3 } });
    expect(candidates).toContainEqual({ algorithm: "ials", parameters: { factors: 32 } });
    expect(candidates).toHaveLength(defaultCandidates.length);
    expect(candidates.filter((candidate) => isBaseline(candidate, raterBaseline))).toHaveLength(1);
  });

  it("keeps only the named algorithms, each once, in the order named", () => {
    const named = candidatesWith({ algorithms: ["ials", "popularity", "ials"] });
    expect(named.map(({ algorithm }) => algorithm)).toEqual(["ials", "popularity"]);
  });

  it("a name that is no algorithm is MODEL_UNKNOWN, in parameters too", () => {
    const unknown = expect.objectContaining({
      code: "MODEL_UNKNOWN",
      message:
        "expected one of the algorithms popularity, item-knn, ease, ials, biased-mf, svd, got als; did you mean ials?",
    });
    expect(() => candidatesWith({ algorithms: ["als"] })).toThrow(unknown);
    expect(() => candidatesWith({ parameters: { als: { factors: 3 } } })).toThrow(unknown);
  });
});

describe("labelOf", () => {
  it("names the parameters that differ from the defaults, but for the seed", () => {
    const algorithm = algorithms["ials"];
    if (!algorithm) throw new Error("ials");
    const parameters = allParameters(
      { algorithm: "ials", parameters: { factors: 7 } },
      { algorithm, seed: 99 },
    );
    expect(parameters["seed"]).toBe(99);
    expect(labelOf({ algorithm: "ials", parameters })).toBe("ials factors 7");
    expect(labelOf({ algorithm: "gone", parameters: { x: 1 } })).toBe("gone");
  });

  it("a seed above the algorithm's range is brought into it", () => {
    const algorithm = algorithms["ials"];
    if (!algorithm) throw new Error("ials");
    const { seed = -1 } = allParameters(
      { algorithm: "ials", parameters: {} },
      { algorithm, seed: 0xffffffff },
    );
    expect(algorithm.parameters["seed"]).toMatchObject({ max: 2 ** 31 - 1 });
    expect(seed).toBeLessThanOrEqual(2 ** 31 - 1);
  });
});

import { describe, expect, it } from "vitest";
import { coverage, diversity, featureSimilarity, novelty, surprisal } from "../../src/evaluate/variety.ts";
import { onesOf } from "./matrix.ts";

describe("coverage", () => {
  it("counts an item once", () => {
    expect(coverage([[1, 2], [2, 3], []], 4)).toBe(0.75);
    expect(coverage([], 0)).toBe(0);
  });
});

describe("novelty", () => {
  // of four users all have item 0, two have item 1, one has item 2, nobody has item 3
  const surprisals = surprisal(onesOf([[0, 1, 2], [0, 1], [0], [0]], 4));

  it("is counted in bits: 0 for what everybody has, log2(users) for what one or nobody has", () => {
    expect([...surprisals]).toEqual([0, 1, 2, 2]);
  });

  it("of a list is the mean of its items", () => {
    expect(novelty([0, 1, 3], surprisals)).toBe(1);
    expect(novelty([], surprisals)).toBe(0);
  });
});

describe("diversity", () => {
  const alike = featureSimilarity([["a"], ["a", "b"], ["c"], []]);

  it("is 1 − similarity over all pairs of a list", () => {
    expect(alike(0, 1)).toBe(0.5);
    expect(alike(1, 0)).toBe(0.5);
    expect(alike(3, 3)).toBe(0);
    expect(diversity([0, 1, 2], alike)).toBeCloseTo((0.5 + 1 + 1) / 3, 12);
  });

  it("an item without features is like no other, and no pair with itself", () => {
    expect(diversity([0, 3], alike)).toBe(1);
  });

  it("without a pair is 0", () => {
    expect([diversity([], alike), diversity([1], alike)]).toEqual([0, 0]);
  });
});

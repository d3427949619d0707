import { beforeAll, describe, expect, it } from "vitest";
import { historyOf } from "../../src/data/interactions.ts";
import { ials } from "../../src/models/ials.ts";
import type { Model } from "../../src/models/model.ts";
import { recommendItems, similarTo } from "../../src/models/recommend.ts";
import { tasteData } from "../contract/model.ts";

const data = tasteData("ranking");
const history = historyOf(data, 4);
let model: Model;
beforeAll(async () => {
  model = await ials.fit(data, { factors: 8, epochs: 5 });
});

/** The list by sorting all scores. */
function sorted(scores: Float32Array, excluded: Int32Array, k: number) {
  return Array.from(scores.keys())
    .filter((item) => !excluded.includes(item))
    .sort((left, right) => scores[right]! - scores[left]! || left - right)
    .slice(0, k);
}

describe("recommendItems", () => {
  it.each([0, 1, 10, 1000])("gives the %i best unseen items and their scores", (k) => {
    const scores = new Float32Array(data.itemCount);
    model.scoreItems(history, scores);
    const list = recommendItems(model, { history, k, excluded: history.items });
    const expected = sorted(scores, history.items, k);
    expect([...list.items]).toEqual(expected);
    // a list sums in another order than all scores are summed in
    for (const [rank, item] of expected.entries()) expect(list.scores[rank]).toBeCloseTo(scores[item]!, 6);
    expect(list.items.length).toBe(Math.min(k, data.itemCount - history.items.length));
  });

  it("gives lists that a later call does not change", () => {
    const first = recommendItems(model, { history, k: 5, excluded: history.items });
    const kept = first.items.slice();
    recommendItems(model, { history: historyOf(data, 5), k: 5, excluded: new Int32Array(0) });
    expect(first.items).toEqual(kept);
  });
});

describe("similarTo", () => {
  it("gives the most similar items, best first, without the item itself", () => {
    const scores = new Float32Array(data.itemCount);
    model.similarItems(7, scores);
    const list = similarTo(model, 7, 6);
    expect([...list.items]).toEqual(sorted(scores, Int32Array.of(7), 6));
    expect([...list.items].every((item) => item % 3 === 1)).toBe(true);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { historyOf } from "../../src/data/interactions.ts";
import { itemKnn } from "../../src/models/item-knn.ts";
import { tasteData } from "../contract/model.ts";
import { matrixOf } from "./table-matrix.ts";

const data = tasteData("ranking");

/** The weights as a table [user][item], for the definition in its plainest form. */
const table = Array.from({ length: data.userCount }, (_, user) => {
  const row = new Array<number>(data.itemCount).fill(0);
  const history = historyOf(data, user);
  for (const [at, item] of history.items.entries()) row[item] = history.values[at]!;
  return row;
});
const product = (left: number, right: number) =>
  table.reduce((sum, row) => sum + row[left]! * row[right]!, 0);
const similarity = (left: number, right: number, shrinkage: number) =>
  product(left, right) / (Math.sqrt(product(left, left) * product(right, right)) + shrinkage || 1);

describe("itemKnn", () => {
  it.each([0, 10])(
    "scores by shrunken cosine with its nearest neighbours, shrinkage %i",
    async (shrinkage) => {
      const neighbours = 7;
      const model = await itemKnn.fit(data, { neighbours, shrinkage });
      const history = historyOf(data, 3);
      const scores = new Float32Array(data.itemCount);
      model.scoreItems(history, scores);
      for (let item = 0; item < data.itemCount; item++) {
        const near = Array.from({ length: data.itemCount }, (_, other) => other)
          .filter((other) => other !== item && product(item, other) > 0)
          .sort((left, right) => similarity(item, right, shrinkage) - similarity(item, left, shrinkage))
          .slice(0, neighbours);
        const expected = near.reduce(
          (sum, other) => sum + similarity(item, other, shrinkage) * table[3]![other]!,
          0,
        );
        expect(scores[item], `item ${item}`).toBeCloseTo(expected, 4);
      }
    },
  );

  it("keeps fewer neighbours where there are fewer, and none for an item that nobody has", async () => {
    const model = await itemKnn.fit(data, { neighbours: 1000 });
    const { starts } = model.toData().arrays as { starts: Int32Array };
    const last = data.itemCount - 1;
    expect(starts[last + 1]).toBe(starts[last]);
    const similar = new Float32Array(data.itemCount);
    model.similarItems(last, similar);
    expect(similar.reduce((sum, score) => sum + score, 0)).toBe(1);
  });

  it("takes an interaction of weight 0 as none", async () => {
    const values = data.values.map((value, entry) => (entry % 5 === 0 ? 0 : value));
    const with0 = await itemKnn.fit({ ...data, values });
    const kept = Array.from(values.keys()).filter((entry) => values[entry] !== 0);
    const starts = data.starts.map((start) => kept.filter((entry) => entry < start).length);
    const without = await itemKnn.fit({
      ...data,
      starts,
      items: Int32Array.from(kept, (entry) => data.items[entry]!),
      values: Float32Array.from(kept, (entry) => values[entry]!),
    });
    expect(with0.toData()).toEqual(without.toData());
  });

  it("refuses neighbour lists that point outside", async () => {
    const good = (await itemKnn.fit(data, { neighbours: 3 })).toData();
    const items = (good.arrays["items"] as Int32Array).slice();
    items[2] = data.itemCount;
    expect(() => itemKnn.load({ ...good, arrays: { ...good.arrays, items } })).toThrow(
      expect.objectContaining({ code: "MODEL_FILE" }),
    );
  });
});

type Lists = [item: number, similarity: number][][];
interface Golden extends Record<"cosine" | "tf-idf" | "bm25", Lists> {
  neighbours: number;
  weights: number[][];
}
const golden: Golden = JSON.parse(readFileSync(new URL("../golden/item-knn.json", import.meta.url), "utf8"));

describe("itemKnn against implicit (test/golden/item-knn.py)", () => {
  it.each([
    ["cosine", { similarity: "cosine", weighting: "plain", shrinkage: 0 }],
    ["tf-idf", { similarity: "cosine", weighting: "tf-idf", shrinkage: 0 }],
    ["bm25", { similarity: "product", weighting: "bm25", k1: 1.5, b: 0.6 }],
  ] as const)("%s finds the same neighbours", async (name, parameters) => {
    const { neighbours, weights } = golden;
    const model = await itemKnn.fit(matrixOf(weights), { neighbours, ...parameters });
    const { starts, items, similarities } = model.toData().arrays as {
      starts: Int32Array;
      items: Int32Array;
      similarities: Float32Array;
    };
    for (const [item, list] of golden[name].entries()) {
      const [from, to] = [starts[item]!, starts[item + 1]!];
      expect([...items.subarray(from, to)], `item ${item}`).toEqual(list.map(([other]) => other));
      for (const [at, [, similarity]] of list.entries()) {
        expect(similarities[from + at]! / similarity).toBeCloseTo(1, 5);
      }
    }
  });

  it("hears nothing of a user who has every item, by TF-IDF and BM25", async () => {
    const only = matrixOf([golden.weights[0]!.map(() => 3)]);
    for (const weighting of ["tf-idf", "bm25"]) {
      const { starts } = (await itemKnn.fit(only, { weighting })).toData().arrays;
      expect(starts!.at(-1)).toBe(0);
    }
  });

  it("gives the same bytes on one thread and on three", async () => {
    const [one, three] = [
      await itemKnn.fit(data, {}, { threads: 1 }),
      await itemKnn.fit(data, {}, { threads: 3 }),
    ];
    expect(three.toData()).toEqual(one.toData());
  });
});

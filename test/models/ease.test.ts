import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { historyOf, type Interactions, interactionsFromTriples } from "../../src/data/interactions.ts";
import { ease } from "../../src/models/ease.ts";
import { tasteData } from "../contract/model.ts";
import { matrixOf } from "./table-matrix.ts";

interface Golden {
  regularization: number;
  weights: number[][];
  learned: number[][];
  scores: number[][];
}
const golden: Golden = JSON.parse(readFileSync(new URL("../golden/ease.json", import.meta.url), "utf8"));

describe("ease", () => {
  it("learns and scores what NumPy does in double precision (test/golden/ease.py)", async () => {
    const data = matrixOf(golden.weights);
    const model = await ease.fit(data, { regularization: golden.regularization });
    const learned = model.toData().arrays["itemWeights"]!;
    const expected = golden.learned.flat();
    expect(learned).toHaveLength(expected.length);
    for (const [at, weight] of expected.entries()) expect(learned[at]).toBeCloseTo(weight, 5);
    const scores = new Float32Array(data.itemCount);
    for (const [user, row] of golden.scores.entries()) {
      model.scoreItems(historyOf(data, user), scores);
      for (const [item, score] of row.entries()) expect(scores[item]).toBeCloseTo(score, 5);
    }
  });

  it("gives the same bytes on one thread and on three, over several blocks of pivots", async () => {
    const wide = widened(tasteData("ranking"), 5);
    const [one, three] = [await ease.fit(wide, {}, { threads: 1 }), await ease.fit(wide, {}, { threads: 3 })];
    expect(three.toData()).toEqual(one.toData());
    expect(one.itemCount).toBeGreaterThan(256); // more than two blocks
  });

  it("takes the partial correlation as similarity", async () => {
    const data = matrixOf(golden.weights);
    const model = await ease.fit(data, { regularization: golden.regularization });
    const similar = new Float32Array(data.itemCount);
    model.similarItems(2, similar);
    for (const item of [0, 7, 20]) {
      const [there, back] = [golden.learned[2]![item]!, golden.learned[item]![2]!];
      expect(similar[item]).toBeCloseTo(Math.sign(there) * Math.sqrt(there * back), 5);
    }
  });

  it("refuses more items than it can hold, and says how many bytes they need", async () => {
    const huge = { userCount: 1, itemCount: 20_001, starts: Int32Array.of(0, 1) };
    const entry = { items: Int32Array.of(5), values: Float32Array.of(1) };
    const bytes = ease.memoryBytes({ userCount: 1, itemCount: 20_001, entryCount: 1 });
    expect(bytes).toBeGreaterThan(2 * 4 * 20_001 ** 2);
    await expect(ease.fit({ ...huge, ...entry })).rejects.toMatchObject({
      code: "MEMORY_EXCEEDED",
      message: `ease: expected at most 20000 items, got 20001, which need ${bytes} bytes`,
    });
  });

  it("says that regularization is too weak where items cannot be told apart", async () => {
    const values = [1000, 1000];
    const twins = Array.from({ length: 40 }, () => values);
    await expect(ease.fit(matrixOf(twins), { regularization: 0.001 })).rejects.toMatchObject({
      code: "MODEL_DIVERGED",
      message: "ease: item 1 has no finite weights with regularization 0.001",
    });
  });

  it("can be cancelled between two blocks", async () => {
    const controller = new AbortController();
    const run = { signal: controller.signal, onProgress: () => controller.abort() };
    await expect(ease.fit(widened(tasteData("ranking"), 5), {}, run)).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });
});

/** The same users with every item several times, so that the matrix has several blocks. */
function widened(data: Interactions, times: number): Interactions {
  const itemCount = data.itemCount * times;
  const users: number[] = [];
  const items: number[] = [];
  const values: number[] = [];
  for (let user = 0; user < data.userCount; user++) {
    const history = historyOf(data, user);
    for (const [at, item] of history.items.entries()) {
      users.push(user);
      items.push(item * times + ((item + user) % times));
      values.push(history.values[at]!);
    }
  }
  const triples = {
    users: Int32Array.from(users),
    items: Int32Array.from(items),
    values: Float32Array.from(values),
  };
  return interactionsFromTriples(triples, { userCount: data.userCount, itemCount });
}

import { describe, expect, it } from "vitest";
import { historyOf, type Interactions, interactionsFromTriples } from "../../src/data/interactions.ts";
import { ials } from "../../src/models/ials.ts";
import { tasteData } from "../contract/model.ts";

const data = tasteData("ranking");
const small = { factors: 5, epochs: 3, regularization: 0.01, unobservedWeight: 0.2 };

/** Solves A·x = b by elimination with pivoting, in double precision: no code in common with the kernels. */
function solve(a: number[][], b: number[]): number[] {
  const rows = a.map((row, at) => [...row, b[at]!]);
  for (let k = 0; k < rows.length; k++) {
    const best = rows
      .slice(k)
      .reduce((top, row, at) => (Math.abs(row[k]!) > Math.abs(rows[top]![k]!) ? k + at : top), k);
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    for (let i = 0; i < rows.length; i++) {
      if (i === k) continue;
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= rows.length; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  return rows.map((row, k) => row[rows.length]! / row[k]!);
}

/** The score of every item straight from the definition: minimize the loss of one user's row, then multiply. */
function scoresByDefinition(factors: number[][], history: { items: Int32Array; values: Float32Array }) {
  const size = factors[0]!.length;
  const total = history.values.reduce((sum, weight) => sum + weight, 0);
  const strength = small.regularization * (total + small.unobservedWeight * factors.length);
  const a = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => {
      let cell = i === j ? strength : 0;
      for (const y of factors) cell += small.unobservedWeight * y[i]! * y[j]!;
      for (const [at, item] of history.items.entries()) {
        cell += history.values[at]! * factors[item]![i]! * factors[item]![j]!;
      }
      return cell;
    }),
  );
  const b = Array.from({ length: size }, (_, i) =>
    history.items.reduce((sum, item, at) => sum + history.values[at]! * factors[item]![i]!, 0),
  );
  const x = solve(a, b);
  return factors.map((y) => y.reduce((sum, value, at) => sum + value * x[at]!, 0));
}

describe("ials", () => {
  it("scores as the definition of the loss says", async () => {
    const model = await ials.fit(data, small);
    const stored = model.toData().arrays["itemFactors"] as Float32Array;
    const factors = Array.from({ length: data.itemCount }, (_, item) => [
      ...stored.subarray(item * small.factors, (item + 1) * small.factors),
    ]);
    const scores = new Float32Array(data.itemCount);
    for (const user of [0, 1, 40]) {
      const history = historyOf(data, user);
      model.scoreItems(history, scores);
      const expected = scoresByDefinition(factors, history);
      for (const [item, score] of expected.entries()) expect(scores[item]).toBeCloseTo(score, 4);
    }
  });

  it("fits the cells better with every epoch", async () => {
    const losses: number[] = [];
    for (const epochs of [1, 2, 4, 8]) losses.push(loss(await ials.fit(data, { ...small, epochs }), data));
    expect(losses).toEqual(losses.toSorted((left, right) => right - left));
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 3);
  });

  it("takes an interaction of weight 0 as none, and a heavier one as a surer one", async () => {
    const model = await ials.fit(data, small);
    const score = (items: number[], values: number[]) => {
      const scores = new Float32Array(data.itemCount);
      model.scoreItems({ items: Int32Array.from(items), values: Float32Array.from(values) }, scores);
      return scores;
    };
    const without = score([1, 7], [1, 1]);
    for (const [item, value] of score([1, 4, 7], [1, 0, 1]).entries())
      expect(value).toBeCloseTo(without[item]!, 6);
    expect(score([1, 4, 7], [1, 2, 1])[4]).toBeGreaterThan(score([1, 4, 7], [1, 1, 1])[4]! + 0.01);
  });

  it("needs no regularization where the data decide, padding included", async () => {
    const model = await ials.fit(data, { ...small, regularization: 0 });
    expect(model.toData().arrays["itemFactors"]!.every(Number.isFinite)).toBe(true);
  });

  it("says which epoch and row diverged, and with which parameters", async () => {
    const values = data.values.slice().fill(3e38);
    await expect(ials.fit({ ...data, values }, small)).rejects.toMatchObject({
      code: "MODEL_DIVERGED",
      message: expect.stringMatching(
        /^ials: epoch 1 of 3, (user|item) \d+ has no finite factors with regularization 0.01, unobservedWeight 0.2/,
      ),
    });
  });

  it("says that a history diverged", async () => {
    const model = await ials.fit(data, small);
    const history = { items: Int32Array.of(1, 2), values: Float32Array.of(3e38, 3e38) };
    expect(() => model.scoreItems(history, new Float32Array(data.itemCount))).toThrow(
      expect.objectContaining({ code: "MODEL_DIVERGED" }),
    );
  });

  it("fits data with more factors than items, one user, one item, and equal columns", async () => {
    const one: Interactions = interactionsFromTriples(
      { users: Int32Array.of(0), items: Int32Array.of(0), values: Float32Array.of(1) },
      { userCount: 1, itemCount: 1 },
    );
    const scores = new Float32Array(1);
    (await ials.fit(one, { factors: 30, epochs: 2 })).scoreItems(historyOf(one, 0), scores);
    expect(scores[0]).toBeGreaterThan(0.5);
    expect(scores[0]).toBeLessThanOrEqual(1);
  });

  it("can be cancelled between blocks of an epoch and reports each half of it", async () => {
    const controller = new AbortController();
    const texts: string[] = [];
    const run = {
      signal: controller.signal,
      onProgress: (fraction: number, text: string) => {
        texts.push(`${fraction.toFixed(2)} ${text}`);
        if (texts.length === 3) controller.abort();
      },
    };
    await expect(ials.fit(data, { ...small, epochs: 5 }, run)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(texts).toEqual(["0.10 epoch 1 of 5", "0.20 epoch 1 of 5", "0.30 epoch 2 of 5"]);
  });

  it("refuses more memory than there can be, before any work", async () => {
    const huge = { userCount: 1, itemCount: 20_000_000, starts: Int32Array.of(0, 1) };
    const entry = { items: Int32Array.of(5), values: Float32Array.of(1) };
    const needed = ials.memoryBytes({ userCount: 1, itemCount: huge.itemCount, entryCount: 1 });
    expect(needed).toBeGreaterThan(2 ** 32);
    await expect(ials.fit({ ...huge, ...entry })).rejects.toMatchObject({ code: "MEMORY_EXCEEDED" });
  });
});

/** Loss over all cells, without the penalty. */
function loss(model: Awaited<ReturnType<typeof ials.fit>>, interactions: Interactions): number {
  const scores = new Float32Array(interactions.itemCount);
  let sum = 0;
  for (let user = 0; user < interactions.userCount; user++) {
    const { items, values } = historyOf(interactions, user);
    model.scoreItems({ items, values }, scores);
    for (const score of scores) sum += small.unobservedWeight * score ** 2;
    for (const [at, item] of items.entries()) sum += values[at]! * (1 - scores[item]!) ** 2;
  }
  return sum;
}

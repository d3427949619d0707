import { describe, expect, it } from "vitest";
import {
  historyOf,
  type Interactions,
  interactionsFromTriples,
  transpose,
} from "../../src/data/interactions.ts";
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

/** A row straight from the definition: what minimizes the loss against these rows of the other side. */
function solveRow(factors: number[][], history: { items: Int32Array; values: Float32Array }): number[] {
  const size = small.factors;
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
  return solve(a, b);
}

/** The score of every item straight from the definition: minimize the loss of one user's row, then multiply. */
function scoresByDefinition(factors: number[][], history: { items: Int32Array; values: Float32Array }) {
  const x = solveRow(factors, history);
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

  it("comes to rest where both sides solve their equations exactly", async () => {
    const model = await ials.fit(data, { ...small, epochs: 300 });
    const stored = model.toData().arrays["itemFactors"] as Float32Array;
    const items = Array.from({ length: data.itemCount }, (_, item) => [
      ...stored.subarray(item * small.factors, (item + 1) * small.factors),
    ]);
    const users = Array.from({ length: data.userCount }, (_, user) => solveRow(items, historyOf(data, user)));
    const byItem = transpose(data);
    for (const [item, row] of items.entries()) {
      for (const [at, value] of solveRow(users, historyOf(byItem, item)).entries()) {
        expect(row[at]).toBeCloseTo(value, 3);
      }
    }
  });

  it("gives the same bytes with 1, 2 and 3 threads", async () => {
    const bytes: string[] = [];
    for (const threads of [1, 2, 3]) {
      const model = await ials.fit(data, { ...small, epochs: 5 }, { threads });
      bytes.push(Buffer.from(model.toData().arrays["itemFactors"]!.slice().buffer).toString("base64"));
    }
    expect(bytes).toEqual([bytes[0], bytes[0], bytes[0]]);
  });

  it("fits weights that are all 1 as it fits them stored", async () => {
    const ones = { ...data, values: data.values.slice().fill(1) };
    const nearly = { ...ones, values: ones.values.slice() };
    nearly.values[0] = 1.0000001192092896; // the next float after 1: nothing to the fit, but now the weights are stored
    const [plain, stored] = await Promise.all([ials.fit(ones, small), ials.fit(nearly, small)]);
    const factors = stored.toData().arrays["itemFactors"]!;
    for (const [at, value] of plain.toData().arrays["itemFactors"]!.entries()) {
      expect(factors[at]).toBeCloseTo(value, 4);
    }
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
    const items = Int32Array.from({ length: data.itemCount }, (_, item) => item);
    const history = { items, values: new Float32Array(data.itemCount).fill(3e38) };
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

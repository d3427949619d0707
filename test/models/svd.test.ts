import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { historyOf } from "../../src/data/interactions.ts";
import { bytesOf, createWorkspace } from "../../src/kernels/workspace.ts";
import { ratingModel } from "../../src/models/rating-model.ts";
import { svd } from "../../src/models/svd.ts";
import { tasteData } from "../contract/model.ts";

interface Golden {
  learningRate: number;
  regularization: number;
  epochs: number;
  mean: number;
  ratings: [user: number, item: number, rating: number][];
  before: { users: number[][]; items: number[][] };
  after: { users: number[][]; items: number[][]; userBiases: number[]; itemBiases: number[] };
  folded: { strengths: [number, number]; predicted: number[] };
}
const golden: Golden = JSON.parse(readFileSync(new URL("../golden/svd.json", import.meta.url), "utf8"));
const data = tasteData("rating");

describe("svd against Surprise (test/golden/svd.py)", () => {
  it("moves factors and biases by the same steps", () => {
    const width = 8;
    const [users, items] = [golden.before.users, golden.before.items];
    const count = golden.ratings.length;
    const rows = 4 * width * (users.length + items.length);
    const workspace = createWorkspace({
      bytes: bytesOf(...[8, count, count, count, rows, 64].map((n) => 8 * n)),
    });
    const blockStarts = workspace.i32(2);
    blockStarts[1] = count;
    const columns = [workspace.i32(count), workspace.i32(count), workspace.f32(count)] as const;
    for (const [column, array] of columns.entries()) array.set(golden.ratings.map((row) => row[column]!));
    const placed = [users, items].map((table) => {
      const array = workspace.f32(table.length * width);
      for (const [row, factors] of table.entries()) array.set(factors, row * width);
      return array;
    });
    const biases = [workspace.f32(users.length), workspace.f32(items.length)];
    const ratings = [blockStarts, ...columns].map((array) => array.byteOffset);
    const learned = [...placed, ...biases].map((array) => array.byteOffset);
    for (let epoch = 0; epoch < golden.epochs; epoch++) {
      workspace.kernels.sgdBlocks(
        ...(ratings as [number, number, number, number]),
        ...(learned as [number, number, number, number]),
        ...([width, 1, 0, golden.mean, golden.learningRate, golden.regularization, 0, 1] as const),
      );
    }
    for (const [side, table] of [golden.after.users, golden.after.items].entries()) {
      for (const [row, factors] of table.entries()) {
        for (const [at, factor] of factors.entries()) {
          expect(placed[side]![row * width + at]).toBeCloseTo(factor, 5);
        }
      }
    }
    for (const [side, table] of [golden.after.userBiases, golden.after.itemBiases].entries()) {
      for (const [row, bias] of table.entries()) expect(biases[side]![row]).toBeCloseTo(bias, 5);
    }
  });

  it("predicts for a folded-in user what the ridge solution does", () => {
    const { items, itemBiases } = golden.after;
    const learned = {
      mean: golden.mean,
      itemBiases: Float32Array.from(itemBiases),
      itemFactors: Float32Array.from(items.flat()),
    };
    const model = ratingModel(learned, {
      algorithm: "svd",
      parameters: {},
      factors: items[0]!.length,
      strengthsOf: () => golden.folded.strengths,
    });
    const rated = golden.ratings.filter(([user]) => user === 0);
    const history = {
      items: Int32Array.from(rated, ([, item]) => item),
      values: Float32Array.from(rated, ([, , rating]) => rating),
    };
    const scores = new Float32Array(items.length);
    model.scoreItems(history, scores);
    for (const [item, rating] of golden.folded.predicted.entries())
      expect(scores[item]).toBeCloseTo(rating, 5);
  });
});

describe("svd", () => {
  it("gives the same bytes on one thread and on three", async () => {
    const [one, three] = [
      await svd.fit(data, { factors: 9, epochs: 4 }, { threads: 1 }),
      await svd.fit(data, { factors: 9, epochs: 4 }, { threads: 3 }),
    ];
    expect(three.toData()).toEqual(one.toData());
  });

  it("predicts the ratings that it learned better with every epoch", async () => {
    const errors: number[] = [];
    for (const epochs of [1, 5, 20, 60]) errors.push(await trainingError({ factors: 8, epochs }));
    expect(errors).toEqual(errors.toSorted((left, right) => right - left));
    expect(errors.at(-1)).toBeLessThan(0.9 * errors[0]!);
  });

  it("says which epoch diverged, and with which parameters", async () => {
    await expect(svd.fit(data, { factors: 4, learningRate: 10 })).rejects.toMatchObject({
      code: "MODEL_DIVERGED",
      message: expect.stringMatching(
        /^svd: epoch \d of 20 has no finite factors with learningRate 10, regularization 0.02$/,
      ),
    });
  });

  it("can be cancelled between epochs", async () => {
    const controller = new AbortController();
    const texts: string[] = [];
    const run = {
      signal: controller.signal,
      onProgress: (fraction: number, text: string) => {
        texts.push(`${fraction} ${text}`);
        if (texts.length === 2) controller.abort();
      },
    };
    await expect(svd.fit(data, { epochs: 4 }, run)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(texts).toEqual(["0.25 epoch 1 of 4", "0.5 epoch 2 of 4"]);
  });
});

/** Root mean square error over the ratings of the fit. */
async function trainingError(parameters: { factors: number; epochs: number }): Promise<number> {
  const model = await svd.fit(data, { ...parameters, foldInRegularization: 0.3 });
  let sum = 0;
  for (let user = 0; user < data.userCount; user++) {
    const history = historyOf(data, user);
    const scores = model.scoreChosen(history, history.items);
    for (const [at, score] of scores.entries()) sum += (score - history.values[at]!) ** 2;
  }
  return Math.sqrt(sum / data.items.length);
}

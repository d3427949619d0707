import { describe, expect, it } from "vitest";
import { historyOf, interactionsFromTriples } from "../../src/data/interactions.ts";
import { seededRandom } from "../../src/data/random.ts";
import { biasedMf } from "../../src/models/biased-mf.ts";
import type { Model } from "../../src/models/model.ts";

/** Ratings made by a known rule: 3 + user's bias + item's bias + two factors, without noise. */
function knownRatings() {
  const random = seededRandom(4);
  const [userCount, itemCount] = [60, 50];
  const normals = (count: number) => Array.from({ length: count }, () => random.normal());
  const users = Array.from({ length: userCount }, () => normals(3));
  const items = Array.from({ length: itemCount }, () => normals(3));
  const rating = (user: number, item: number) =>
    3 + 0.5 * users[user]![0]! + 0.5 * items[item]![0]! + users[user]![1]! * items[item]![1]!;
  const triples = { users: [] as number[], items: [] as number[], values: [] as number[] };
  for (let user = 0; user < userCount; user++) {
    for (let item = 0; item < itemCount; item++) {
      if (random.uniform() > 0.6) continue;
      triples.users.push(user);
      triples.items.push(item);
      triples.values.push(rating(user, item));
    }
  }
  const columns = {
    users: Int32Array.from(triples.users),
    items: Int32Array.from(triples.items),
    values: Float32Array.from(triples.values),
  };
  return { data: interactionsFromTriples(columns, { userCount, itemCount }), rating };
}

const { data, rating } = knownRatings();
const weak = { regularization: 0.001, biasRegularization: 0.001 };

/** Root mean square error over all pairs, those that were not in the data included. */
function error(model: Model): number {
  const scores = new Float32Array(data.itemCount);
  let sum = 0;
  for (let user = 0; user < data.userCount; user++) {
    model.scoreItems(historyOf(data, user), scores);
    for (const [item, score] of scores.entries()) sum += (score - rating(user, item)) ** 2;
  }
  return Math.sqrt(sum / (data.userCount * data.itemCount));
}

describe("biasedMf", () => {
  it("finds the rule behind ratings without noise, unseen pairs included", async () => {
    const model = await biasedMf.fit(data, { ...weak, factors: 2, epochs: 40 });
    expect(error(model)).toBeLessThan(0.1);
    const biases = await biasedMf.fit(data, { ...weak, factors: 0, epochs: 40 });
    expect(error(biases)).toBeGreaterThan(0.5); // the factors carry the rest
  });

  it("predicts μ + b_i for a user without ratings", async () => {
    const model = await biasedMf.fit(data, { factors: 3, epochs: 3 });
    const { arrays } = model.toData();
    const scores = new Float32Array(data.itemCount);
    model.scoreItems({ items: new Int32Array(0), values: new Float32Array(0) }, scores);
    for (const item of [0, 7, 49]) {
      expect(scores[item]).toBeCloseTo(arrays["mean"]![0]! + arrays["itemBiases"]![item]!, 5);
    }
    expect(arrays["mean"]![0]).toBeCloseTo(
      data.values.reduce((sum, value) => sum + value, 0) / data.values.length,
      6,
    );
  });

  it("with no factors is the ridge solution of the biases, computed here by another way", async () => {
    const strength = 0.2;
    const model = await biasedMf.fit(data, {
      factors: 0,
      epochs: 60,
      biasRegularization: strength,
      regularizationExponent: 1,
    });
    const { arrays } = model.toData();
    const mean = arrays["mean"]![0]!;
    const users = new Float64Array(data.userCount);
    const items = new Float64Array(data.itemCount);
    for (let round = 0; round < 200; round++) {
      const sums = { user: new Float64Array(data.userCount), item: new Float64Array(data.itemCount) };
      const counts = { user: new Float64Array(data.userCount), item: new Float64Array(data.itemCount) };
      const each = (of: (user: number, item: number, value: number) => void) => {
        for (let user = 0; user < data.userCount; user++) {
          const row = historyOf(data, user);
          for (const [at, item] of row.items.entries()) of(user, item, row.values[at]!);
        }
      };
      each((user, item, value) => {
        counts.user[user]!++;
        sums.user[user]! += value - mean - items[item]!;
      });
      for (let user = 0; user < users.length; user++) {
        users[user] = counts.user[user] ? sums.user[user]! / (counts.user[user]! * (1 + strength)) : 0;
      }
      each((user, item, value) => {
        counts.item[item]!++;
        sums.item[item]! += value - mean - users[user]!;
      });
      for (let item = 0; item < items.length; item++) {
        items[item] = counts.item[item] ? sums.item[item]! / (counts.item[item]! * (1 + strength)) : 0;
      }
    }
    for (let item = 0; item < items.length; item++) {
      expect(arrays["itemBiases"]![item]).toBeCloseTo(items[item]!, 4);
    }
  });

  it("says which epoch and row diverged", async () => {
    const values = data.values.slice().fill(3e38, 0, 50).fill(-3e38, 50, 100);
    await expect(biasedMf.fit({ ...data, values }, { factors: 2, epochs: 3 })).rejects.toMatchObject({
      code: "MODEL_DIVERGED",
      message: expect.stringMatching(
        /^biased-mf: epoch 1 of 3, (user|item) \d+ has no finite factors with regularization/,
      ),
    });
  });
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { historyOf, type Interactions, interactionsFromTriples } from "../../src/data/interactions.ts";
import { seededRandom } from "../../src/data/random.ts";
import type { Algorithm, Model, Parameters } from "../../src/models/model.ts";
import { loadModel, saveModel } from "../../src/models/model-file.ts";
import { recommendItems } from "../../src/models/recommend.ts";
import { listOf, recommendBatch } from "../../src/models/recommend-batch.ts";

/** What the suite must know of an algorithm. */
export interface ModelCase {
  readonly algorithm: Algorithm;
  /** Parameters that make it small and quick. */
  readonly parameters: Parameters;
  /** Why the algorithm cannot find the withheld diagonal of a checkerboard; absent where it must. */
  readonly noCheckerboard?: string;
  /** Why there are no contributions; absent where they must add up to the score. */
  readonly noContributions?: string;
  /** How close fold-in of a user comes to a fit with that user: share of the ten best items in common. */
  readonly refitOverlapMin: number;
  /** How many of the ten items most similar to one are of its taste. Default 8. */
  readonly similarTasteMin?: number;
  /** Parameters that ask for more factors or neighbours than there are items. */
  readonly moreThanItems?: Parameters;
}

const userCount = 80;
const itemCount = 60;

/** Users and items of three tastes, with noise; weights or ratings as the purpose asks. One user and one item have no entry. */
export function tasteData(purpose: Algorithm["purpose"], seed = 1): Interactions {
  const random = seededRandom(seed);
  const users: number[] = [];
  const items: number[] = [];
  const values: number[] = [];
  for (let user = 0; user < userCount - 1; user++) {
    for (let item = 0; item < itemCount - 1; item++) {
      const isTaste = user % 3 === item % 3;
      if (random.uniform() > (isTaste ? 0.5 : 0.1)) continue;
      users.push(user);
      items.push(item);
      const rating = isTaste ? 4 + random.below(3) / 2 : 1 + random.below(4) / 2;
      values.push(purpose === "rating" ? rating : rating / 5);
    }
  }
  const triples = {
    users: Int32Array.from(users),
    items: Int32Array.from(items),
    values: Float32Array.from(values),
  };
  return interactionsFromTriples(triples, { userCount, itemCount });
}

/** Every user has the items of the same parity, but the one on the diagonal. */
function checkerboard(size: number): Interactions {
  const users: number[] = [];
  const items: number[] = [];
  for (let user = 0; user < size; user++) {
    for (let item = user % 2; item < size; item += 2) {
      if (item === user) continue;
      users.push(user);
      items.push(item);
    }
  }
  const values = new Float32Array(users.length).fill(1);
  const triples = { users: Int32Array.from(users), items: Int32Array.from(items), values };
  return interactionsFromTriples(triples, { userCount: size, itemCount: size });
}

const scoresOf = (model: Model, history: { items: Int32Array; values: Float32Array }) => {
  const scores = new Float32Array(model.itemCount);
  model.scoreItems(history, scores);
  return scores;
};

/** The ten best items that are not in the history. */
const best = (
  scores: Float32Array,
  history: { items: Int32Array },
  isAllowed: (item: number) => boolean = () => true,
) =>
  Array.from(scores.keys())
    .filter((item) => isAllowed(item) && !history.items.includes(item))
    .sort((left, right) => scores[right]! - scores[left]! || left - right)
    .slice(0, 10);

/** A skipped test says why in its name. */
const but = (reason: string | undefined) => (reason ? ` (skipped: ${reason})` : "");

const noHistory = { items: new Int32Array(0), values: new Float32Array(0) };

/** Everything that each algorithm owes whoever fits, scores, explains, saves and loads it. */
export function modelContract(of: ModelCase): void {
  const { algorithm, parameters } = of;
  const data = tasteData(algorithm.purpose);

  describe(`${algorithm.name} as a model`, () => {
    let model: Model;
    let folder: string;
    beforeAll(async () => {
      model = await algorithm.fit(data, parameters);
      folder = await mkdtemp(join(tmpdir(), "usher-model-"));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it("gives every item a finite score, for users with and without a history", () => {
      expect(model.itemCount).toBe(itemCount);
      for (let user = 0; user < userCount; user++) {
        expect(scoresOf(model, historyOf(data, user)).every(Number.isFinite), `user ${user}`).toBe(true);
      }
    });

    it("gives the same bytes for the same seed and says all its parameters", async () => {
      const again = await algorithm.fit(data, parameters);
      expect(again.toData()).toEqual(model.toData());
      expect(Object.keys(model.parameters).sort()).toEqual(Object.keys(algorithm.parameters).sort());
      expect(model.parameters).toMatchObject(parameters);
    });

    const noSeed = "seed" in algorithm.parameters ? undefined : "nothing in it is random";
    it.skipIf(noSeed)(`gives other bytes for another seed${but(noSeed)}`, async () => {
      const other = await algorithm.fit(data, { ...parameters, seed: 99 });
      expect(other.toData().arrays).not.toEqual(model.toData().arrays);
    });

    it("scores the same after save and load, to the bit", async () => {
      const path = join(folder, "model.bin");
      await saveModel(path, model);
      const loaded = await loadModel(path);
      expect(loaded.algorithm).toBe(algorithm.name);
      for (const user of [0, 1, userCount - 1]) {
        expect(scoresOf(loaded, historyOf(data, user))).toEqual(scoresOf(model, historyOf(data, user)));
      }
      const similar = [new Float32Array(itemCount), new Float32Array(itemCount)] as const;
      loaded.similarItems(3, similar[0]);
      model.similarItems(3, similar[1]);
      expect(similar[0]).toEqual(similar[1]);
    });

    it("scores by history alone: order of the calls and of the users does not matter", () => {
      const before = scoresOf(model, historyOf(data, 5));
      scoresOf(model, historyOf(data, 6));
      scoresOf(model, noHistory);
      model.contributions(historyOf(data, 7), [2]);
      model.similarItems(4, new Float32Array(itemCount));
      expect(scoresOf(model, historyOf(data, 5))).toEqual(before);
    });

    it.skipIf(of.noCheckerboard)(
      `finds the withheld diagonal of a checkerboard${but(of.noCheckerboard)}`,
      async () => {
        const size = 50;
        const board = checkerboard(size);
        const fitted = await algorithm.fit(board, parameters);
        for (let user = 0; user < size; user++) {
          const history = historyOf(board, user);
          expect(best(scoresOf(fitted, history), history)[0], `user ${user}`).toBe(user);
        }
      },
    );

    it("folds in a user much as a fit with that user would", async () => {
      const history = historyOf(data, 0);
      const without = await algorithm.fit(dropUser(data, 0), parameters);
      const refitted = best(scoresOf(model, history), history);
      const folded = best(scoresOf(without, history), history);
      expect(refitted.filter((item) => folded.includes(item)).length).toBeGreaterThanOrEqual(
        of.refitOverlapMin * 10,
      );
    });

    it("gives many users the lists that it gives them one by one, to the bit", async () => {
      const allowed = Int32Array.from({ length: itemCount }, (_, item) => item).filter(
        (item) => item % 7 !== 2,
      );
      for (const limits of [{}, { allowed }]) {
        const lists = await recommendBatch(model, {
          histories: data,
          k: 8,
          excluded: data,
          threads: 2,
          ...limits,
        });
        for (let user = 0; user < userCount; user++) {
          const history = historyOf(data, user);
          const single = recommendItems(model, { history, k: 8, excluded: history.items, ...limits });
          expect(listOf(lists, user), `user ${user}`).toEqual(single);
        }
        expect(lists.scoredShare).toBeGreaterThan(0);
        expect(lists.scoredShare).toBeLessThanOrEqual(1);
      }
    });

    it("lists the best allowed items that are not excluded, as a scan of all scores finds them", () => {
      const allowed = Int32Array.from({ length: itemCount / 2 }, (_, item) => 2 * item);
      for (const user of [0, 5, 33, userCount - 1]) {
        const history = historyOf(data, user);
        const scores = scoresOf(model, history);
        const list = recommendItems(model, { history, k: 10, excluded: history.items, allowed });
        const expected = best(scores, history, (item) => item % 2 === 0);
        expect(list.items).toHaveLength(10);
        for (const [rank, item] of list.items.entries()) {
          expect(item % 2).toBe(0);
          expect(history.items).not.toContain(item);
          // a different item only where the scores are equal but for rounding
          expect(scores[item]).toBeCloseTo(scores[expected[rank]!]!, 5);
          expect(list.scores[rank]).toBeCloseTo(scores[item]!, 5);
        }
        expect(new Set(list.items).size).toBe(10);
      }
    });

    it("fits interactions that are all of the same users and of one value, with empty rows and columns", async () => {
      const [count, size] = [12, 9];
      const users = Int32Array.from({ length: count * 3 }, (_, at) => Math.floor(at / 3) * 2);
      const items = Int32Array.from({ length: count * 3 }, (_, at) => (at % 3) * 3);
      const triples = { users, items, values: new Float32Array(users.length).fill(1) };
      const equal = interactionsFromTriples(triples, { userCount: 2 * count, itemCount: size });
      const fitted = await algorithm.fit(equal, { ...parameters, ...of.moreThanItems });
      for (const user of [0, 1]) {
        const scores = new Float32Array(size);
        fitted.scoreItems(historyOf(equal, user), scores);
        expect(scores.every(Number.isFinite)).toBe(true);
      }
      for (const array of Object.values(fitted.toData().arrays))
        expect(array.every(Number.isFinite)).toBe(true);
    });

    it("scores chosen items as it scores all", () => {
      const history = historyOf(data, 3);
      const scores = scoresOf(model, history);
      const chosen = model.scoreChosen(history, [5, 0, itemCount - 1]);
      expect(chosen).toHaveLength(3);
      for (const [at, item] of [5, 0, itemCount - 1].entries())
        expect(chosen[at]).toBeCloseTo(scores[item]!, 4);
    });

    it("explains a score by contributions that add up to it", () => {
      const history = historyOf(data, 2);
      if (of.noContributions) {
        expect(model.contributions(history, [9])).toBeUndefined();
        return;
      }
      const constants = scoresOf(model, noHistory);
      const scores = scoresOf(model, history);
      for (const item of [0, 2, 9, itemCount - 1]) {
        const terms = model.contributions(history, [item])![0]!;
        expect(terms.length).toBe(history.items.length);
        const sum = terms.reduce((total, term) => total + term, 0);
        expect(sum).toBeCloseTo(scores[item]! - constants[item]!, 4);
      }
      expect(model.contributions(noHistory, [0])).toEqual([new Float32Array(0)]);
    });

    it("finds an item most similar to itself, and those of its taste next", () => {
      const similar = new Float32Array(itemCount);
      model.similarItems(4, similar);
      expect(similar[4]).toBe(1);
      expect(similar.every((score) => Number.isFinite(score) && score <= 1.000001)).toBe(true);
      if (of.noCheckerboard) return;
      const next = best(similar, { items: Int32Array.of(4) });
      expect(next.filter((item) => item % 3 === 1).length).toBeGreaterThanOrEqual(of.similarTasteMin ?? 8);
    });

    it("says how far it is, up to 1", async () => {
      const fractions: number[] = [];
      await algorithm.fit(data, parameters, { onProgress: (fraction) => fractions.push(fraction) });
      expect(fractions.at(-1)).toBe(1);
      expect(fractions).toEqual(fractions.toSorted((left, right) => left - right));
    });

    it("stops when it is cancelled", async () => {
      const controller = new AbortController();
      controller.abort();
      await expect(algorithm.fit(data, parameters, { signal: controller.signal })).rejects.toMatchObject({
        code: "CANCELLED",
      });
    });

    it("states the memory that it needs before it starts", () => {
      const small = algorithm.memoryBytes(
        { userCount, itemCount, entryCount: data.items.length },
        parameters,
      );
      const large = algorithm.memoryBytes(
        { userCount, itemCount: 100 * itemCount, entryCount: 100 * data.items.length },
        parameters,
      );
      expect(small).toBeGreaterThan(0);
      expect(large).toBeGreaterThan(10 * small);
    });

    describe("refuses", () => {
      const withValue = (value: number) => ({ ...data, values: data.values.slice().fill(value, 3, 4) });

      it.each([Number.NaN, Number.POSITIVE_INFINITY])("a value of %d", async (value) => {
        await expect(algorithm.fit(withValue(value), parameters)).rejects.toMatchObject({
          code: "DATA_INVALID",
          message: expect.stringMatching(/^[a-z-]+: expected a finite value.* got (NaN|Infinity)$/),
        });
      });

      const noWeights = algorithm.purpose === "rating" ? "it is fitted on ratings" : undefined;
      it.skipIf(noWeights)(`a negative weight${but(noWeights)}`, async () => {
        await expect(algorithm.fit(withValue(-1), parameters)).rejects.toMatchObject({
          code: "DATA_INVALID",
        });
      });

      it("an index out of range", async () => {
        const items = data.items.slice().fill(itemCount, 3, 4);
        await expect(algorithm.fit({ ...data, items }, parameters)).rejects.toMatchObject({
          code: "DATA_INVALID",
          message: expect.stringContaining(`in 0..${itemCount - 1}, got ${itemCount}`),
        });
      });

      it("an item twice in a row of a user, and items out of order", async () => {
        for (const order of [
          (items: Int32Array) => [items[4]!, items[4]!],
          (items: Int32Array) => [items[5]!, items[4]!],
        ]) {
          const items = data.items.slice();
          items.set(order(items), 4);
          await expect(algorithm.fit({ ...data, items }, parameters)).rejects.toMatchObject({
            code: "DATA_INVALID",
            message: expect.stringContaining("expected each item once and in ascending order"),
          });
        }
      });

      it("to start where memory does not suffice, and says how much it needs", async () => {
        const needed = algorithm.memoryBytes(
          { userCount, itemCount, entryCount: data.items.length },
          parameters,
        );
        await expect(algorithm.fit(data, parameters, { memoryBytesMax: needed - 1 })).rejects.toMatchObject({
          code: "MEMORY_EXCEEDED",
          details: { needed, available: needed - 1 },
        });
        await algorithm.fit(data, parameters, { memoryBytesMax: needed });
      });

      it("a file that was cut, altered, or holds something else", async () => {
        const path = join(folder, "spoilt.bin");
        await saveModel(path, model);
        const whole = await readFile(path);
        const altered = Buffer.from(whole);
        altered[whole.length - 100]! ^= 1;
        const spoilt = [
          whole.subarray(0, whole.length / 2),
          whole.subarray(0, 20),
          altered,
          Buffer.from("PK"),
        ];
        for (const content of spoilt) {
          await writeFile(path, content);
          await expect(loadModel(path)).rejects.toMatchObject({ code: "MODEL_FILE" });
        }
      });

      it("no interactions", async () => {
        const empty = {
          starts: new Int32Array(userCount + 1),
          items: noHistory.items,
          values: noHistory.values,
        };
        await expect(algorithm.fit({ userCount, itemCount, ...empty }, parameters)).rejects.toMatchObject({
          code: "DATA_EMPTY",
        });
      });

      it("an unknown parameter, and values outside their range", async () => {
        await expect(algorithm.fit(data, { speed: 1 })).rejects.toMatchObject({
          code: "MODEL_PARAMETER",
          message: expect.stringContaining("got speed"),
        });
        for (const [name, rule] of Object.entries(algorithm.parameters)) {
          const outside =
            "choices" in rule
              ? ["", "other", 0]
              : [rule.min - 1, rule.max * 2 + 1, Number.NaN, "1", ...(rule.integer ? [rule.min + 0.5] : [])];
          for (const value of outside) {
            await expect(algorithm.fit(data, { [name]: value }), `${name} ${value}`).rejects.toMatchObject({
              code: "MODEL_PARAMETER",
              message: expect.stringContaining(`${name} must be`),
            });
          }
        }
      });

      it("data of another algorithm, of another size, and with values that are not finite", () => {
        const good = model.toData();
        const [name, array] = Object.entries(good.arrays)[0]!;
        const spoilt = array.slice();
        spoilt.fill(Number.NaN);
        const bad = [
          { ...good, algorithm: "other" },
          { ...good, itemCount: itemCount + 1 },
          { ...good, arrays: {} },
          { ...good, arrays: { ...good.arrays, [name]: array.slice(1) } },
          ...(array instanceof Int32Array ? [] : [{ ...good, arrays: { ...good.arrays, [name]: spoilt } }]),
        ];
        for (const data of bad) {
          expect(() => algorithm.load(data)).toThrow(expect.objectContaining({ code: "MODEL_FILE" }));
        }
      });

      it("a history with a value that is not finite", () => {
        const history = { items: Int32Array.of(1), values: Float32Array.of(Number.NaN) };
        if (of.noContributions) return; // the history is not read
        expect(() => scoresOf(model, history)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
      });
    });
  });
}

function dropUser(data: Interactions, user: number): Interactions {
  const count = data.starts[user + 1]! - data.starts[user]!;
  return {
    userCount: data.userCount,
    itemCount: data.itemCount,
    starts: data.starts.map((start, row) => (row > user ? start - count : start)),
    items: data.items.filter((_, entry) => entry < data.starts[user]! || entry >= data.starts[user + 1]!),
    values: data.values.filter((_, entry) => entry < data.starts[user]! || entry >= data.starts[user + 1]!),
  };
}

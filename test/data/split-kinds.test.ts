import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { historyOf, type Interactions, interactionsFromTriples } from "../../src/data/interactions.ts";
import { sampleNegatives } from "../../src/data/negatives.ts";
import { foldRows, kFolds, leaveOneOut, splitByTime } from "../../src/data/split.ts";

/** Rows of [item, time] pairs; without times where none is given. */
function matrix(rows: (readonly [item: number, time?: number])[][], itemCount = 20): Interactions {
  const entries = rows.flatMap((row, user) => row.map(([item, time]) => ({ user, item, time })));
  const isTimed = entries.some(({ time }) => time !== undefined);
  return interactionsFromTriples(
    {
      users: Int32Array.from(entries, ({ user }) => user),
      items: Int32Array.from(entries, ({ item }) => item),
      values: new Float32Array(entries.length).fill(1),
      ...(isTimed ? { times: Float64Array.from(entries, ({ time }) => time ?? Number.NaN) } : {}),
    },
    { userCount: rows.length, itemCount },
  );
}

const itemsOf = (part: Interactions, user: number) => [...historyOf(part, user).items];
const untimed = (length: number) => Array.from({ length }, (_, item) => [item] as const);

describe("leaveOneOut", () => {
  it("holds out the last entry in time, and of those of one second the later in the row", () => {
    const whole = matrix([
      [
        [0, 30],
        [1, 10],
        [2, 20],
      ],
      [
        [4, 5],
        [7, 5],
      ],
    ]);
    const { train, test, usersByTime } = leaveOneOut(whole);
    expect([itemsOf(test, 0), itemsOf(test, 1), usersByTime]).toEqual([[0], [7], 2]);
    expect([itemsOf(train, 0), itemsOf(train, 1)]).toEqual([[1, 2], [4]]);
  });

  it("draws one by the seed where there are no times, and keeps the only entry of a user", () => {
    const whole = matrix([untimed(20), untimed(1), []]);
    const first = itemsOf(leaveOneOut(whole, { seed: 3 }).test, 0);
    expect(first).toHaveLength(1);
    expect(itemsOf(leaveOneOut(whole, { seed: 3 }).test, 0)).toEqual(first);
    const drawn = new Set(
      Array.from({ length: 40 }, (_, seed) => itemsOf(leaveOneOut(whole, { seed }).test, 0)[0]),
    );
    expect(drawn.size).toBeGreaterThan(10);
    const { train, test, usersAtRandom } = leaveOneOut(whole, { seed: 3 });
    expect([itemsOf(train, 1), itemsOf(test, 1), usersAtRandom]).toEqual([[0], [], 1]);
  });

  it("keeps all entries of users with fewer than asked for", () => {
    expect(leaveOneOut(matrix([untimed(4), untimed(5)]), { entriesMin: 5 }).test.items).toHaveLength(1);
  });
});

describe("splitByTime", () => {
  const whole = matrix([
    [
      [0, 100],
      [1, 400],
    ],
    [
      [2, 200],
      [3, 300],
      [4, Number.NaN],
    ],
  ]);

  it("holds out what came at a moment or later, of all users; without a time it is trained on", () => {
    const { train, test } = splitByTime(whole, { from: 300 });
    expect([itemsOf(test, 0), itemsOf(test, 1)]).toEqual([[1], [3]]);
    expect([itemsOf(train, 0), itemsOf(train, 1)]).toEqual([[0], [2, 4]]);
  });

  it("holds out a share of those with a time", () => {
    expect([...splitByTime(whole, { share: 0.25 }).test.items]).toEqual([1]);
    expect([...splitByTime(whole, { share: 0.75 }).test.items]).toEqual([1, 2, 3]);
    expect([...splitByTime(whole, { share: 0 }).test.items]).toEqual([]);
    expect([...splitByTime(whole).train.items]).toEqual([0, 1, 2, 3, 4]); // a fifth of 4 is none
  });

  it("keeps a second together, on the side that is held out", () => {
    const same = matrix([untimed(10).map(([item]) => [item, item < 4 ? 1 : 2] as const)]);
    expect(splitByTime(same, { share: 0.1 }).test.items).toHaveLength(6);
  });

  it("without times is a programmer's error", () => {
    expect(() => splitByTime(matrix([untimed(3)]))).toThrow("expected interactions with times");
  });
});

describe("kFolds", () => {
  it("every entry is held out once, the parts of equal size but for one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 2, max: 10 }),
        fc.nat(),
        (count, folds, seed) => {
          fc.pre(folds <= count);
          const whole = matrix([untimed(count)], 60);
          const splits = kFolds(whole, { folds, seed });
          const heldOut = splits.flatMap(({ test }) => [...test.items]).sort((left, right) => left - right);
          expect(heldOut).toEqual([...whole.items]);
          const sizes = splits.map(({ test }) => test.items.length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          for (const { train, test } of splits) expect(train.items.length + test.items.length).toBe(count);
        },
      ),
    );
  });

  it.each([1, 2.5, 11])("%s folds of 10 rows are a programmer's error", (folds) => {
    expect(() => foldRows(10, { folds })).toThrow(`2..10, the number of rows, got ${folds}`);
  });
});

describe("sampleNegatives", () => {
  const whole = matrix([untimed(15), [[3], [5]], untimed(20)]);

  it("draws items that the user does not have, each once, as many as there are", () => {
    const [few, many, none] = sampleNegatives(whole, { count: 9, seed: 1 });
    expect([...few!].sort((left, right) => left - right)).toEqual([15, 16, 17, 18, 19]);
    expect(new Set(many).size).toBe(9);
    expect([...many!].some((item) => item === 3 || item === 5)).toBe(false);
    expect(none).toHaveLength(0);
  });

  it("draws every free item about as often", () => {
    const counts = new Int32Array(20);
    for (let seed = 0; seed < 2000; seed++)
      for (const item of sampleNegatives(whole, { count: 9, seed })[1]!) counts[item]!++;
    const free = counts.filter((_, item) => item !== 3 && item !== 5); // expected 1000 each, standard deviation 22
    expect(Math.min(...free)).toBeGreaterThan(900);
    expect(Math.max(...free)).toBeLessThan(1100);
  });

  it("is the same for a seed, another for another, and does not depend on the other users", () => {
    const draw = (seed: number, rows = whole) => [...sampleNegatives(rows, { count: 5, seed })[1]!];
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
    expect(draw(4, matrix([[], [[3], [5]]]))).toEqual(draw(4));
  });
});

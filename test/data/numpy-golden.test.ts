import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { historyOf, type Interactions, interactionsFromTriples } from "../../src/data/interactions.ts";
import { numpyRandom } from "../../src/data/numpy-random.ts";
import { foldRows, kFolds, randomRows, splitAtRandom } from "../../src/data/split.ts";
import { type HeldOutUsers, strongGeneralization } from "../../src/data/strong-generalization.ts";

type Rows = [user: number, items: number[]][];
interface Golden {
  streams: {
    seed: number;
    words: number[];
    uniforms: number[];
    permutation: number[];
    long: number[];
    choice: number[];
  }[];
  folds: { count: number; folds: number; seed: number; rows: number[][] }[];
  shares: { count: number; share: number; seed: number; rows: number[] }[];
  strong: {
    held_out_users: number;
    items: number[][];
    train: Rows;
    validation: { fold_in: Rows; target: Rows };
    test: { fold_in: Rows; target: Rows };
  };
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/splits.json", import.meta.url), "utf8"));

/** A matrix of ones. */
function matrix(rows: readonly number[][], itemCount: number): Interactions {
  const entries = rows.flatMap((items, user) => items.map((item) => [user, item] as const));
  return interactionsFromTriples(
    {
      users: Int32Array.from(entries, ([user]) => user),
      items: Int32Array.from(entries, ([, item]) => item),
      values: new Float32Array(entries.length).fill(1),
    },
    { userCount: rows.length, itemCount },
  );
}

const sorted = (rows: Int32Array) => [...rows].sort((left, right) => left - right);

describe("numpyRandom is NumPy's RandomState", () => {
  it.each(golden.streams)("seed $seed", ({ seed, words, uniforms, permutation, long, choice }) => {
    const random = numpyRandom(seed);
    const drawn = Array.from({ length: 700 }, () => random.uint32());
    expect([...drawn.slice(0, 4), ...drawn.slice(620, 630)]).toEqual(words);
    expect(Array.from({ length: 3 }, () => random.uniform())).toEqual(uniforms);
    expect([...random.permutation(12)]).toEqual(permutation);
    expect([...random.permutation(70_000)].filter((_, at) => at % 7_000 === 0)).toEqual(long);
    expect([...random.permutation(37).slice(0, 7)]).toEqual(choice);
  });

  it("up to the greatest 32-bit number and to nothing", () => {
    expect(numpyRandom(42).upTo(0xffffffff)).toBe(golden.streams[1]!.words[0]);
    expect(numpyRandom(42).upTo(0)).toBe(0);
    expect([...numpyRandom(1).permutation(0)]).toEqual([]);
  });
});

describe("folds and shares are scikit-learn's", () => {
  it.each(golden.folds)("KFold of $count rows in $folds", ({ count, rows, ...options }) => {
    expect(foldRows(count, options).map(sorted)).toEqual(rows);
  });

  it.each(golden.shares)("ShuffleSplit of $share of $count rows", ({ count, rows, ...options }) => {
    expect([...randomRows(count, options)]).toEqual(rows);
  });

  it("of a matrix they count its entries", () => {
    const [{ folds, seed, rows }, { share, seed: shareSeed, rows: shareRows }] = [
      golden.folds[0]!,
      golden.shares[0]!,
    ];
    const whole = matrix([Array.from({ length: 23 }, (_, item) => item)], 23); // entry = item
    expect(kFolds(whole, { folds, seed }).map(({ test }) => [...test.items])).toEqual(rows);
    const { train, test } = splitAtRandom(whole, { share, seed: shareSeed });
    expect([...test.items]).toEqual([...shareRows].sort((left, right) => left - right));
    expect(train.items).toHaveLength(23 - shareRows.length);
  });
});

describe("strongGeneralization is the split of Liang et al. 2018 as pandas draws it", () => {
  const { held_out_users: heldOutUsers, items, ...expected } = golden.strong;
  const whole = matrix(items, 50);
  const split = strongGeneralization(whole, { heldOutUsers });
  /** Rows by the indexes of the whole. */
  const rowsOf = (part: Interactions, users: Int32Array): Rows =>
    Array.from(users, (user, row) => [
      user,
      Array.from(historyOf(part, row).items, (at) => split.items[at]!),
    ]);
  const target = ({ target, users }: HeldOutUsers) => rowsOf(target, users);

  it("trains on the same users", () => {
    expect(rowsOf(split.train, split.users)).toEqual(expected.train);
    expect(split.items.length).toBe(new Set(expected.train.flatMap(([, own]) => own)).size);
  });

  it.each(["validation", "test"] as const)("tells and asks the same of the %s users", (name) => {
    const part = split[name];
    expect(rowsOf(part.foldIn, part.users)).toEqual(expected[name].fold_in);
    expect(target(part)).toEqual(expected[name].target);
    expect(part.users).toHaveLength(heldOutUsers);
    expect(part.foldIn.itemCount).toBe(split.train.itemCount);
  });

  it("asks users with exactly as many entries as it takes, not those with fewer", () => {
    const five = matrix(
      Array.from({ length: 12 }, () => [0, 1, 2, 3, 4]),
      5,
    );
    const { test } = strongGeneralization(five, { heldOutUsers: 3 });
    expect([test.target.items.length, test.foldIn.items.length]).toEqual([3, 12]);
    expect(() => strongGeneralization(five, { heldOutUsers: 3, entriesMin: 6 })).toThrow("0 users have");
  });

  it("takes no more held-out users than leave one to train on", () => {
    const able = items.filter((own) => own.length >= 5).length;
    expect(() => strongGeneralization(whole, { heldOutUsers: Math.ceil(able / 2) })).toThrow(
      `${able} users have at least 5 entries`,
    );
    expect(() => strongGeneralization(whole, { heldOutUsers: 0 })).toThrow("got 0");
    const { train } = strongGeneralization(whole, { heldOutUsers: Math.floor((able - 1) / 2) });
    expect(train.userCount).toBe(able % 2 === 0 ? 2 : 1);
  });
});

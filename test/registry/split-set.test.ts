import { describe, expect, it } from "vitest";
import { historyOf, interactionsFromTriples } from "../../src/data/interactions.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import { rankerWeights, splitSet } from "../../src/registry/split-set.ts";

const matrix = (rows: readonly (readonly [item: number, value: number, time: number])[]) =>
  interactionsFromTriples(
    {
      users: Int32Array.from(rows, () => 0),
      items: Int32Array.from(rows, ([item]) => item),
      values: Float32Array.from(rows, ([, value]) => value),
      times: Float64Array.from(rows, ([, , time]) => time),
    },
    { userCount: 1, itemCount: 6 },
  );
const names = { users: vocabulary(["u"]), items: vocabulary(["0", "1", "2", "3", "4", "5"]) };
const itemsOf = (of: ReturnType<typeof matrix>) => [...historyOf(of, 0).items];

describe("splitSet", () => {
  // item 3 was rated early and watched last; item 4 was only watched; item 2 is no sign of liking
  const ratings = matrix([
    [0, 5, 1],
    [1, 4, 2],
    [2, 1, 3],
    [3, 5, 4],
  ]);
  const weights = matrix([
    [0, 1, 1],
    [1, 0.8, 2],
    [3, 1.5, 9],
    [4, 0.5, 5],
  ]);

  it("holds out a pair with all that is known of it, by its newest action", () => {
    const { train, test } = splitSet({ ...names, ratings, weights }, { share: 0.2, seed: 1 });
    expect(itemsOf(test.relevant)).toEqual([3]);
    expect(itemsOf(test.ratings)).toEqual([3]);
    expect(itemsOf(train.weights)).toEqual([0, 1, 4]);
    expect(itemsOf(train.ratings)).toEqual([0, 1, 2]);
    expect(itemsOf(train.seen)).toEqual([0, 1, 2, 4]);
  });

  it("without events splits the ratings alone", () => {
    const { train, test } = splitSet({ ...names, ratings }, { share: 0.25, seed: 1 });
    expect(itemsOf(test.relevant)).toEqual([3]);
    expect([...train.weights.values]).toEqual([1, Math.fround(0.8)]);
    expect(train.seen).toBe(train.ratings);
  });

  it("where nothing is liked, who rated what at all", () => {
    const disliked = matrix([[2, 1, 3]]);
    expect([...rankerWeights({ ratings: disliked }).values]).toEqual([1]);
    expect(splitSet({ ...names, ratings: disliked }, { share: 0.2, seed: 1 }).train.isLiked).toBe(false);
  });
});

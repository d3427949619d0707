import { describe, expect, it } from "vitest";
import { type Interactions, usersWithEntries } from "../../src/data/interactions.ts";
import { judgeLists, type RankingEvaluation } from "../../src/evaluate/ranking.ts";
import { evaluateSlice, groupSlices, longTail, type Slice, userSlices } from "../../src/evaluate/slices.ts";
import { onesOf } from "./matrix.ts";

/** An evaluation of lists written by hand; users without relevant items are left out. */
function evaluationOf(lists: number[][], relevant: Interactions): RankingEvaluation {
  const users = usersWithEntries(relevant);
  return judgeLists({
    ...{ k: 2, itemCount: relevant.itemCount, users, relevant },
    lists: Array.from(users, (user) => Int32Array.from(lists[user] as number[])),
    novelty: Float64Array.from(users, (user) => user),
    auc: Float64Array.from(users, (user) => user / 10),
  });
}

const items = (slice: Slice, count: number) =>
  Array.from({ length: count }, (_, item) => item).filter((item) => slice.hasItem?.(item));
const users = (slice: Slice, count: number) =>
  Array.from({ length: count }, (_, user) => user).filter((user) => slice.hasUser?.(user));

describe("evaluateSlice", () => {
  const relevant = onesOf([[0, 4], [1], [5], []], 6);
  const evaluation = evaluationOf([[0, 1], [2, 1], [5, 4], []], relevant);

  it("of users is the evaluation of those users alone", () => {
    const part = evaluateSlice({ evaluation, relevant }, { name: "few", hasUser: (user) => user > 0 });
    expect([...part.users]).toEqual([1, 2]);
    expect([...part.recall]).toEqual([1, 1]);
    expect(part.means.mrr).toBe(0.75);
    expect(part.means.coverage).toBeCloseTo(4 / 6, 12);
    expect(part.means.novelty).toBe(1.5);
    expect(part.auc).toEqual(Float64Array.of(0.1, 0.2));
    expect(part.lists).toEqual([Int32Array.of(2, 1), Int32Array.of(5, 4)]);
  });

  it("of items asks for those alone, by the same lists, of users with one held out", () => {
    const part = evaluateSlice({ evaluation, relevant }, { name: "late", hasItem: (item) => item >= 4 });
    expect([...part.users]).toEqual([0, 2]);
    expect([...part.recall]).toEqual([0, 1]); // user 0 misses item 4; that 0 was found does not count here
    expect(part.auc).toBeUndefined();
  });

  it("of everything is the whole", () => {
    expect(evaluateSlice({ evaluation, relevant }, { name: "all" })).toEqual(evaluation);
  });
});

describe("userSlices", () => {
  const rows = (...counts: number[]) =>
    onesOf(
      counts.map((count) => Array.from({ length: count }, (_, item) => item)),
      20,
    );

  it("are the fifths with the fewest and the most entries; users without any are in neither", () => {
    const [fresh, heavy] = userSlices(rows(0, 9, 1, 8, 2, 7, 3, 6, 4, 5, 10)) as [Slice, Slice];
    expect([fresh.name, heavy.name]).toEqual(["new users", "heavy users"]);
    expect(users(fresh, 11)).toEqual([2, 4]);
    expect(users(heavy, 11)).toEqual([1, 10]);
  });

  it("hold everybody who has as many as the last of a fifth", () => {
    const [fresh] = userSlices(rows(2, 2, 2, 9, 9)) as [Slice];
    expect(users(fresh, 5)).toEqual([0, 1, 2]);
  });

  it("are empty where there is nobody", () => {
    for (const slice of userSlices(rows(0, 0))) expect(users(slice, 2)).toEqual([]);
  });
});

describe("longTail", () => {
  it("is all but the items that have four fifths of the entries", () => {
    // item 0: 5, item 1: 3, items 2 and 3: 1 each, item 4: none; 8 of 10 are the head
    const train = onesOf(
      [
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 2],
        [0, 3],
      ],
      5,
    );
    expect(items(longTail(train), 5)).toEqual([2, 3, 4]);
  });
});

describe("groupSlices", () => {
  it("has one slice a name, in order, with the items that have the name", () => {
    const slices = groupSlices([["War", "Drama"], [], ["Drama"]]);
    expect(slices.map(({ name }) => name)).toEqual(["genre Drama", "genre War"]);
    expect(slices.map((slice) => items(slice, 3))).toEqual([[0, 2], [0]]);
    expect(groupSlices([["1990s"]], "decade")[0]?.name).toBe("decade 1990s");
  });
});

import { describe, expect, it } from "vitest";
import { interactionsFromTriples } from "../../src/data/interactions.ts";
import { topList } from "../../src/recommend/top-list.ts";

/** Ratings from rows of (item, how many, rating), each from another user. */
function ratingsOf(rows: readonly (readonly [number, number, number])[], itemCount: number) {
  const entries = rows.flatMap(([item, votes, rating]) =>
    Array.from({ length: votes }, () => ({ item, rating })),
  );
  return interactionsFromTriples(
    {
      users: Int32Array.from(entries.keys()),
      items: Int32Array.from(entries, ({ item }) => item),
      values: Float32Array.from(entries, ({ rating }) => rating),
    },
    { userCount: entries.length, itemCount },
  );
}
const all = (count: number) => Int32Array.from({ length: count }, (_, index) => index);

describe("topList", () => {
  it("computes v / (v + m) · R + m / (v + m) · C", () => {
    // counts 1, 4, 5 → m = the third of three = 5; C = (5 + 16 + 10) / 10 = 3.1
    const list = topList(
      ratingsOf(
        [
          [0, 1, 5],
          [1, 4, 4],
          [2, 5, 2],
        ],
        4,
      ),
    );
    expect(list.priorVotes).toBe(5);
    expect(list.meanRating).toBeCloseTo(3.1, 12);
    expect(list.rank(all(4))).toEqual([
      { itemIndex: 1, score: expect.closeTo((4 / 9) * 4 + (5 / 9) * 3.1, 12) },
      { itemIndex: 0, score: expect.closeTo((1 / 6) * 5 + (5 / 6) * 3.1, 12) },
      { itemIndex: 2, score: expect.closeTo((5 / 10) * 2 + (5 / 10) * 3.1, 12) },
    ]);
    expect(list.ratingsOf(1)).toEqual({ count: 4, mean: 4 });
    expect(list.ratingsOf(3)).toEqual({ count: 0, mean: 0 });
  });

  it("keeps items below the vote floor out where enough pass", () => {
    // 250 items with 3 votes, 50 with 100 votes: m = 100, but 200 items must pass, so the floor is 3 and single votes stay out
    const rows = Array.from(
      { length: 310 },
      (_, item) => [item, item < 10 ? 1 : item < 260 ? 3 : 100, 5] as const,
    );
    const list = topList(ratingsOf(rows, 310));
    expect(list.priorVotes).toBe(100);
    const ranked = list.rank(all(310)).map(({ itemIndex }) => itemIndex);
    expect(ranked).toHaveLength(300);
    expect(Math.min(...ranked)).toBe(10);
  });

  it("puts the lower index first where scores are equal, and needs no ratings", () => {
    expect(
      topList(
        ratingsOf(
          [
            [2, 1, 4],
            [0, 1, 4],
          ],
          3,
        ),
      )
        .rank(all(3))
        .map(({ itemIndex }) => itemIndex),
    ).toEqual([0, 2]);
    expect(topList(ratingsOf([], 3)).rank(all(3))).toEqual([]);
  });
});

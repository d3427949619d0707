import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { run } from "../../bench/search.ts";
import { bestOf } from "../../src/catalogue/best-of.ts";
import { editDistance } from "../../src/catalogue/edit-distance.ts";
import { sortedList } from "../../src/catalogue/sorted-list.ts";
import { termIndex } from "../../src/catalogue/term-index.ts";

/** The whole table, as the definition says it. */
function slowDistance(left: string, right: string): number {
  const rows: number[][] = [];
  for (let row = 0; row <= left.length; row++) {
    rows.push([]);
    for (let column = 0; column <= right.length; column++) {
      const change = left[row - 1] === right[column - 1] ? 0 : 1;
      const ways = [
        row > 0 && column > 0 ? rows[row - 1]![column - 1]! + change : Number.POSITIVE_INFINITY,
        row > 0 ? rows[row - 1]![column]! + 1 : Number.POSITIVE_INFINITY,
        column > 0 ? rows[row]![column - 1]! + 1 : Number.POSITIVE_INFINITY,
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
          ? rows[row - 2]![column - 2]! + 1
          : Number.POSITIVE_INFINITY,
      ];
      rows[row]!.push(row + column === 0 ? 0 : Math.min(...ways));
    }
  }
  return rows[left.length]![right.length]!;
}
const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 9 });

describe("near words", () => {
  it("editDistance is that of the whole table, up to its bound", () => {
    fc.assert(
      fc.property(word, word, fc.integer({ min: 1, max: 3 }), (left, right, max) => {
        expect(editDistance(left, right, max)).toBe(Math.min(slowDistance(left, right), max + 1));
      }),
      { numRuns: 3000, seed: 7 },
    );
  });
  it("termIndex misses none and begins right, also with words that were added later", () => {
    fc.assert(
      fc.property(
        fc.array(word),
        fc.array(word),
        word,
        fc.integer({ min: 1, max: 2 }),
        (some, more, asked, max) => {
          const terms = termIndex(some);
          terms.beginningWith("a");
          const all = [...new Set([...some, ...more])];
          const numbers = new Map(all.map((one) => [terms.add(one), one]));
          const near = terms.near(asked, max).map(({ term }) => numbers.get(term)!);
          const distance = (one: string) => slowDistance(one, asked);
          expect(near.sort()).toEqual(all.filter((one) => distance(one) > 0 && distance(one) <= max).sort());
          const longer = terms.beginningWith(asked).map((term) => numbers.get(term)!);
          expect(longer).toEqual(all.filter((one) => one.startsWith(asked) && one !== asked).sort());
        },
      ),
      { numRuns: 500, seed: 7 },
    );
  });
});

it("bestOf keeps what sorting would, and sortedList what a sorted set would", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20 })),
      fc.integer({ min: 1, max: 9 }),
      (scores, limit) => {
        const best = bestOf(limit);
        for (const [number, score] of scores.entries()) if (best.wants(score)) best.add(number, score);
        const all = scores.map((score, number) => ({ number, score }));
        all.sort((left, right) => right.score - left.score || left.number - right.number);
        expect(best.taken()).toEqual(all.slice(0, limit));
        const list = sortedList<number>([], (left, right) => left - right);
        for (const score of scores) list.add(score);
        for (const score of scores.slice(0, limit)) list.remove(score);
        const left = new Set(scores);
        for (const score of scores.slice(0, limit)) left.delete(score);
        expect(list.values).toEqual([...left].sort((one, other) => one - other));
      },
    ),
    { seed: 7 },
  );
});

it("the benchmark finds what was meant", async () => {
  const figures = await run({ tiny: true });
  const share = Object.fromEntries(figures.map(({ kind, foundShare }) => [kind, foundShare]));
  expect(share["the title"]).toBeGreaterThan(0.95);
  expect(share["the title, mistyped"]).toBeGreaterThan(0.85);
  expect(share["a person, mistyped"]).toBeGreaterThan(0.85);
});

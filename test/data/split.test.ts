import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { historyOf, type Interactions, interactionsFromTriples } from "../../src/data/interactions.ts";
import { splitByUser } from "../../src/data/split.ts";

/** Rows of [item, value, time?], one row a user. */
function matrix(rows: [number, number, number?][][], itemCount = 50): Interactions {
  const entries = rows.flatMap((row, user) => row.map((entry) => ({ user, entry })));
  const isTimed = rows.some((row) => row.some((entry) => entry.length === 3));
  return interactionsFromTriples(
    {
      users: Int32Array.from(entries, ({ user }) => user),
      items: Int32Array.from(entries, ({ entry }) => entry[0]),
      values: Float32Array.from(entries, ({ entry }) => entry[1]),
      ...(isTimed ? { times: Float64Array.from(entries, ({ entry }) => entry[2] ?? Number.NaN) } : {}),
    },
    { userCount: rows.length, itemCount },
  );
}

const row = (count: number, time?: (at: number) => number) =>
  Array.from({ length: count }, (_, at): [number, number, number?] =>
    time ? [at, 1 + (at % 5), time(at)] : [at, 1 + (at % 5)],
  );

const itemsOf = (part: Interactions, user: number) => [...historyOf(part, user).items];

describe("splitByUser", () => {
  it("holds out the last fifth by time, wherever it stands in the row", () => {
    const { train, test, usersByTime, usersAtRandom } = splitByUser(matrix([row(10, (at) => 100 - at)]));
    expect(itemsOf(test, 0)).toEqual([0, 1]);
    expect(itemsOf(train, 0)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect([usersByTime, usersAtRandom]).toEqual([1, 0]);
  });

  it("of equal times the later position is the later one", () => {
    const { test } = splitByUser(matrix([row(10, () => 7)]));
    expect(itemsOf(test, 0)).toEqual([8, 9]);
  });

  it("a user with fewer than five entries keeps them all", () => {
    const { train, test } = splitByUser(matrix([row(4, (at) => at), row(5, (at) => at), []]));
    expect(itemsOf(train, 0)).toHaveLength(4);
    expect(itemsOf(test, 0)).toHaveLength(0);
    expect(itemsOf(test, 1)).toEqual([4]);
    expect(itemsOf(test, 2)).toHaveLength(0);
  });

  it("without times the choice is seeded: the same for a seed, another for another", () => {
    const ratings = matrix([row(40), row(40)]);
    const first = itemsOf(splitByUser(ratings, { seed: 1 }).test, 0);
    expect(first).toHaveLength(8);
    expect(itemsOf(splitByUser(ratings, { seed: 1 }).test, 0)).toEqual(first);
    expect(itemsOf(splitByUser(ratings, { seed: 2 }).test, 0)).not.toEqual(first);
    expect(itemsOf(splitByUser(ratings, { seed: 1 }).test, 1)).not.toEqual(first);
    // not simply the last or the first ones
    expect(first).not.toEqual([32, 33, 34, 35, 36, 37, 38, 39]);
  });

  it("one entry without a time makes the user's choice a seeded one", () => {
    const timed = matrix([row(40, (at) => (at === 3 ? Number.NaN : at)), row(40, (at) => at)]);
    const { test, usersByTime, usersAtRandom } = splitByUser(timed, { seed: 5 });
    expect([usersByTime, usersAtRandom]).toEqual([1, 1]);
    expect(itemsOf(test, 0)).not.toEqual(itemsOf(test, 1));
    expect(itemsOf(test, 1)).toEqual([32, 33, 34, 35, 36, 37, 38, 39]);
  });

  it("a user's seeded choice does not change with the other users", () => {
    const alone = splitByUser(matrix([row(30), row(20)]), { seed: 9 });
    const together = splitByUser(matrix([row(10), row(20)]), { seed: 9 });
    expect(itemsOf(together.test, 1)).toEqual(itemsOf(alone.test, 1));
  });

  it("takes the share that is meant where binary fractions fall short of it", () => {
    expect(splitByUser(matrix([row(50), row(50)]), { share: 0.58 }).test.items).toHaveLength(58);
  });

  it("train and test are disjoint, together the whole, values and times with them", () => {
    const rows = fc.array(
      fc.uniqueArray(
        fc.tuple(
          fc.nat(49),
          fc.constantFrom(0.5, 3, 5),
          fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN)),
        ),
        { selector: ([item]) => item, maxLength: 30 },
      ),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(rows, fc.nat(), (entries, seed) => {
        const whole = matrix(entries as [number, number, number][][]);
        const { train, test } = splitByUser(whole, { seed });
        for (let user = 0; user < whole.userCount; user++) {
          expect([...itemsOf(train, user), ...itemsOf(test, user)].sort((a, b) => a - b)).toEqual(
            itemsOf(whole, user),
          );
          expect(itemsOf(test, user)).toHaveLength(Math.floor(itemsOf(whole, user).length / 5));
        }
        const triples = (part: Interactions) =>
          Array.from({ length: part.userCount }, (_, user) => user).flatMap((user) =>
            itemsOf(part, user).map((item, at) => {
              const entry = part.starts[user]! + at;
              return `${user} ${item} ${part.values[entry]} ${part.times?.[entry]}`;
            }),
          );
        expect([...triples(train), ...triples(test)].sort()).toEqual(triples(whole).sort());
      }),
    );
  });
});

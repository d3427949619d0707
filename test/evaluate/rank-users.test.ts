import { describe, expect, it } from "vitest";
import { historyOf, type Interactions, mapInteractions } from "../../src/data/interactions.ts";
import { rankUsers } from "../../src/evaluate/rank-users.ts";
import { ials } from "../../src/models/ials.ts";
import { popularity } from "../../src/models/popularity.ts";
import { twoTastes } from "../registry/small-sets.ts";

const seen = twoTastes({ users: 90, items: 60 }).ratings;
/** Every third pair has no weight, yet is seen. */
const train: Interactions = mapInteractions(seen, (_value, user, item) =>
  (user + item) % 3 === 0 ? Number.NaN : 1,
);
const users = Int32Array.from({ length: 40 }, (_, at) => 2 * at + 1);

describe("rankUsers", () => {
  it("gives the same lists in a batch, for some users or all, as from all scores", async () => {
    const model = await ials.fit(train, { factors: 8, epochs: 5 });
    expect(model.factorRows).toBeDefined(); // else nothing is done in a batch
    for (const some of [users, Int32Array.from({ length: 90 }, (_, user) => user)]) {
      const task = { model, train, seen, users: some, k: 7 };
      const inBatch = await rankUsers(task);
      expect(inBatch.map((list) => [...list])).toEqual(
        (await rankUsers(task, () => {})).map((list) => [...list]),
      );
      for (const [at, user] of some.entries()) {
        const own = new Set(historyOf(seen, user).items);
        expect([...(inBatch[at] as Int32Array)].some((item) => own.has(item))).toBe(false);
      }
    }
  });

  it("shows all scores of each user before seen items are removed", async () => {
    const model = await popularity.fit(train);
    const shown: [number, number, number][] = [];
    await rankUsers({ model, train, seen, users, k: 3 }, (at, user, scores) =>
      shown.push([at, user, scores.filter((score) => Number.isFinite(score)).length]),
    );
    expect(shown).toEqual(Array.from(users, (user, at) => [at, user, 60]));
  });

  it("says how far it is", async () => {
    for (const model of [await ials.fit(train, { factors: 4, epochs: 1 }), await popularity.fit(train)]) {
      const fractions: number[] = [];
      await rankUsers({ model, train, seen, users, k: 3, onUser: (fraction) => fractions.push(fraction) });
      expect(fractions.length).toBeGreaterThan(0);
      expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
    }
  });
});

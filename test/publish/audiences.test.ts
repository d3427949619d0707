import fc from "fast-check";
import { expect, it } from "vitest";
import { collectAudiences } from "../../src/publish/audiences.ts";

const matrix = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 8 }))
  .chain(([users, items]) =>
    fc.record({
      scores: fc.array(fc.array(fc.integer({ min: -2, max: 4 }), { minLength: items, maxLength: items }), {
        minLength: users,
        maxLength: users,
      }),
      excluded: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: items - 1 })), {
        minLength: users,
        maxLength: users,
      }),
      k: fc.integer({ min: 1, max: 5 }),
    }),
  );

it("an item's audience is what sorting all users gives: above 0, not excluded, of equal scores the lower index", () => {
  fc.assert(
    fc.property(matrix, ({ scores, excluded, k }) => {
      const itemCount = scores[0]?.length ?? 0;
      const audiences = collectAudiences({ itemCount, k, isOffered: (item) => item !== 3 });
      for (const [user, row] of scores.entries()) {
        audiences.offer(user, Float32Array.from(row), Int32Array.from(excluded[user] ?? []).sort());
      }
      for (let item = 0; item < itemCount; item++) {
        const expected = scores
          .map((row, user) => ({ user, score: row[item] ?? 0 }))
          .filter(({ user, score }) => item !== 3 && score > 0 && !excluded[user]?.includes(item))
          .sort((left, right) => right.score - left.score || left.user - right.user)
          .slice(0, k);
        expect(audiences.of(item)).toEqual(expected);
      }
    }),
  );
});

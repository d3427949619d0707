import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelModes } from "../../src/kernels/kernel-mode.ts";
import { createWorkspace } from "../../src/kernels/workspace.ts";

describe.each(kernelModes)("topK (%s)", (mode) => {
  const limit = 300;
  const workspace = createWorkspace({ bytes: 1 << 16, mode });
  const scores = workspace.f32(limit);
  const seen = workspace.i32(limit);
  const items = workspace.i32(limit);
  const values = workspace.f32(limit);

  it("gives the finite unseen scores in descending order, ties by index, as many as there are up to k", () => {
    const score = fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: -4, max: 4 }).map(Math.fround) },
      { weight: 3, arbitrary: fc.float() },
    );
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: limit }),
        fc.uniqueArray(fc.nat({ max: limit - 1 }), { maxLength: 60 }),
        fc.nat({ max: limit }),
        (given, excluded, k) => {
          scores.set(given);
          const hidden = excluded.sort((left, right) => left - right);
          seen.set(hidden);
          const found = workspace.kernels.topK(
            ...([scores.byteOffset, given.length, seen.byteOffset, hidden.length, k] as const),
            ...([items.byteOffset, values.byteOffset] as const),
          );
          const expected = given
            .map((value, item) => ({ item, value }))
            .filter(({ item, value }) => Number.isFinite(value) && !hidden.includes(item))
            .sort((left, right) => right.value - left.value || left.item - right.item)
            .slice(0, k);
          expect(found).toBe(expected.length);
          expect([...items.subarray(0, found)]).toEqual(expected.map(({ item }) => item));
          for (let at = 0; at < found; at++) expect(values[at]! === expected[at]!.value).toBe(true);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});

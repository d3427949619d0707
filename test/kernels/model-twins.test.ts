import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import type { KernelMode } from "../../src/kernels/kernel-mode.ts";
import {
  boundLevels,
  lengthSlack,
  retrievalScratchFloats,
  usersAtHand,
} from "../../src/kernels/model-kernels.ts";
import { createWorkspace, type Workspace } from "../../src/kernels/workspace.ts";

const bytes = 8 << 20;
const floats = (workspace: Workspace, values: ArrayLike<number>) => {
  const array = workspace.f32(values.length);
  array.set(values);
  return array;
};
const integers = (workspace: Workspace, values: ArrayLike<number>) => {
  const array = workspace.i32(values.length);
  array.set(values);
  return array;
};
const normals = (length: number, seed: number) => {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
};

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs).filter(Number.isFinite));
  for (let at = 0; at < expected.length; at++) {
    if (!Number.isFinite(expected[at]!)) expect(actual[at]).toBe(expected[at]);
    else expect(Math.abs(actual[at]! - expected[at]!), `at ${at}`).toBeLessThanOrEqual(tolerance * scale);
  }
}

/** A seeded sparse matrix by users, and its entries by items as positions. */
function sparse(workspace: Workspace, { userCount, itemCount }: { userCount: number; itemCount: number }) {
  const random = seededRandom(11);
  const starts = [0];
  const items: number[] = [];
  for (let user = 0; user < userCount; user++) {
    for (let item = 0; item < itemCount - 1; item++) if (random.uniform() < 0.4) items.push(item);
    starts.push(items.length);
  }
  const weights = Float32Array.from(items, () => random.below(5) / 4);
  const byItem = Array.from({ length: itemCount }, (_, item) =>
    Array.from(items.keys()).filter((position) => items[position] === item),
  );
  const positions = byItem.flat();
  const itemStarts = [0];
  for (const row of byItem) itemStarts.push(itemStarts.at(-1)! + row.length);
  const users = positions.map((position) => starts.findLastIndex((start) => start <= position));
  const dense = Array.from({ length: userCount }, (_, user) => {
    const row = new Array<number>(itemCount).fill(0);
    for (let at = starts[user]!; at < starts[user + 1]!; at++) row[items[at]!] = weights[at]!;
    return row;
  });
  const args = [
    integers(workspace, itemStarts).byteOffset,
    integers(workspace, positions).byteOffset,
    integers(workspace, users).byteOffset,
    integers(workspace, starts).byteOffset,
    integers(workspace, items).byteOffset,
    floats(workspace, weights).byteOffset,
  ] as const;
  const product = (left: number, right: number) =>
    dense.reduce((sum, row) => sum + row[left]! * row[right]!, 0);
  return { args, product };
}

describe.each(["wasm", "relaxed", "js"] as const satisfies readonly KernelMode[])("%s", (mode) => {
  const twins = <T>(compute: (workspace: Workspace) => T): [js: T, own: T] => [
    compute(createWorkspace({ bytes, mode: "js" })),
    compute(createWorkspace({ bytes, mode })),
  ];

  describe("sweep: the inverse of a matrix", () => {
    it.each([
      [8, 8],
      [24, 16],
      [136, 32],
      [640, 128],
    ])("of %i rows in blocks of %i pivots, tiles in any order", (width, block) => {
      const workspace = createWorkspace({ bytes, mode });
      const { kernels } = workspace;
      const rows = floats(workspace, normals(2 * width * width, 5));
      const matrix = workspace.f32(width * width);
      kernels.gram(rows.byteOffset, 2 * width, width, matrix.byteOffset);
      for (let at = 0; at < width; at++) matrix[at * (width + 1)]! += width;
      const whole = Float64Array.from(matrix);
      const tiles = width / 8;
      const inverse = workspace.f32(block * block).byteOffset;
      const panels = [
        workspace.f32(width * block).byteOffset,
        workspace.f32(width * block).byteOffset,
      ] as const;
      for (let first = 0; first < width; first += block) {
        const count = Math.min(block, width - first);
        const of = [matrix.byteOffset, width, first, count, inverse] as const;
        expect(kernels.sweepPivots(...of)).toBe(0);
        kernels.sweepPanel(...of, ...panels, 0, tiles);
        for (let tile = tiles - 1; tile >= 0; tile--) kernels.sweepRows(...of, ...panels, tile, tile + 1);
      }
      const inverted = (i: number, j: number) => -matrix[i <= j ? i * width + j : j * width + i]!;
      const random = seededRandom(3);
      for (let check = 0; check < 200; check++) {
        const [i, j] = [random.below(width), check % 2 ? random.below(width) : check % width];
        let sum = 0;
        for (let k = 0; k < width; k++) sum += whole[i * width + k]! * inverted(k, j);
        expect(sum, `cell ${i}, ${j}`).toBeCloseTo(i === j ? 1 : 0, 4);
      }
    });

    it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("names a pivot of %d", (pivot) => {
      const workspace = createWorkspace({ bytes, mode });
      const matrix = workspace.f32(16 * 16);
      for (let at = 0; at < 16; at++) matrix[at * 17] = at === 10 ? pivot : 2;
      const inverse = workspace.f32(64).byteOffset;
      expect(workspace.kernels.sweepPivots(matrix.byteOffset, 16, 0, 8, inverse)).toBe(0);
      expect(workspace.kernels.sweepPivots(matrix.byteOffset, 16, 8, 8, inverse)).toBe(11);
    });

    it("scales columns into both triangles, without the diagonal", () => {
      const workspace = createWorkspace({ bytes, mode });
      const width = 16;
      const upper = (i: number, j: number) => i * 100 + j;
      const matrix = workspace.f32(width * width);
      for (let i = 0; i < width; i++) for (let j = i; j < width; j++) matrix[i * width + j] = upper(i, j);
      const scales = floats(workspace, normals(width, 2));
      const args = [matrix.byteOffset, width, scales.byteOffset] as const;
      workspace.kernels.scaleColumns(...args, 1, 2);
      workspace.kernels.scaleColumns(...args, 0, 1);
      const expected = Array.from(matrix, (_, cell) => {
        const [i, j] = [Math.floor(cell / width), cell % width];
        return i === j ? 0 : upper(Math.min(i, j), Math.max(i, j)) * scales[j]!;
      });
      expectClose(matrix, expected, 1e-6);
    });
  });

  describe("sparse products", () => {
    it("pairRows is the upper triangle of the product", () => {
      const workspace = createWorkspace({ bytes, mode });
      const [itemCount, width] = [37, 40];
      const { args, product } = sparse(workspace, { userCount: 50, itemCount });
      const out = workspace.f32(itemCount * width).fill(9);
      for (const [from, to] of [[20, 37] as const, [0, 20] as const]) {
        workspace.kernels.pairRows(...args, width, out.byteOffset, from, to);
      }
      const expected = Array.from(out, (_, cell) => {
        const [i, j] = [Math.floor(cell / width), cell % width];
        return j < i || j >= itemCount ? 0 : product(i, j);
      });
      expectClose(out, expected, 1e-6);
    });

    it.each([1, 3, 100])("neighbourRows keeps the %i most similar others", (kept) => {
      const workspace = createWorkspace({ bytes, mode });
      const itemCount = 37;
      const { args, product } = sparse(workspace, { userCount: 50, itemCount });
      const norms = floats(
        workspace,
        Float32Array.from({ length: itemCount }, (_, item) => 1 + item / 8),
      );
      const items = workspace.i32(itemCount * kept).fill(-1);
      const similarities = workspace.f32(itemCount * kept);
      const counts = workspace.i32(itemCount);
      const scratch = workspace.f32(itemCount + 1).byteOffset;
      const lists = [items.byteOffset, similarities.byteOffset, counts.byteOffset, scratch] as const;
      workspace.kernels.neighbourRows(...args, itemCount, norms.byteOffset, 2, kept, ...lists, 0, itemCount);
      for (const item of [0, 5, 35, 36]) {
        const expected = Array.from({ length: itemCount }, (_, other) => other)
          .filter((other) => other !== item && product(item, other) > 0)
          .map((other) => {
            const similarity = Math.fround(product(item, other) / (norms[item]! * norms[other]! + 2));
            return { other, similarity };
          })
          .sort((left, right) => right.similarity - left.similarity || left.other - right.other)
          .slice(0, kept);
        expect(counts[item]).toBe(expected.length);
        expect([...items.subarray(item * kept, item * kept + expected.length)]).toEqual(
          expected.map(({ other }) => other),
        );
        expectClose(
          similarities.subarray(item * kept, item * kept + expected.length),
          expected.map(({ similarity }) => similarity),
          1e-6,
        );
      }
    });

    it.each([0, 1, 2, 5])("addRows sums %i weighted rows", (count) => {
      const [js, own] = twins((workspace) => {
        const matrix = floats(workspace, normals(6 * 24, 4));
        const items = integers(workspace, [5, 0, 3, 3, 1].slice(0, count));
        const weights = floats(workspace, normals(count, 5));
        const out = workspace.f32(24).fill(7);
        workspace.kernels.addRows(
          ...([matrix.byteOffset, 24, items.byteOffset, weights.byteOffset, count, out.byteOffset] as const),
        );
        return out;
      });
      expectClose(own, js, 1e-6);
    });
  });

  it("sgdBlocks moves rows and biases as the other twin does, block by block", () => {
    const [js, own] = twins((workspace) => {
      const [width, groups, perBlock] = [24, 2, 15];
      const random = seededRandom(6);
      const ratings = Array.from({ length: groups ** 2 }, (_, block) =>
        Array.from({ length: perBlock }, () => [
          random.below(4) * 2 + Math.floor(block / groups),
          random.below(3) * 2 + (block % groups),
        ]),
      ).flat() as [number, number][];
      const placed = [
        integers(
          workspace,
          [0, 1, 2, 3, 4].map((block) => block * perBlock),
        ),
        integers(
          workspace,
          ratings.map(([user]) => user),
        ),
        integers(
          workspace,
          ratings.map(([, item]) => item),
        ),
        floats(
          workspace,
          ratings.map(() => 1 + random.below(9) / 2),
        ),
      ].map((array) => array.byteOffset) as [number, number, number, number];
      const learned = [
        floats(workspace, normals(8 * width, 7)),
        floats(workspace, normals(6 * width, 8)),
        workspace.f32(8),
        workspace.f32(6),
      ];
      const rows = learned.map((array) => array.byteOffset) as [number, number, number, number];
      for (const step of [0, 1]) {
        const how = [width, groups, step, 3.2, 0.02, 0.05] as const;
        workspace.kernels.sgdBlocks(...placed, ...rows, ...how, 1, 2);
        workspace.kernels.sgdBlocks(...placed, ...rows, ...how, 0, 1);
      }
      return learned.flatMap((array) => [...array]);
    });
    expectClose(own, js, 1e-5);
    expect(own.some((value) => value === 0)).toBe(false); // every bias was moved
  });

  describe("bestRows finds what a scan finds", () => {
    const cases = [1, 4, 5, usersAtHand].flatMap((users) => [8, 16, 24, 40].map((width) => [users, width]));
    it.each(cases as [number, number][])("for %i users, rows of %i", (userCount, width) => {
      const [js, own] = twins((workspace) => search(workspace, { userCount, width, itemCount: 203, k: 7 }));
      expect(own.items).toEqual(js.items);
      expect(own.counts).toEqual(js.counts);
      expectClose(own.scores, js.scores, 1e-5);
      for (const [user, steps] of own.steps.entries()) {
        expect(steps).toBeGreaterThan(0);
        expect(steps).toBeLessThanOrEqual(js.steps[user]!);
      }
    });

    it("and sums less than all", () => {
      const shape = { userCount: 64, width: 40, itemCount: 2000, k: 5 };
      const [js, own] = twins((workspace) => search(workspace, shape).steps.reduce((sum, n) => sum + n, 0));
      if (mode === "js") expect(own).toBe(js);
      else expect(own).toBeLessThan(js / 2);
    });

    it.each([0, 1, 190, 500])("for a list of %i", (k) => {
      const [js, own] = twins((workspace) =>
        search(workspace, { userCount: 3, width: 8, itemCount: 203, k }),
      );
      expect(own.items).toEqual(js.items);
      expect(own.counts).toEqual(js.counts);
    });

    it("among items whose scores are equal: the lower index", () => {
      const [js, own] = twins((workspace) =>
        search(workspace, { userCount: 6, width: 8, itemCount: 203, k: 9, isFlat: true }),
      );
      expect(own.items).toEqual(js.items);
    });
  });
});

/** Searches seeded rows, every third item excluded for user 0 and some for others, and only items that are no multiple of 10 allowed. */
function search(
  workspace: Workspace,
  of: { userCount: number; width: number; itemCount: number; k: number; isFlat?: boolean },
) {
  const { userCount, width, itemCount, k, isFlat = false } = of;
  const random = seededRandom(21);
  const tiles = Math.ceil(itemCount / 8);
  const itemRows = Array.from({ length: itemCount }, (_, item) => {
    const size = isFlat ? 1 : 1 / (1 + item / 20);
    return Float32Array.from({ length: width }, (_, d) =>
      isFlat ? 1 : (random.normal() * size) / (1 + d / 4),
    );
  });
  const length = (row: Float32Array) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  const order = Array.from(itemRows.keys()).sort((a, b) => length(itemRows[b]!) - length(itemRows[a]!));
  if (isFlat) order.reverse(); // so that the lower index comes later
  const panels = workspace.f32(tiles * 8 * width);
  const levels = boundLevels(width);
  const lengths = workspace.f32(tiles * 8 * (1 + levels));
  for (const [place, item] of order.entries()) {
    const row = itemRows[item]!;
    const tile = place >> 3;
    for (let d = 0; d < width; d++) panels[(tile * width + d) * 8 + (place & 7)] = row[d]!;
    for (let level = 0; level <= levels; level++) {
      lengths[(tile * (1 + levels) + level) * 8 + (place & 7)] =
        length(row.subarray(level * 16)) + lengthSlack * length(row);
    }
  }
  const places = integers(workspace, [...order, ...new Array<number>(tiles * 8 - itemCount).fill(-1)]);
  const basis = workspace.f32(width * width);
  for (let d = 0; d < width; d++) basis[d * (width + 1)] = 1;
  const rows = floats(workspace, normals(userCount * width, 22));
  if (isFlat) rows.fill(0.25);
  const excluded = Array.from({ length: userCount }, (_, user) =>
    Array.from(itemRows.keys()).filter((item) => item % (3 + user) === 0),
  );
  const starts = [0];
  for (const list of excluded) starts.push(starts.at(-1)! + list.length);
  const allowedWords = workspace.i32(Math.ceil(itemCount / 4));
  const allowed = new Uint8Array(allowedWords.buffer, allowedWords.byteOffset, itemCount);
  for (let item = 0; item < itemCount; item++) allowed[item] = item % 10 === 0 ? 0 : 1;
  const items = workspace.i32(userCount * k);
  const scores = workspace.f32(userCount * k);
  const counts = workspace.i32(userCount);
  const steps = workspace.i32(userCount);
  const scratch = workspace.f32(retrievalScratchFloats(width)).byteOffset;
  workspace.kernels.bestRows(
    ...([panels.byteOffset, lengths.byteOffset, places.byteOffset, tiles, width] as const),
    ...([basis.byteOffset, rows.byteOffset, integers(workspace, starts).byteOffset] as const),
    ...([integers(workspace, excluded.flat()).byteOffset, allowed.byteOffset, k] as const),
    ...([items.byteOffset, scores.byteOffset, counts.byteOffset, steps.byteOffset, scratch] as const),
    ...([0, userCount] as const),
  );
  return { items: [...items], scores: [...scores], counts: [...counts], steps: [...steps] };
}

import { describe, expect, it } from "vitest";
import {
  historyOf,
  type Interactions,
  interactionsFromTriples,
  transpose,
} from "../../src/data/interactions.ts";
import { seededRandom } from "../../src/data/random.ts";
import { kernelModes } from "../../src/kernels/kernel-mode.ts";
import { openPool } from "../../src/kernels/pool.ts";
import { bytesOf, createWorkspace } from "../../src/kernels/workspace.ts";
import {
  type ChunkedSide,
  chunkedBlocks,
  chunkedSidesBytes,
  placeSides,
} from "../../src/models/chunked-sides.ts";
import { shapeOf } from "../../src/models/training-data.ts";

/** A matrix with a long tail, some users and items without entries, and weights 1, 2, 3. */
function matrixOf({
  userCount,
  itemCount,
  entries,
}: {
  userCount: number;
  itemCount: number;
  entries: number;
}) {
  const random = seededRandom(4);
  const draw = (limit: number) =>
    Int32Array.from({ length: entries }, () => Math.floor(limit * random.uniform() ** 2));
  const triples = {
    users: draw(userCount - 3).map((user) => (user * 7) % (userCount - 3)),
    items: draw(itemCount - 2),
    values: Float32Array.from({ length: entries }, () => 1 + random.below(3)),
  };
  return interactionsFromTriples(triples, { userCount, itemCount });
}

async function lay(
  matrix: Interactions,
  options: { width: number; weighted: boolean; mode?: (typeof kernelModes)[number] },
) {
  const { mode = "wasm", ...layout } = options;
  const threads = 3;
  const workspace = createWorkspace({ bytes: bytesOf(...chunkedSidesBytes(shapeOf(matrix), layout)), mode });
  const pool = openPool(workspace, threads);
  const sides = await placeSides({ workspace, threads, run: (job) => pool.run(job) }, matrix, layout);
  pool.close();
  return sides;
}

/** Every entry as `row other weight` with the indexes outside, sorted. */
function entriesOf(side: ChunkedSide, other: ChunkedSide): string[] {
  const found: string[] = [];
  for (let chunk = 0; chunk < side.chunks; chunk++) {
    for (let row = 0; row < side.rowCount; row++) {
      const place = chunk * side.rowCount + row;
      for (let entry = side.starts[place]!; entry < side.starts[place + 1]!; entry++) {
        const weight = side.weights ? side.weights[entry] : 1;
        found.push(`${side.order[row]} ${other.order[side.items[entry]!]} ${weight}`);
      }
    }
  }
  return found.sort();
}

const triplesOf = (matrix: Interactions, weighted: boolean) =>
  Array.from({ length: matrix.userCount }, (_, row) => {
    const { items, values } = historyOf(matrix, row);
    return Array.from(items, (item, at) => `${row} ${item} ${weighted ? values[at] : 1}`);
  })
    .flat()
    .sort();

describe("placeSides", () => {
  const matrix = matrixOf({ userCount: 300, itemCount: 260, entries: 40_000 });

  it.each(kernelModes)("holds every entry once on both sides, in several chunks (%s)", async (mode) => {
    for (const weighted of [true, false]) {
      // rows of 1024 floats make chunks of 128 rows
      const { users, items } = await lay(matrix, { width: 1024, weighted, mode });
      expect(users.chunks).toBeGreaterThan(1);
      expect(items.chunks).toBeGreaterThan(1);
      expect(entriesOf(users, items)).toEqual(triplesOf(matrix, weighted));
      expect(entriesOf(items, users)).toEqual(triplesOf(transpose(matrix), weighted));
    }
  });

  it("keeps to a chunk what the chunk holds, and puts long rows first", async () => {
    const { users, items } = await lay(matrix, { width: 1024, weighted: true });
    for (const [side, other] of [
      [users, items],
      [items, users],
    ] as const) {
      expect([...side.counts]).toEqual([...side.counts].sort((left, right) => right - left));
      let last = -1;
      for (let chunk = 0; chunk < side.chunks; chunk++) {
        const inside = side.items.subarray(
          side.starts[chunk * side.rowCount],
          side.starts[(chunk + 1) * side.rowCount],
        );
        expect(Math.min(...inside)).toBeGreaterThan(last);
        last = Math.max(...inside);
      }
      const total = Array.from(side.totals).reduce((sum, each) => sum + each, 0);
      expect(total).toBe(matrix.values.reduce((sum, weight) => sum + weight, 0));
      expect(other.rows.length).toBe(other.rowCount * 1024);
    }
  });

  it("makes one chunk of a small side, and takes one user and one item", async () => {
    const small = await lay(matrixOf({ userCount: 30, itemCount: 20, entries: 200 }), {
      width: 8,
      weighted: false,
    });
    expect([small.users.chunks, small.items.chunks]).toEqual([1, 1]);
    const triple = { users: Int32Array.of(0), items: Int32Array.of(0), values: Float32Array.of(2) };
    const one = interactionsFromTriples(triple, { userCount: 1, itemCount: 1 });
    const { users, items } = await lay(one, { width: 8, weighted: true });
    expect(entriesOf(users, items)).toEqual(["0 0 2"]);
    expect(items.totals[0]).toBe(2);
  });
});

describe("chunkedBlocks", () => {
  it("covers the rows with entries, once, in blocks of at most so many rows", async () => {
    const { users } = await lay(matrixOf({ userCount: 300, itemCount: 260, entries: 40_000 }), {
      width: 8,
      weighted: false,
    });
    const met = users.counts.filter((count) => count > 0).length;
    expect(met).toBeLessThan(300);
    for (const [rowsMax, blockCount] of [
      [1000, 4],
      [7, 1],
    ] as const) {
      const bounds = chunkedBlocks(users, { rowsMax, blockCount });
      expect(bounds[0]).toBe(0);
      expect(bounds.at(-1)).toBe(met);
      for (let block = 1; block < bounds.length; block++) {
        expect(bounds[block]! - bounds[block - 1]!).toBeGreaterThan(0);
        expect(bounds[block]! - bounds[block - 1]!).toBeLessThanOrEqual(rowsMax);
      }
    }
  });
});

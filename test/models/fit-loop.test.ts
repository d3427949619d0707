import { describe, expect, it } from "vitest";
import { blocksMax } from "../../src/kernels/pool.ts";
import { equalBlocks } from "../../src/models/fit-loop.ts";

const small = { rowWork: 20, blockWork: 1000 };

describe("equalBlocks", () => {
  it("covers all rows once, in order, for no rows, few and many", () => {
    expect(equalBlocks(Int32Array.of(0), small)).toEqual([0]);
    expect(equalBlocks(Int32Array.of(0, 5, 5, 9), small)).toEqual([0, 3]);
    const starts = Int32Array.from({ length: 10_001 }, (_, row) => row * 100);
    const bounds = equalBlocks(starts, { rowWork: 20, blockWork: 50_000 });
    expect(bounds[0]).toBe(0);
    expect(bounds.at(-1)).toBe(10_000);
    expect(bounds.length).toBeGreaterThan(10);
    expect(bounds).toEqual([...new Set(bounds)].sort((left, right) => left - right));
  });

  it("cuts after a row that is a block of its own", () => {
    expect(equalBlocks(Int32Array.of(0, 1_000_000, 1_000_001, 2_000_001), small)).toEqual([0, 1, 3]);
  });

  it("makes no more blocks than a pool takes", () => {
    const starts = Int32Array.from({ length: 100_001 }, (_, row) => row * 10);
    expect(equalBlocks(starts, { rowWork: 1, blockWork: 1 }).length).toBeLessThanOrEqual(blocksMax + 1);
  });
});

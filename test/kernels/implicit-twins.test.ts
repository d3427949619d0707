import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { type KernelMode, kernelModes } from "../../src/kernels/kernel-mode.ts";
import { paddedWidth, scratchFloats } from "../../src/kernels/kernels.ts";
import { createWorkspace, type Workspace } from "../../src/kernels/workspace.ts";

const workspaceOf = (mode: KernelMode) => createWorkspace({ bytes: 8 << 20, mode });

function placed(workspace: Workspace, values: ArrayLike<number>): Float32Array {
  const array = workspace.f32(values.length);
  array.set(values);
  return array;
}

function integers(workspace: Workspace, values: ArrayLike<number>): Int32Array {
  const array = workspace.i32(values.length);
  array.set(values);
  return array;
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let at = 0; at < expected.length; at++) {
    expect(Math.abs(actual[at]! - expected[at]!), `at ${at}`).toBeLessThanOrEqual(tolerance * scale);
  }
}

const builds = ["wasm", "relaxed"] as const;

describe.each(builds)("gramBlocks and rotateRows (%s): as JavaScript", (build) => {
  it.each([1, 3, 4, 5, 64, 130])("on %i rows", (rows) => {
    for (const width of [8, 24, 64]) {
      const compute = (mode: KernelMode) => {
        const workspace = workspaceOf(mode);
        const random = seededRandom(rows);
        const matrix = placed(workspace, Float32Array.from({ length: (rows + 1) * width }, random.normal));
        const turn = placed(workspace, Float32Array.from({ length: width * width }, random.normal));
        const blocks = workspace.f32(3 * width * width).fill(7);
        const blockRows = Math.ceil(rows / 3);
        const count = Math.ceil(rows / blockRows);
        const { kernels } = workspace;
        kernels.gramBlocks(matrix.byteOffset, rows, width, blockRows, blocks.byteOffset, 0, count);
        const scratch = workspace.f32(4 * width).byteOffset;
        const kept = matrix.slice(rows * width);
        kernels.rotateRows(matrix.byteOffset, 0, rows, width, turn.byteOffset, scratch);
        expect(matrix.slice(rows * width)).toEqual(kept); // nothing written past the last row
        const upper = blocks.filter((_, at) => {
          const [row, column] = [Math.floor(at / width) % width, at % width];
          return at < count * width * width && row <= column;
        });
        return { upper, rotated: matrix.slice(0, rows * width) };
      };
      const [js, wasm] = [compute("js"), compute(build)];
      expectClose(wasm.upper, js.upper, 1e-5);
      expectClose(wasm.rotated, js.rotated, 1e-5);
    }
  });
});

/** Rows of every length that matters around the four that are taken together, in two chunks of the other side. */
const rowLengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 150, 0, 6];
const others = 200;

/** A side in two chunks, with random rows to start from. */
function chunkedRows(workspace: Workspace, factors: number, { weighted }: { weighted: boolean }) {
  const width = paddedWidth(factors);
  const random = seededRandom(5);
  const [starts, items] = [[0], [] as number[]];
  for (const chunk of [0, 1]) {
    for (const length of rowLengths) {
      for (let entry = chunk; entry < length; entry += 2) items.push((entry * 3 + length) % others);
      starts.push(items.length);
    }
  }
  const padded = (rows: number, scale: number) =>
    Float32Array.from({ length: rows * width }, (_, at) =>
      at % width < factors ? random.normal() * scale : 0,
    );
  const weights = Float32Array.from(items, () => (weighted ? random.below(8) / 4 : 1));
  const diagonal = Float32Array.from({ length: width }, (_, at) => 3 + at);
  return {
    width,
    starts: integers(workspace, starts),
    items: integers(workspace, items),
    weights: placed(workspace, weights),
    rows: placed(workspace, padded(rowLengths.length, 0.1)),
    other: placed(workspace, padded(others, 0.3)),
    diagonal: placed(workspace, diagonal),
    regularization: placed(workspace, new Float32Array(rowLengths.length).fill(0.5)),
    scratch: workspace.f32(rowLengths.length * (3 * width + 2)),
  };
}

type Side = ReturnType<typeof chunkedRows>;

function takeSteps(
  workspace: Workspace,
  side: Side,
  { steps, weighted }: { steps: number; weighted: boolean },
) {
  return workspace.kernels.implicitSteps(
    ...([side.starts.byteOffset, rowLengths.length, 2, side.items.byteOffset] as const),
    ...([weighted ? side.weights.byteOffset : 0, 0, rowLengths.length, side.rows.byteOffset] as const),
    ...([side.other.byteOffset, side.diagonal.byteOffset, side.regularization.byteOffset] as const),
    ...([side.width, steps, side.scratch.byteOffset] as const),
  );
}

describe.each(builds)("implicitSteps (%s): as JavaScript", (build) => {
  it.each([1, 3, 8, 10, 64])("on %i factors", (factors) => {
    for (const weighted of [true, false]) {
      for (const steps of [1, 2, 3]) {
        const [js, wasm] = (["js", build] as const).map((mode) => {
          const workspace = workspaceOf(mode);
          const side = chunkedRows(workspace, factors, { weighted });
          expect(takeSteps(workspace, side, { steps, weighted })).toBe(0);
          return side.rows;
        }) as [Float32Array, Float32Array];
        expectClose(wasm, js, 1e-5);
      }
    }
  });
});

describe.each(kernelModes)("implicitSteps (%s)", (mode) => {
  it.each([1, 8, 30])("comes to the exact solution in many steps, %i factors", (factors) => {
    for (const weighted of [true, false]) {
      const workspace = workspaceOf(mode);
      const side = chunkedRows(workspace, factors, { weighted });
      const { width } = side;
      const random = side.rows.slice();
      expect(takeSteps(workspace, side, { steps: factors + 4, weighted })).toBe(0);
      expect(side.rows).not.toEqual(random);
      // the same rows as equations with a Gram matrix that is diagonal, entries of a row side by side
      const [starts, items, weights] = [[0], [] as number[], [] as number[]];
      for (const row of rowLengths.keys()) {
        for (const chunk of [0, rowLengths.length]) {
          const [from, to] = [side.starts[chunk + row]!, side.starts[chunk + row + 1]!];
          items.push(...side.items.subarray(from, to));
          weights.push(...side.weights.subarray(from, to));
        }
        starts.push(items.length);
      }
      const gram = workspace.f32(width * width);
      for (let at = 0; at < factors; at++) gram[at * (width + 1)] = side.diagonal[at]!;
      const exact = workspace.f32(rowLengths.length * width);
      const places = [
        integers(workspace, starts),
        integers(workspace, items),
        placed(workspace, weights),
      ] as const;
      const failed = workspace.kernels.implicitRows(
        ...([places[0].byteOffset, places[1].byteOffset, places[2].byteOffset] as const),
        ...([0, rowLengths.length, exact.byteOffset, side.other.byteOffset, gram.byteOffset] as const),
        ...([side.regularization.byteOffset, width, factors] as const),
        workspace.f32(scratchFloats(width)).byteOffset,
      );
      expect(failed).toBe(0);
      expectClose(side.rows, exact, 2e-4);
    }
  });

  it("names the first row that is not finite", () => {
    const workspace = workspaceOf(mode);
    const side = chunkedRows(workspace, 8, { weighted: true });
    side.weights[side.starts[4]!] = Number.NaN; // row 4 in the first chunk
    side.regularization[9] = Number.NaN;
    expect(takeSteps(workspace, side, { steps: 2, weighted: true })).toBe(1 + 4);
  });
});

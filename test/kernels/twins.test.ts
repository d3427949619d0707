import { beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import type { KernelMode } from "../../src/kernels/kernel-mode.ts";
import { paddedWidth, panelRows, scratchFloats } from "../../src/kernels/kernels.ts";
import { createWorkspace, type Workspace } from "../../src/kernels/workspace.ts";

// The twins add in different orders and the JavaScript one rounds less often, so they agree to single precision, not to the bit.
const tolerance = 2e-5;

/** The builds that are held against JavaScript. */
const builds = ["wasm", "relaxed"] as const satisfies readonly KernelMode[];
const bytes = 4 << 20;
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

/** The result of one computation by JavaScript and by the build under test. */
let build: (typeof builds)[number] = "wasm";
function twins<T>(compute: (workspace: Workspace) => T): [js: T, wasm: T] {
  const run = (mode: KernelMode) => compute(createWorkspace({ bytes, mode }));
  return [run("js"), run(build)];
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, relative = tolerance) {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs).filter(Number.isFinite));
  for (let at = 0; at < expected.length; at++) {
    if (Number.isNaN(expected[at])) expect(actual[at]).toBeNaN();
    else if (Number.isFinite(expected[at]!)) {
      expect(Math.abs(actual[at]! - expected[at]!), `at ${at}`).toBeLessThanOrEqual(relative * scale);
    } else expect(actual[at]).toBe(expected[at]);
  }
}

describe.each(builds)("%s", (name) => {
  beforeAll(() => {
    build = name;
  });

  describe("dot: as JavaScript", () => {
    it.each([0, 1, 3, 4, 5, 7, 8, 9, 64, 257])("on %i normal numbers", (length) => {
      const [js, wasm] = twins((workspace) => {
        const left = floats(workspace, normals(length, 1));
        const right = floats(workspace, normals(length, 2));
        return workspace.kernels.dot(left.byteOffset, right.byteOffset, length);
      });
      expectClose([wasm], [js]);
    });

    it.each([
      ["negative zero", [-0, -0, -0, -0, -0], 0],
      ["denormals", [1e-42, 1e-42, 1e-42, 1e-42, 1e-42], 5e-42],
      ["NaN", [1, 2, Number.NaN, 4, 5], Number.NaN],
      ["infinity", [1, 2, 3, 4, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
    ])("on %s", (_name, values, expected) => {
      const results = twins((workspace) => {
        const left = floats(workspace, values);
        const ones = floats(workspace, [1, 1, 1, 1, 1]);
        return workspace.kernels.dot(left.byteOffset, ones.byteOffset, 5);
      });
      for (const result of results) {
        if (Number.isNaN(expected)) expect(result).toBeNaN();
        else expect(Math.fround(result)).toBeCloseTo(expected, 44);
      }
    });
  });

  describe("matrixVector and gram: as JavaScript", () => {
    it.each([0, 1, 3, 4, 5, 63, 64, 65, 130])("on %i rows", (rows) => {
      for (const width of [8, 16, 24, 64]) {
        const [js, wasm] = twins(({ kernels, ...workspace }) => {
          const arrays = { kernels, ...workspace };
          const matrix = floats(arrays, normals(rows * width, 3));
          const vector = floats(arrays, normals(width, 4));
          const scores = arrays.f32(rows + 1).fill(7);
          const product = arrays.f32(width * width).fill(7);
          kernels.matrixVector(matrix.byteOffset, rows, width, vector.byteOffset, scores.byteOffset);
          kernels.gram(matrix.byteOffset, rows, width, product.byteOffset);
          return [...scores, ...product];
        });
        expectClose(wasm, js);
        expect(wasm[rows]).toBe(7); // nothing written past the end
      }
    });

    it("gives the product that the definition gives", () => {
      for (const result of twins((workspace) => {
        const matrix = floats(workspace, [1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0]);
        const product = workspace.f32(64);
        workspace.kernels.gram(matrix.byteOffset, 2, 8, product.byteOffset);
        return [product[0], product[1], product[8], product[27], product[36]];
      })) {
        expect(result).toEqual([26, 32, 32, 80, 0]);
      }
    });
  });

  /** A positive definite matrix: gram of random rows plus a diagonal. */
  function definite(workspace: Workspace, width: number, diagonal: number) {
    const rows = floats(workspace, normals(3 * width * width, 5));
    const matrix = workspace.f32(width * width);
    workspace.kernels.gram(rows.byteOffset, 3 * width, width, matrix.byteOffset);
    for (let at = 0; at < width; at++) matrix[at * (width + 1)]! += diagonal;
    return matrix;
  }

  describe("Cholesky", () => {
    it.each([8, 16, 24, 32, 64, 72])("solves a system of %i unknowns in both twins", (width) => {
      const [js, wasm] = twins((workspace) => {
        const matrix = definite(workspace, width, 1);
        const kept = Float32Array.from(matrix);
        const b = floats(workspace, normals(width, 6));
        const target = Float32Array.from(b);
        expect(workspace.kernels.choleskyFactor(matrix.byteOffset, width)).toBe(0);
        expect(workspace.kernels.choleskySolve(matrix.byteOffset, width, b.byteOffset)).toBe(0);
        // The residual is what proves the solution, whatever the twin says.
        for (let i = 0; i < width; i++) {
          let sum = 0;
          for (let j = 0; j < width; j++) sum += kept[i * width + j]! * b[j]!;
          expect(sum).toBeCloseTo(target[i]!, 3);
        }
        return b;
      });
      expectClose(wasm, js);
    });

    it.each([
      ["zero", 0],
      ["negative", -5],
      ["NaN", Number.NaN],
      ["infinity", Number.POSITIVE_INFINITY],
    ])("names the pivot that is %s", (_name, value) => {
      for (const failed of twins((workspace) => {
        const matrix = workspace.f32(16 * 16);
        for (let at = 0; at < 16; at++) matrix[at * 17] = at === 10 ? value : 2;
        return workspace.kernels.choleskyFactor(matrix.byteOffset, 16);
      })) {
        expect(failed).toBe(11);
      }
    });

    it("says that a solution is not finite", () => {
      for (const failed of twins((workspace) => {
        const matrix = workspace.f32(64);
        for (let at = 0; at < 8; at++) matrix[at * 9] = 1;
        const b = floats(workspace, [1, 2, 3, Number.NaN, 5, 6, 7, 8]);
        return workspace.kernels.choleskySolve(matrix.byteOffset, 8, b.byteOffset);
      })) {
        expect(failed).toBe(1);
      }
    });
  });

  /** Rows of every length that matters: none, one, around the vector width and around the panel. */
  const rowLengths = [0, 1, 3, 4, 5, panelRows - 1, panelRows, panelRows + 1, 150, 0];

  function sides(workspace: Workspace, width: number, others: number) {
    const random = seededRandom(7);
    const starts = [0];
    const items: number[] = [];
    for (const length of rowLengths) {
      for (let entry = 0; entry < length; entry++) items.push((entry * 3 + length) % others);
      starts.push(items.length);
    }
    return {
      starts: integers(workspace, starts).byteOffset,
      items: integers(workspace, items).byteOffset,
      values: floats(
        workspace,
        items.map(() => 0.5 + random.below(10) / 2),
      ).byteOffset,
      out: workspace.f32(rowLengths.length * width).fill(9),
      regularization: workspace.f32(rowLengths.length).fill(0.5).byteOffset,
      scratch: workspace.f32(scratchFloats(width)).byteOffset,
    };
  }

  describe("half-steps: as JavaScript", () => {
    it.each([1, 3, 8, 10, 64])("implicit, %i factors", (factors) => {
      const width = paddedWidth(factors);
      const [js, wasm] = twins((workspace) => {
        const other = workspace.f32(200 * width);
        const random = seededRandom(8);
        for (let row = 0; row < 200; row++)
          for (let f = 0; f < factors; f++) other[row * width + f] = random.normal();
        const gram = workspace.f32(width * width);
        workspace.kernels.gram(other.byteOffset, 200, width, gram.byteOffset);
        const side = sides(workspace, width, 200);
        const failed = workspace.kernels.implicitRows(
          ...([side.starts, side.items, side.values, 0, rowLengths.length, side.out.byteOffset] as const),
          ...([
            other.byteOffset,
            gram.byteOffset,
            side.regularization,
            width,
            factors,
            side.scratch,
          ] as const),
        );
        expect(failed).toBe(0);
        return side.out;
      });
      expectClose(wasm, js, 1e-4);
      expect(wasm.subarray(0, width).every((value) => value === 0)).toBe(true); // a row without entries
      for (let f = factors; f < width; f++) expect(wasm[width + f]).toBe(0); // padding
    });

    it.each([0, 1, 8, 30])("explicit, %i factors", (factors) => {
      const width = paddedWidth(factors + 2);
      const [js, wasm] = twins((workspace) => {
        const other = workspace.f32(200 * width);
        const random = seededRandom(9);
        for (let row = 0; row < 200; row++) {
          for (let f = 0; f <= factors; f++) other[row * width + f] = random.normal() / 4;
          other[row * width + factors + 1] = 1;
        }
        const side = sides(workspace, width, 200);
        const failed = workspace.kernels.explicitRows(
          ...([side.starts, side.items, side.values, 0, rowLengths.length, side.out.byteOffset] as const),
          ...([other.byteOffset, side.regularization, side.regularization, width, factors, 3.5] as const),
          ...([factors + 1, factors, side.scratch] as const),
        );
        expect(failed).toBe(0);
        return side.out;
      });
      expectClose(wasm, js, 1e-4);
      expect(wasm[factors]).toBe(1); // the other side's bias, also in a row without entries
      expect(wasm[factors + 1]).toBe(0);
      expect(wasm[width + factors + 1]).not.toBe(0);
    });

    it.each([
      [0, 1],
      [1, 2],
      [8, 1],
      [8, 3],
      [30, 2],
    ])("explicit by conjugate gradients, %i factors, %i steps", (factors, steps) => {
      const width = paddedWidth(factors + 2);
      const [js, wasm] = twins((workspace) => {
        const other = workspace.f32(200 * width);
        const squares = workspace.f32(width).fill(1, 0, factors + 2);
        const random = seededRandom(9);
        for (let row = 0; row < 200; row++) {
          for (let f = 0; f <= factors; f++) other[row * width + f] = random.normal() / 4;
          other[row * width + factors + 1] = 1;
        }
        const side = sides(workspace, width, 200);
        for (let row = 0; row < rowLengths.length; row++) {
          for (let f = 0; f < width; f++)
            side.out[row * width + f] = f < factors + 2 ? random.normal() / 4 : 0;
        }
        const failed = workspace.kernels.explicitSteps(
          ...([side.starts, side.items, side.values, 0, rowLengths.length, side.out.byteOffset] as const),
          ...([other.byteOffset, side.regularization, side.regularization, squares.byteOffset] as const),
          ...([width, factors, 3.5, factors + 1, factors, steps, side.scratch] as const),
        );
        expect(failed).toBe(0);
        return side.out;
      });
      expectClose(wasm, js, 1e-4);
      expect(wasm[factors]).toBe(1); // the other side's bias, also in a row without entries
      expect(wasm.subarray(0, factors).every((value) => value === 0)).toBe(true);
      expect(wasm[width + factors]).toBe(1);
      for (let f = factors + 2; f < width; f++) expect(wasm[width + f]).toBe(0); // padding
    });

    it("explicit: many steps come to the exact solution", () => {
      for (const [steps, exact] of twins((workspace) => {
        const [factors, width] = [6, 8];
        const other = workspace.f32(200 * width);
        const squares = workspace.f32(width).fill(1);
        const random = seededRandom(3);
        for (let row = 0; row < 200; row++) {
          for (let f = 0; f <= factors; f++) other[row * width + f] = random.normal() / 4;
          other[row * width + factors + 1] = 1;
        }
        const [one, two] = [sides(workspace, width, 200), sides(workspace, width, 200)];
        const rows = (side: typeof one) =>
          [side.starts, side.items, side.values, 0, rowLengths.length, side.out.byteOffset] as const;
        const { kernels } = workspace;
        kernels.explicitSteps(
          ...rows(one),
          ...([other.byteOffset, one.regularization, one.regularization, squares.byteOffset] as const),
          ...([width, factors, 3.5, factors + 1, factors, 30, one.scratch] as const),
        );
        kernels.explicitRows(
          ...rows(two),
          ...([other.byteOffset, two.regularization, two.regularization, width, factors, 3.5] as const),
          ...([factors + 1, factors, two.scratch] as const),
        );
        return [one.out, two.out] as const;
      })) {
        expectClose(steps, exact, 1e-3);
      }
    });

    it("names the row whose equations are not finite, and leaves the later rows alone", () => {
      for (const result of twins((workspace) => {
        const other = workspace.f32(200 * 8).fill(1e30);
        const gram = workspace.f32(64);
        const side = sides(workspace, 8, 200);
        const failed = workspace.kernels.implicitRows(
          ...([side.starts, side.items, side.values, 0, rowLengths.length, side.out.byteOffset] as const),
          ...([other.byteOffset, gram.byteOffset, side.regularization, 8, 8, side.scratch] as const),
        );
        return [failed, side.out[16], side.out.some(Number.isNaN)];
      })) {
        expect(result).toEqual([2, 9, false]);
      }
    });
  });

  describe("topK: as JavaScript", () => {
    it.each([0, 1, 3, 4, 5, 8, 9, 1000])(
      "on %i scores with NaN, infinities, ties and both zeros",
      (count) => {
        const random = seededRandom(count);
        const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-42];
        const scores = Float32Array.from({ length: count }, () =>
          random.uniform() < 0.3 ? special[random.below(special.length)]! : random.below(50) - 25,
        );
        for (const k of [0, 1, 3, 10, 2000]) {
          const [js, wasm] = twins((workspace) => {
            const seen = integers(workspace, [1, 2, 40, 41, 5000]);
            const items = workspace.i32(k + 1).fill(-1);
            const values = workspace.f32(k + 1);
            const found = workspace.kernels.topK(
              ...([floats(workspace, scores).byteOffset, count, seen.byteOffset, 5, k] as const),
              ...([items.byteOffset, values.byteOffset] as const),
            );
            expect(items[k]).toBe(-1); // nothing written past the end
            return [found, ...items, ...values];
          });
          expect(wasm).toEqual(js);
        }
      },
    );
  });
});

import { addOuter } from "./js-dense.ts";
import type { Kernels } from "./kernels.ts";

type Equations = Pick<Kernels, "addWeighted" | "addCentred">;
type Solver = Pick<Kernels, "choleskyFactor" | "choleskySolve">;

/** The sums behind a row of alternating least squares, in JavaScript. */
export function jsEquations(buffer: ArrayBufferLike): Equations {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);

  const addWeighted: Kernels["addWeighted"] = (items, weights, count, other, width, matrix, rhs) => {
    for (let entry = 0; entry < count; entry++) {
      const weight = f32[(weights >> 2) + entry]!;
      const y = (other >> 2) + i32[(items >> 2) + entry]! * width;
      addOuter(f32, y, width, weight, matrix >> 2);
      for (let at = 0; at < width; at++) f32[(rhs >> 2) + at]! += weight * f32[y + at]!;
    }
  };

  const addCentred: Kernels["addCentred"] = (
    ...[items, values, count, other, width, mean, otherBias, matrix, rhs, panel]
  ) => {
    const y = panel >> 2;
    for (let entry = 0; entry < count; entry++) {
      const source = (other >> 2) + i32[(items >> 2) + entry]! * width;
      const target = f32[(values >> 2) + entry]! - mean - f32[source + otherBias]!;
      f32.copyWithin(y, source, source + width);
      f32[y + otherBias] = 0;
      addOuter(f32, y, width, 1, matrix >> 2);
      for (let at = 0; at < width; at++) f32[(rhs >> 2) + at]! += target * f32[y + at]!;
    }
  };

  return { addWeighted, addCentred };
}

/** The implicit half-step in JavaScript, over the kernels that it is made of. */
export function jsImplicitRows(
  buffer: ArrayBufferLike,
  parts: Equations & Solver,
): Pick<Kernels, "implicitRows"> {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);
  const solve = rowSolver(f32, parts);

  const implicitRows: Kernels["implicitRows"] = (
    ...[starts, items, weights, from, to, out, other, gram, regularization, width, used, scratch]
  ) => {
    const matrix = scratch >> 2;
    const rhs = scratch + width * width * 4;
    const panel = rhs + width * 4;
    for (let row = from; row < to; row++) {
      const begin = i32[(starts >> 2) + row]!;
      const count = i32[(starts >> 2) + row + 1]! - begin;
      const target = (out >> 2) + row * width;
      if (count === 0) {
        f32.fill(0, target, target + width);
        continue;
      }
      f32.fill(0, rhs >> 2, (rhs >> 2) + width);
      f32.copyWithin(matrix, gram >> 2, (gram >> 2) + width * width);
      for (let at = 0; at < width; at++) {
        const cell = matrix + at * (width + 1);
        f32[cell] = at < used ? f32[cell]! + f32[(regularization >> 2) + row]! : 1;
      }
      parts.addWeighted(items + begin * 4, weights + begin * 4, count, other, width, scratch, rhs, panel);
      if (!solve(scratch, width, target)) return row + 1;
    }
    return 0;
  };

  return { implicitRows };
}

/** The explicit half-step in JavaScript, over the kernels that it is made of. */
export function jsExplicitRows(
  buffer: ArrayBufferLike,
  parts: Equations & Solver,
): Pick<Kernels, "explicitRows"> {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);
  const solve = rowSolver(f32, parts);

  const explicitRows: Kernels["explicitRows"] = (
    ...[
      starts,
      items,
      values,
      from,
      to,
      out,
      other,
      regularization,
      biasRegularization,
      width,
      factors,
      ...rest
    ]
  ) => {
    const [mean, ownBias, otherBias, scratch] = rest;
    const matrix = scratch >> 2;
    const rhs = scratch + width * width * 4;
    const panel = rhs + width * 4;
    for (let row = from; row < to; row++) {
      const begin = i32[(starts >> 2) + row]!;
      const count = i32[(starts >> 2) + row + 1]! - begin;
      const target = (out >> 2) + row * width;
      if (count === 0) f32.fill(0, target, target + width);
      else {
        f32.fill(0, matrix, matrix + width * width + width);
        const strength = f32[(regularization >> 2) + row]!;
        for (let at = 0; at < width; at++) f32[matrix + at * (width + 1)] = at < factors ? strength : 1;
        f32[matrix + ownBias * (width + 1)] = f32[(biasRegularization >> 2) + row]!;
        const from = [items + begin * 4, values + begin * 4, count] as const;
        parts.addCentred(...from, other, width, mean, otherBias, scratch, rhs, panel);
        if (!solve(scratch, width, target)) return row + 1;
      }
      f32[target + otherBias] = 1;
    }
    return 0;
  };

  return { explicitRows };
}

/** Solves the system at the head of a scratch and copies the solution to the float index `target`; false where there is none. */
function rowSolver(f32: Float32Array, { choleskyFactor, choleskySolve }: Solver) {
  return (scratch: number, width: number, target: number) => {
    const rhs = scratch + width * width * 4;
    if (choleskyFactor(scratch, width) !== 0 || choleskySolve(scratch, width, rhs) !== 0) return false;
    f32.copyWithin(target, rhs >> 2, (rhs >> 2) + width);
    return true;
  };
}

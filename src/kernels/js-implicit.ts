import type { Kernels } from "./kernels.ts";

/** The half-step by conjugate gradients in JavaScript, row by row instead of chunk by chunk. */
export function jsImplicit(buffer: ArrayBufferLike): Pick<Kernels, "implicitSteps" | "rotateRows"> {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);

  const implicitSteps: Kernels["implicitSteps"] = (
    ...[starts, rowCount, chunks, items, weights, from, to, out, other, diagonal, ...rest]
  ) => {
    const [regularization, width, steps] = rest;
    const [r, p, q] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
    const eachEntry = (row: number, visit: (weight: number, y: number) => void) => {
      for (let chunk = 0; chunk < chunks; chunk++) {
        const start = (starts >> 2) + chunk * rowCount + row;
        for (let entry = i32[start]!; entry < i32[start + 1]!; entry++) {
          const weight = weights === 0 ? 1 : f32[(weights >> 2) + entry]!;
          visit(weight, (other >> 2) + i32[(items >> 2) + entry]! * width);
        }
      }
    };
    const dotWith = (y: number, vector: ArrayLike<number>, at = 0) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += f32[y + k]! * vector[at + k]!;
      return sum;
    };
    for (let row = from; row < to; row++) {
      const x = (out >> 2) + row * width;
      const d = (k: number) => f32[(diagonal >> 2) + k]! + f32[(regularization >> 2) + row]!;
      for (let k = 0; k < width; k++) r[k] = -d(k) * f32[x + k]!;
      eachEntry(row, (weight, y) => {
        const error = weight * (1 - dotWith(y, f32, x));
        for (let k = 0; k < width; k++) r[k]! += error * f32[y + k]!;
      });
      let before = 0;
      for (let step = 0; step < steps; step++) {
        let gained = 0;
        for (let k = 0; k < width; k++) gained += r[k]! ** 2 / d(k);
        const beta = before > 0 ? gained / before : 0;
        for (let k = 0; k < width; k++) p[k] = r[k]! / d(k) + (step > 0 ? beta * p[k]! : 0);
        for (let k = 0; k < width; k++) q[k] = d(k) * p[k]!;
        eachEntry(row, (weight, y) => {
          const along = weight * dotWith(y, p);
          for (let k = 0; k < width; k++) q[k]! += along * f32[y + k]!;
        });
        let curved = 0;
        for (let k = 0; k < width; k++) curved += p[k]! * q[k]!;
        const length = gained === 0 ? 0 : gained / curved;
        for (let k = 0; k < width; k++) {
          f32[x + k]! += length * p[k]!;
          r[k]! -= length * q[k]!;
          if (!Number.isFinite(f32[x + k]!)) return row + 1;
        }
        before = gained;
      }
    }
    return 0;
  };

  const rotateRows: Kernels["rotateRows"] = (rows, from, to, width, matrix) => {
    const row = new Float32Array(width);
    for (let at = from; at < to; at++) {
      const start = (rows >> 2) + at * width;
      row.set(f32.subarray(start, start + width));
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += row[k]! * f32[(matrix >> 2) + k * width + j]!;
        f32[start + j] = sum;
      }
    }
  };

  return { implicitSteps, rotateRows };
}

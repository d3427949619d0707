import type { Kernels } from "./kernels.ts";

/** The explicit half-step by conjugate gradients in JavaScript. */
export function jsExplicitSteps(buffer: ArrayBufferLike): Pick<Kernels, "explicitSteps"> {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);

  const explicitSteps: Kernels["explicitSteps"] = (
    ...[starts, items, values, from, to, out, other, regularization, biasRegularization, ...rest]
  ) => {
    const [squares, width, factors, mean, ownBias, otherBias, steps] = rest;
    const [r, p, q] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
    for (let row = from; row < to; row++) {
      const [begin, end] = [i32[(starts >> 2) + row]!, i32[(starts >> 2) + row + 1]!];
      const x = f32.subarray((out >> 2) + row * width, (out >> 2) + (row + 1) * width);
      if (begin === end) x.fill(0);
      x[otherBias] = 1;
      if (begin === end) continue;
      const strength = (k: number) => {
        if (k === ownBias) return f32[(biasRegularization >> 2) + row]!;
        return k < factors ? f32[(regularization >> 2) + row]! : 1;
      };
      const diagonal = (k: number) => strength(k) + (end - begin) * f32[(squares >> 2) + k]!;
      /** sum += Σ entries (target − y·v)·y, but for the fixed float. */
      const addMisses = (v: ArrayLike<number>, sum: Float64Array, target: (entry: number) => number) => {
        for (let entry = begin; entry < end; entry++) {
          const y = (other >> 2) + i32[(items >> 2) + entry]! * width;
          let miss = target(entry);
          for (let k = 0; k < width; k++) miss -= f32[y + k]! * v[k]!;
          for (let k = 0; k < width; k++) sum[k]! += k === otherBias ? 0 : miss * f32[y + k]!;
        }
      };
      for (let k = 0; k < width; k++) r[k] = k === otherBias ? 0 : -strength(k) * x[k]!;
      addMisses(x, r, (entry) => f32[(values >> 2) + entry]! - mean);
      let before = 0;
      for (let step = 0; step < steps; step++) {
        let gained = 0;
        for (let k = 0; k < width; k++) gained += r[k]! ** 2 / diagonal(k);
        if (gained < 1e-30) break;
        for (let k = 0; k < width; k++) {
          p[k] = r[k]! / diagonal(k) + (step > 0 ? (gained / before) * p[k]! : 0);
          q[k] = -strength(k) * p[k]!;
        }
        addMisses(p, q, () => 0);
        let curved = 0;
        for (let k = 0; k < width; k++) curved -= p[k]! * q[k]!;
        for (let k = 0; k < width; k++) {
          x[k]! += (gained / curved) * p[k]!;
          r[k]! += (gained / curved) * q[k]!;
        }
        before = gained;
      }
      if (!x.every(Number.isFinite)) return row + 1;
    }
    return 0;
  };

  return { explicitSteps };
}

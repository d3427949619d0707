import type { SweepKernels } from "./model-kernels.ts";

/** The sweep kernels in JavaScript. */
export function jsSweep(buffer: ArrayBufferLike): SweepKernels {
  const f32 = new Float32Array(buffer);
  const upper = (matrix: number, width: number) => (i: number, j: number) =>
    f32[(matrix >> 2) + (i <= j ? i * width + j : j * width + i)]!;

  const sweepPivots: SweepKernels["sweepPivots"] = (matrix, width, first, count, inverse) => {
    const cell = upper(matrix, width);
    const to = inverse >> 2;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) f32[to + i * count + j] = cell(first + i, first + j);
    }
    for (let p = 0; p < count; p++) {
      const row = to + p * count;
      const pivot = f32[row + p]!;
      if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return 1 + first + p;
      f32[row + p] = 1;
      for (let j = 0; j < count; j++) f32[row + j]! /= pivot;
      for (let i = 0; i < count; i++) {
        if (i === p) continue;
        const factor = f32[to + i * count + p]!;
        f32[to + i * count + p] = 0;
        for (let j = 0; j < count; j++) f32[to + i * count + j]! -= factor * f32[row + j]!;
      }
    }
    return 0;
  };

  const sweepPanel: SweepKernels["sweepPanel"] = (
    ...[matrix, width, first, count, inverse, left, right, from, to]
  ) => {
    const cell = upper(matrix, width);
    for (let column = from * 8; column < to * 8; column++) {
      const at = (column >> 3) * count * 8 + (column & 7);
      for (let p = 0; p < count; p++) f32[(left >> 2) + at + p * 8] = cell(first + p, column);
      for (let p = 0; p < count; p++) {
        let sum = 0;
        for (let q = 0; q < count; q++) {
          sum += f32[(inverse >> 2) + p * count + q]! * f32[(left >> 2) + at + q * 8]!;
        }
        f32[(right >> 2) + at + p * 8] = sum;
      }
    }
  };

  const sweepRows: SweepKernels["sweepRows"] = (
    ...[matrix, width, first, count, inverse, left, right, from, to]
  ) => {
    const isPivot = (at: number) => at >= first && at < first + count;
    const packed = (panel: number, column: number, p: number) =>
      f32[(panel >> 2) + ((column >> 3) * count + p) * 8 + (column & 7)]!;
    for (let i = from * 8; i < to * 8; i++) {
      for (let j = i; j < width; j++) {
        const at = (matrix >> 2) + i * width + j;
        if (isPivot(i) && isPivot(j)) f32[at] = -f32[(inverse >> 2) + (i - first) * count + j - first]!;
        else if (isPivot(i)) f32[at] = packed(right, j, i - first);
        else if (isPivot(j)) f32[at] = packed(right, i, j - first);
        else {
          let sum = 0;
          for (let p = 0; p < count; p++) sum += packed(left, i, p) * packed(right, j, p);
          f32[at]! -= sum;
        }
      }
    }
  };

  const scaleColumns: SweepKernels["scaleColumns"] = (matrix, width, scales, from, to) => {
    const a = matrix >> 2;
    for (let i = from * 8; i < to * 8; i++) {
      f32[a + i * width + i] = 0;
      for (let j = i + 1; j < width; j++) {
        const value = f32[a + i * width + j]!;
        f32[a + i * width + j] = value * f32[(scales >> 2) + j]!;
        f32[a + j * width + i] = value * f32[(scales >> 2) + i]!;
      }
    }
  };

  return { sweepPivots, sweepPanel, sweepRows, scaleColumns };
}

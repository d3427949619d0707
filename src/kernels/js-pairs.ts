import type { Kernels } from "./kernels.ts";
import type { PairKernels } from "./model-kernels.ts";

/** The sparse products in JavaScript. */
export function jsPairs(buffer: ArrayBufferLike, { topK }: Pick<Kernels, "topK">): PairKernels {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);

  /** Adds to the sums at a float index; `isUpper` leaves out the items before this one. */
  const addProducts = (
    [itemStarts, positions, users, starts, items, weights]: readonly [
      number,
      number,
      number,
      number,
      number,
      number,
    ],
    { item, row, isUpper }: { item: number; row: number; isUpper: boolean },
  ) => {
    const stop = i32[(itemStarts >> 2) + item + 1]!;
    for (let at = i32[(itemStarts >> 2) + item]!; at < stop; at++) {
      const position = i32[(positions >> 2) + at]!;
      const user = (starts >> 2) + i32[(users >> 2) + at]!;
      const weight = f32[(weights >> 2) + position]!;
      for (let entry = isUpper ? position : i32[user]!; entry < i32[user + 1]!; entry++) {
        f32[row + i32[(items >> 2) + entry]!]! += weight * f32[(weights >> 2) + entry]!;
      }
    }
  };

  const pairRows: PairKernels["pairRows"] = (...args) => {
    const [itemStarts, positions, users, starts, items, weights, width, out, from, to] = args;
    for (let item = from; item < to; item++) {
      const row = (out >> 2) + item * width;
      f32.fill(0, row, row + width);
      addProducts([itemStarts, positions, users, starts, items, weights], { item, row, isUpper: true });
    }
  };

  const neighbourRows: PairKernels["neighbourRows"] = (...args) => {
    const [itemStarts, positions, users, starts, items, weights, itemCount, norms, shrinkage, ...rest] = args;
    const [kept, neighbours, similarities, counts, scratch, from, to] = rest;
    const row = scratch >> 2;
    for (let item = from; item < to; item++) {
      f32.fill(0, row, row + itemCount);
      addProducts([itemStarts, positions, users, starts, items, weights], { item, row, isUpper: false });
      const norm = f32[(norms >> 2) + item]!;
      for (let other = 0; other < itemCount; other++) {
        const sum = f32[row + other]!;
        const scale = norm * f32[(norms >> 2) + other]! + shrinkage;
        f32[row + other] = sum > 0 ? sum / scale : Number.NEGATIVE_INFINITY;
      }
      i32[row + itemCount] = item;
      const list = item * kept * 4;
      i32[(counts >> 2) + item] = topK(
        ...([scratch, itemCount, scratch + itemCount * 4, 1, kept] as const),
        ...([neighbours + list, similarities + list] as const),
      );
    }
  };

  const addRows: PairKernels["addRows"] = (matrix, width, items, weights, count, out) => {
    f32.fill(0, out >> 2, (out >> 2) + width);
    for (let at = 0; at < count; at++) {
      const row = (matrix >> 2) + i32[(items >> 2) + at]! * width;
      const weight = f32[(weights >> 2) + at]!;
      for (let d = 0; d < width; d++) f32[(out >> 2) + d]! += weight * f32[row + d]!;
    }
  };

  return { pairRows, addRows, neighbourRows };
}

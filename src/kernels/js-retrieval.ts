import type { Kernels } from "./kernels.ts";
import { boundLevels, type ModelKernels } from "./model-kernels.ts";

/** Retrieval in JavaScript: every score is computed, which is what the bounds of the other twin must not change. */
export function jsRetrieval(
  buffer: ArrayBufferLike,
  { matrixVector }: Pick<Kernels, "matrixVector">,
): Pick<ModelKernels, "bestRows"> {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);
  const u8 = new Uint8Array(buffer);

  const bestRows: ModelKernels["bestRows"] = (
    ...[itemPanels, _lengths, itemOrder, tiles, width, basis, rows, excludedStarts, excluded, ...rest]
  ) => {
    const [allowedItems, k, items, scores, counts, steps, scratch, from, to] = rest;
    const row = scratch >> 2;
    for (let user = from; user < to; user++) {
      matrixVector(basis, width, width, rows + user * width * 4, scratch);
      const found: [item: number, score: number][] = [];
      const isExcluded = new Set(
        i32.subarray(
          (excluded >> 2) + i32[(excludedStarts >> 2) + user]!,
          (excluded >> 2) + i32[(excludedStarts >> 2) + user + 1]!,
        ),
      );
      for (let place = 0; place < tiles * 8; place++) {
        const item = i32[(itemOrder >> 2) + place]!;
        if (item < 0 || isExcluded.has(item)) continue;
        if (allowedItems !== 0 && u8[allowedItems + item] === 0) continue;
        const panel = (itemPanels >> 2) + (place >> 3) * width * 8 + (place & 7);
        let sum = 0;
        for (let d = 0; d < width; d++) sum += f32[row + d]! * f32[panel + d * 8]!;
        const score = Math.fround(sum);
        if (Number.isFinite(score)) found.push([item, score]);
      }
      found.sort((left, right) => right[1] - left[1] || left[0] - right[0]);
      const count = Math.min(k, found.length);
      for (const [at, [item, score]] of found.slice(0, count).entries()) {
        i32[(items >> 2) + user * k + at] = item;
        f32[(scores >> 2) + user * k + at] = score;
      }
      i32[(counts >> 2) + user] = count;
      i32[(steps >> 2) + user] = tiles * (1 + boundLevels(width));
    }
  };

  return { bestRows };
}

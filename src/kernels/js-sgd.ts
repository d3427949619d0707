import type { ModelKernels } from "./model-kernels.ts";

/** Stochastic gradient descent in JavaScript. */
export function jsSgd(buffer: ArrayBufferLike): Pick<ModelKernels, "sgdBlocks"> {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);

  const sgdBlocks: ModelKernels["sgdBlocks"] = (
    ...[blockStarts, users, items, values, userRows, itemRows, userBiases, itemBiases, width, ...rest]
  ) => {
    const [groups, step, mean, rate, penalty, from, to] = rest;
    const keep = 1 - rate * penalty;
    for (let p = from; p < to; p++) {
      const block = (blockStarts >> 2) + p * groups + ((p + step) % groups);
      for (let at = i32[block]!; at < i32[block + 1]!; at++) {
        const user = i32[(users >> 2) + at]!;
        const item = i32[(items >> 2) + at]!;
        const x = (userRows >> 2) + user * width;
        const y = (itemRows >> 2) + item * width;
        const userBias = f32[(userBiases >> 2) + user]!;
        const itemBias = f32[(itemBiases >> 2) + item]!;
        let product = 0;
        for (let d = 0; d < width; d++) product += f32[x + d]! * f32[y + d]!;
        const move = rate * (f32[(values >> 2) + at]! - mean - userBias - itemBias - product);
        f32[(userBiases >> 2) + user] = keep * userBias + move;
        f32[(itemBiases >> 2) + item] = keep * itemBias + move;
        for (let d = 0; d < width; d++) {
          const a = f32[x + d]!;
          const b = f32[y + d]!;
          f32[x + d] = keep * a + move * b;
          f32[y + d] = keep * b + move * a;
        }
      }
    }
  };

  return { sgdBlocks };
}

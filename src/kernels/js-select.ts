import type { Kernels } from "./kernels.ts";

/** The selection kernel in JavaScript: a heap whose root is the worst kept entry. */
export function jsSelect(buffer: ArrayBufferLike): Pick<Kernels, "topK"> {
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);

  const siftDown = (items: number, values: number, size: number, score: number, item: number) => {
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      if (
        child + 1 < size &&
        isWorse(f32[values + child + 1]!, i32[items + child + 1]!, f32[values + child]!, i32[items + child]!)
      ) {
        child++;
      }
      if (!isWorse(f32[values + child]!, i32[items + child]!, score, item)) break;
      f32[values + hole] = f32[values + child]!;
      i32[items + hole] = i32[items + child]!;
      hole = child;
    }
    f32[values + hole] = score;
    i32[items + hole] = item;
  };

  const siftUp = (items: number, values: number, size: number, score: number, item: number) => {
    let hole = size;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!isWorse(score, item, f32[values + parent]!, i32[items + parent]!)) break;
      f32[values + hole] = f32[values + parent]!;
      i32[items + hole] = i32[items + parent]!;
      hole = parent;
    }
    f32[values + hole] = score;
    i32[items + hole] = item;
  };

  const topK: Kernels["topK"] = (scores, count, seen, seenCount, k, itemsAt, valuesAt) => {
    if (k <= 0) return 0;
    const items = itemsAt >> 2;
    const values = valuesAt >> 2;
    let size = 0;
    let nextSeen = seen >> 2;
    const lastSeen = nextSeen + seenCount;
    for (let at = 0; at < count; at++) {
      const score = f32[(scores >> 2) + at]!;
      if (!Number.isFinite(score) || (size === k && !(score > f32[values]!))) continue;
      while (nextSeen < lastSeen && i32[nextSeen]! < at) nextSeen++;
      if (nextSeen < lastSeen && i32[nextSeen]! === at) continue;
      if (size < k) siftUp(items, values, size++, score, at);
      else siftDown(items, values, size, score, at);
    }
    for (let last = size - 1; last > 0; last--) {
      const score = f32[values + last]!;
      const item = i32[items + last]!;
      f32[values + last] = f32[values]!;
      i32[items + last] = i32[items]!;
      siftDown(items, values, last, score, item);
    }
    return size;
  };

  return { topK };
}

const isWorse = (leftScore: number, leftItem: number, rightScore: number, rightItem: number) =>
  leftScore < rightScore || (leftScore === rightScore && leftItem > rightItem);

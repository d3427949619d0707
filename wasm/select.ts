// The k best of many scores, with a heap whose root is the worst kept entry.

/** True where the entry at `left` is worse than the one at `right`: a lower score, or the same score and a higher index. */
export function isWorse(leftScore: f32, leftItem: i32, rightScore: f32, rightItem: i32): bool {
  return leftScore < rightScore || (leftScore == rightScore && leftItem > rightItem);
}

/** Moves an entry down from `hole` until no child is worse. */
export function siftDown(items: usize, values: usize, size: i32, score: f32, item: i32): void {
  let hole = 0;
  while (true) {
    let child = 2 * hole + 1;
    if (child >= size) break;
    let childScore = load<f32>(values + ((<usize>child) << 2));
    let childItem = load<i32>(items + ((<usize>child) << 2));
    if (child + 1 < size) {
      const otherScore = load<f32>(values + ((<usize>child) << 2), 4);
      const otherItem = load<i32>(items + ((<usize>child) << 2), 4);
      if (isWorse(otherScore, otherItem, childScore, childItem)) {
        child++;
        childScore = otherScore;
        childItem = otherItem;
      }
    }
    if (!isWorse(childScore, childItem, score, item)) break;
    store<f32>(values + ((<usize>hole) << 2), childScore);
    store<i32>(items + ((<usize>hole) << 2), childItem);
    hole = child;
  }
  store<f32>(values + ((<usize>hole) << 2), score);
  store<i32>(items + ((<usize>hole) << 2), item);
}

/** Adds an entry to a heap of `size` entries. */
export function siftUp(items: usize, values: usize, size: i32, score: f32, item: i32): void {
  let hole = size;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    const parentScore = load<f32>(values + ((<usize>parent) << 2));
    const parentItem = load<i32>(items + ((<usize>parent) << 2));
    if (!isWorse(score, item, parentScore, parentItem)) break;
    store<f32>(values + ((<usize>hole) << 2), parentScore);
    store<i32>(items + ((<usize>hole) << 2), parentItem);
    hole = parent;
  }
  store<f32>(values + ((<usize>hole) << 2), score);
  store<i32>(items + ((<usize>hole) << 2), item);
}

/** Turns a heap into a list, best first. */
export function sortBest(items: usize, values: usize, size: i32): void {
  for (let last = size - 1; last > 0; last--) {
    const score = load<f32>(values + ((<usize>last) << 2));
    const item = load<i32>(items + ((<usize>last) << 2));
    store<f32>(values + ((<usize>last) << 2), load<f32>(values));
    store<i32>(items + ((<usize>last) << 2), load<i32>(items));
    siftDown(items, values, last, score, item);
  }
}

/**
 * Writes the k greatest finite scores whose index is not in the ascending list `seen`, best first, ties by index.
 *
 * @returns How many were written: min(k, finite unseen).
 */
export function topK(
  scores: usize,
  count: i32,
  seen: usize,
  seenCount: i32,
  k: i32,
  items: usize,
  values: usize,
): i32 {
  if (k <= 0) return 0;
  let size = 0;
  let nextSeen = 0;
  for (let at = 0; at < count; ) {
    const end = at + 8 <= count ? at + 8 : count;
    if (size == k && end == at + 8) {
      const limit = v128.load_splat<f32>(values);
      const from = scores + ((<usize>at) << 2);
      const better = v128.or(f32x4.gt(v128.load(from), limit), f32x4.gt(v128.load(from, 16), limit));
      if (!v128.any_true(better)) {
        at = end;
        continue;
      }
    }
    for (; at < end; at++) {
      const score = load<f32>(scores + ((<usize>at) << 2));
      if (score - score != 0 || (size == k && !(score > load<f32>(values)))) continue;
      while (nextSeen < seenCount && load<i32>(seen + ((<usize>nextSeen) << 2)) < at) nextSeen++;
      if (nextSeen < seenCount && load<i32>(seen + ((<usize>nextSeen) << 2)) == at) continue;
      if (size < k) siftUp(items, values, size++, score, at);
      else siftDown(items, values, size, score, at);
    }
  }
  sortBest(items, values, size);
  return size;
}

/**
 * The k items of the greatest finite scores, best first; of equal scores the lower index comes first.
 *
 * Evaluation has its own selection, so that an error in the one that serves cannot hide behind itself; a test holds them equal.
 *
 * Cost: O(items + improvements · k); for random order about items + k² · log(items / k).
 */
export function topItems(scores: Float32Array, k: number): Int32Array {
  const items = new Int32Array(k);
  const best = new Float32Array(k);
  let count = 0;
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]!;
    if (!Number.isFinite(score) || (count === k && score <= best[k - 1]!)) continue;
    let at = count < k ? count++ : k - 1;
    while (at > 0 && best[at - 1]! < score) {
      best[at] = best[at - 1]!;
      items[at] = items[at - 1]!;
      at--;
    }
    best[at] = score;
    items[at] = item;
  }
  return items.subarray(0, count);
}

// Sums over users of products of two items' weights: Xᵀ·X for a sparse X, one item's row at a time.
//
// The entries of an item are kept as their *positions* in the rows of the users, so that a row can be followed from there on.
import { topK } from "./select";
import { madd } from "./simd";

/** row[j] += Σ over the users of one item of w_ui·w_uj, for all j of the users' rows, or for the item itself and those after it. */
function addProducts(
  itemStarts: usize,
  positions: usize,
  users: usize,
  starts: usize,
  items: usize,
  weights: usize,
  item: i32,
  row: usize,
  isUpper: bool,
): void {
  const begin = load<i32>(itemStarts + ((<usize>item) << 2));
  const stop = load<i32>(itemStarts + ((<usize>item) << 2), 4);
  for (let at = begin; at < stop; at++) {
    const position = load<i32>(positions + ((<usize>at) << 2));
    const bounds = starts + ((<usize>load<i32>(users + ((<usize>at) << 2))) << 2);
    const weight = load<f32>(weights + ((<usize>position) << 2));
    const end = (<usize>load<i32>(bounds, 4)) << 2;
    let entry = (<usize>(isUpper ? position : load<i32>(bounds))) << 2;
    // An item occurs once in a row, so four cells can be read before they are written.
    for (; entry + 16 <= end; entry += 16) {
      const a = row + ((<usize>load<i32>(items + entry)) << 2);
      const b = row + ((<usize>load<i32>(items + entry, 4)) << 2);
      const c = row + ((<usize>load<i32>(items + entry, 8)) << 2);
      const d = row + ((<usize>load<i32>(items + entry, 12)) << 2);
      const forA = load<f32>(a) + weight * load<f32>(weights + entry);
      const forB = load<f32>(b) + weight * load<f32>(weights + entry, 4);
      const forC = load<f32>(c) + weight * load<f32>(weights + entry, 8);
      const forD = load<f32>(d) + weight * load<f32>(weights + entry, 12);
      store<f32>(a, forA);
      store<f32>(b, forB);
      store<f32>(c, forC);
      store<f32>(d, forD);
    }
    for (; entry < end; entry += 4) {
      const a = row + ((<usize>load<i32>(items + entry)) << 2);
      store<f32>(a, load<f32>(a) + weight * load<f32>(weights + entry));
    }
  }
}

/** The rows from..to−1 of the upper triangle of Xᵀ·X, written to out [items × width]; what is left of the diagonal becomes 0. */
export function pairRows(
  itemStarts: usize,
  positions: usize,
  users: usize,
  starts: usize,
  items: usize,
  weights: usize,
  width: i32,
  out: usize,
  from: i32,
  to: i32,
): void {
  const stride = (<usize>width) << 2;
  for (let item = from; item < to; item++) {
    const row = out + <usize>item * stride;
    memory.fill(row, 0, stride);
    addProducts(itemStarts, positions, users, starts, items, weights, item, row, true);
  }
}

/**
 * The `kept` most similar others of the items from..to−1, where similarity(i, j) = Σ w_ui·w_uj / (norms[i]·norms[j] + shrinkage) and
 * pairs without a positive sum are none. Item i's list goes to [i·kept ..) of `neighbours` and `similarities`, its length to counts[i].
 *
 * Scratch: itemCount floats, then one integer.
 */
export function neighbourRows(
  itemStarts: usize,
  positions: usize,
  users: usize,
  starts: usize,
  items: usize,
  weights: usize,
  itemCount: i32,
  norms: usize,
  shrinkage: f32,
  kept: i32,
  neighbours: usize,
  similarities: usize,
  counts: usize,
  scratch: usize,
  from: i32,
  to: i32,
): void {
  const bytes = (<usize>itemCount) << 2;
  const self = scratch + bytes;
  for (let item = from; item < to; item++) {
    memory.fill(scratch, 0, bytes);
    addProducts(itemStarts, positions, users, starts, items, weights, item, scratch, false);
    toSimilarities(scratch, itemCount, norms, load<f32>(norms + ((<usize>item) << 2)), shrinkage);
    store<i32>(self, item);
    const list = (<usize>item * <usize>kept) << 2;
    const found = topK(scratch, itemCount, self, 1, kept, neighbours + list, similarities + list);
    store<i32>(counts + ((<usize>item) << 2), found);
  }
}

/** sums[j] becomes sums[j] / (norm·norms[j] + shrinkage), or −∞ where the sum is not positive. */
function toSimilarities(sums: usize, count: i32, norms: usize, norm: f32, shrinkage: f32): void {
  const nowhere = f32x4.splat(f32.NEGATIVE_INFINITY);
  const own = f32x4.splat(norm);
  const shrink = f32x4.splat(shrinkage);
  const zero = f32x4.splat(0);
  let at: usize = 0;
  const end = (<usize>count) << 2;
  for (; at + 16 <= end; at += 16) {
    const sum = v128.load(sums + at);
    const scale = f32x4.add(f32x4.mul(own, v128.load(norms + at)), shrink);
    v128.store(sums + at, v128.bitselect(f32x4.div(sum, scale), nowhere, f32x4.gt(sum, zero)));
  }
  for (; at < end; at += 4) {
    const sum = load<f32>(sums + at);
    const scale = norm * load<f32>(norms + at) + shrinkage;
    store<f32>(sums + at, sum > 0 ? sum / scale : f32.NEGATIVE_INFINITY);
  }
}

/** out [width] = Σ weights[n] · matrix[items[n]] over `count` rows of `width` floats. */
export function addRows(
  matrix: usize,
  width: i32,
  items: usize,
  weights: usize,
  count: i32,
  out: usize,
): void {
  const stride = (<usize>width) << 2;
  memory.fill(out, 0, stride);
  let at: usize = 0;
  const end = (<usize>count) << 2;
  for (; at + 8 <= end; at += 8) {
    const a = matrix + <usize>load<i32>(items + at) * stride;
    const b = matrix + <usize>load<i32>(items + at, 4) * stride;
    const forA = v128.load32_splat(weights + at);
    const forB = v128.load32_splat(weights + at, 4);
    for (let d: usize = 0; d < stride; d += 16) {
      v128.store(out + d, madd(forB, v128.load(b + d), madd(forA, v128.load(a + d), v128.load(out + d))));
    }
  }
  if (at < end) {
    const a = matrix + <usize>load<i32>(items + at) * stride;
    const forA = v128.load32_splat(weights + at);
    for (let d: usize = 0; d < stride; d += 16) {
      v128.store(out + d, madd(forA, v128.load(a + d), v128.load(out + d)));
    }
  }
}

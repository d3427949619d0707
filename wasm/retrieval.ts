// The best items of many users where a score is the inner product of two rows: exact, with bounds that leave out what cannot win.
//
// Items are ordered by the length of their rows, longest first, and packed in tiles of 8 as [tile][dimension][8]. Rows are turned into a
// basis whose first dimensions carry most of the scores, so that after a few of them the rest can be bounded by the lengths of what
// is left (Cauchy–Schwarz). What is stored as a length is a little too long, so that no rounding can make a bound too small.
import { matrixVector } from "./dense";
import { isWorse, siftDown, siftUp, sortBest } from "./select";
import { madd } from "./simd";

/** Dimensions between two looks at the bounds. */
export const boundStep: i32 = 16;
const stepBytes: usize = 64;
/** Users whose rows a thread keeps at hand; the most that a block of a job may hold. */
export const usersAtHand: i32 = 64;
/** Tiles of items that are gone through together, so that they stay in the second-level cache. */
const blockTiles: i32 = 64;

/** The prepared items; see {@link bestRows}. Kept here, since a thread works on one table of items at a time. */
let panels: usize = 0;
let lengths: usize = 0;
let order: usize = 0;
let width: i32 = 0;
let levels: i32 = 0;
/** Room for the scores of one tile. */
let lanes: usize = 0;
let listLength: i32 = 0;
let allowed: usize = 0;

/**
 * The `k` best items of the users from..to−1 (at most {@link usersAtHand}), best first, ties by index.
 *
 * @param itemPanels [tiles][width][8], rows of items in the basis.
 * @param itemLengths [tiles][1 + levels][8]: length of the whole row, then of what is left after 16, 32 … dimensions.
 * @param itemOrder Item index of each place, −1 where a tile is not full.
 * @param basis [width × width], one dimension a row.
 * @param rows Rows of users, not yet in the basis.
 * @param excludedStarts, excluded Ascending items that must not appear, as rows of users.
 * @param allowedItems One byte an item: 0 where it must not appear; 0 in the place of the offset where all may.
 * @param items, scores [users × k]; `counts` gets the length of each list, `steps` how many times 16 dimensions of 8 items were summed.
 * Scratch: (width + levels + 3) · 64 floats.
 */
export function bestRows(
  itemPanels: usize,
  itemLengths: usize,
  itemOrder: usize,
  tiles: i32,
  rowWidth: i32,
  basis: usize,
  rows: usize,
  excludedStarts: usize,
  excluded: usize,
  allowedItems: usize,
  k: i32,
  items: usize,
  scores: usize,
  counts: usize,
  steps: usize,
  scratch: usize,
  from: i32,
  to: i32,
): void {
  panels = itemPanels;
  lengths = itemLengths;
  order = itemOrder;
  width = rowWidth;
  levels = (rowWidth - 1) / boundStep;
  allowed = allowedItems;
  listLength = k;
  const stride = (<usize>width) << 2;
  const userLengths = scratch + <usize>usersAtHand * stride;
  const finished = userLengths + <usize>((1 + levels) * usersAtHand) * 4;
  const users = to - from;
  const quads = (users + 3) >> 2;
  lanes = finished + <usize>usersAtHand * 4;
  memory.fill(scratch, 0, (<usize>((width + levels + 3) * usersAtHand)) << 2);
  for (let user = 0; user < users; user++) {
    const row = scratch + <usize>user * stride;
    matrixVector(basis, width, width, rows + <usize>(from + user) * stride, row);
    measure(row, userLengths + ((<usize>(user * (1 + levels))) << 2));
    store<i32>(counts + ((<usize>(from + user)) << 2), 0);
    store<i32>(steps + ((<usize>(from + user)) << 2), 0);
  }
  if (k <= 0) return;
  for (let block = 0; block < tiles; block += blockTiles) {
    const blockEnd = block + blockTiles < tiles ? block + blockTiles : tiles;
    for (let quad = 0; quad < quads; quad++) {
      if (load<i32>(finished + ((<usize>quad) << 2))) continue;
      const first = from + (quad << 2);
      const isOver = searchTiles(
        scratch + ((<usize>quad) << 2) * stride,
        userLengths + ((<usize>(quad * 4 * (1 + levels))) << 2),
        to - first < 4 ? to - first : 4,
        first,
        block,
        blockEnd,
        excludedStarts,
        excluded,
        items,
        scores,
        counts,
        steps,
      );
      if (isOver) store<i32>(finished + ((<usize>quad) << 2), 1);
    }
  }
  for (let user = from; user < to; user++) {
    const list = (<usize>user * <usize>k) << 2;
    sortBest(items + list, scores + list, load<i32>(counts + ((<usize>user) << 2)));
  }
}

/** Lengths of a row: of the whole, then of what is left after each step; each a little too long. */
function measure(row: usize, out: usize): void {
  let sum: f64 = 0;
  for (let d = width - 1; d >= 0; d--) {
    const value = <f64>load<f32>(row + ((<usize>d) << 2));
    sum += value * value;
    if (d % boundStep == 0) store<f32>(out + ((<usize>(d / boundStep)) << 2), <f32>sqrt(sum));
  }
  const whole = load<f32>(out);
  for (let level = 0; level <= levels; level++) {
    const at = out + ((<usize>level) << 2);
    store<f32>(at, load<f32>(at) + slack * whole);
  }
}

/** How much longer a length is stored, as a share of the whole: its square covers the rounding of a sum of 1,024 products. */
export const slack: f32 = 0.002;

/** The score that the next item of a user must reach: −∞ while the list is not full. */
function threshold(scores: usize, counts: usize, user: i32): f32 {
  if (load<i32>(counts + ((<usize>user) << 2)) < listLength) return f32.NEGATIVE_INFINITY;
  return load<f32>(scores + ((<usize>user * <usize>listLength) << 2));
}

/** The least length of an item's row that can still bring it into the list. */
function lengthNeeded(limit: f32, userLength: f32): f32 {
  return limit > 0 && userLength > 0
    ? limit / userLength
    : limit > 0
      ? f32.POSITIVE_INFINITY
      : f32.NEGATIVE_INFINITY;
}

/** Looks for better items of four users in some tiles; true where no later tile can hold one. */
function searchTiles(
  rows: usize,
  userLengths: usize,
  users: i32,
  first: i32,
  from: i32,
  to: i32,
  excludedStarts: usize,
  excluded: usize,
  items: usize,
  scores: usize,
  counts: usize,
  steps: usize,
): bool {
  const perUser = (<usize>(1 + levels)) << 2;
  const perTile = perUser << 3;
  const stride = (<usize>width) << 2;
  const tileBytes = stride << 3;
  const nothing = f32.POSITIVE_INFINITY; // of users that are not there
  let limit0 = threshold(scores, counts, first);
  let limit1 = users > 1 ? threshold(scores, counts, first + 1) : nothing;
  let limit2 = users > 2 ? threshold(scores, counts, first + 2) : nothing;
  let limit3 = users > 3 ? threshold(scores, counts, first + 3) : nothing;
  let isChanged = true;
  let needed: f32 = 0;
  let done = 0;
  let isOver = false;
  for (let tile = from; tile < to; tile++) {
    const tileLengths = lengths + <usize>tile * perTile;
    if (isChanged) {
      const a = lengthNeeded(limit0, load<f32>(userLengths));
      const b = lengthNeeded(limit1, load<f32>(userLengths + perUser));
      const c = lengthNeeded(limit2, load<f32>(userLengths + 2 * perUser));
      const d = lengthNeeded(limit3, load<f32>(userLengths + 3 * perUser));
      needed = min(min(a, b), min(c, d));
      isChanged = false;
    }
    if (load<f32>(tileLengths) < needed) {
      isOver = true;
      break;
    }
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let b0 = a0;
    let b1 = a0;
    let c0 = a0;
    let c1 = a0;
    let d0 = a0;
    let d1 = a0;
    let panel = panels + <usize>tile * tileBytes;
    let row = rows;
    let level: usize = 0;
    let mayWin = true;
    while (true) {
      const end = min(row + stepBytes, rows + stride);
      for (; row < end; row += 4) {
        const v0 = v128.load(panel);
        const v1 = v128.load(panel, 16);
        const a = v128.load32_splat(row);
        a0 = madd(a, v0, a0);
        a1 = madd(a, v1, a1);
        const b = v128.load32_splat(row + stride);
        b0 = madd(b, v0, b0);
        b1 = madd(b, v1, b1);
        const c = v128.load32_splat(row + 2 * stride);
        c0 = madd(c, v0, c0);
        c1 = madd(c, v1, c1);
        const d = v128.load32_splat(row + 3 * stride);
        d0 = madd(d, v0, d0);
        d1 = madd(d, v1, d1);
        panel += 32;
      }
      done++;
      if (row == rows + stride) break;
      level += 4;
      const l0 = v128.load(tileLengths + (level << 3));
      const l1 = v128.load(tileLengths + (level << 3), 16);
      const u = userLengths + level;
      const some = v128.or(
        v128.or(reaches(a0, a1, l0, l1, u, limit0), reaches(b0, b1, l0, l1, u + perUser, limit1)),
        v128.or(
          reaches(c0, c1, l0, l1, u + 2 * perUser, limit2),
          reaches(d0, d1, l0, l1, u + 3 * perUser, limit3),
        ),
      );
      if (!v128.any_true(some)) {
        mayWin = false;
        break;
      }
    }
    if (!mayWin) continue;
    if (isAny(a0, a1, limit0)) {
      take(a0, a1, tile, first, excludedStarts, excluded, items, scores, counts);
      limit0 = threshold(scores, counts, first);
      isChanged = true;
    }
    if (isAny(b0, b1, limit1)) {
      take(b0, b1, tile, first + 1, excludedStarts, excluded, items, scores, counts);
      limit1 = threshold(scores, counts, first + 1);
      isChanged = true;
    }
    if (isAny(c0, c1, limit2)) {
      take(c0, c1, tile, first + 2, excludedStarts, excluded, items, scores, counts);
      limit2 = threshold(scores, counts, first + 2);
      isChanged = true;
    }
    if (isAny(d0, d1, limit3)) {
      take(d0, d1, tile, first + 3, excludedStarts, excluded, items, scores, counts);
      limit3 = threshold(scores, counts, first + 3);
      isChanged = true;
    }
  }
  for (let user = first; user < first + users; user++) {
    const at = steps + ((<usize>user) << 2);
    store<i32>(at, load<i32>(at) + done);
  }
  return isOver;
}

/** Lanes whose sum so far and the bound of the rest reach the limit. */
function reaches(s0: v128, s1: v128, l0: v128, l1: v128, userLength: usize, limit: f32): v128 {
  const u = v128.load32_splat(userLength);
  const l = f32x4.splat(limit);
  return v128.or(f32x4.ge(madd(u, l0, s0), l), f32x4.ge(madd(u, l1, s1), l));
}

function isAny(s0: v128, s1: v128, limit: f32): bool {
  const l = f32x4.splat(limit);
  return v128.any_true(v128.or(f32x4.ge(s0, l), f32x4.ge(s1, l)));
}

/** Puts the items of a tile that reach a user's list into it. */
function take(
  s0: v128,
  s1: v128,
  tile: i32,
  user: i32,
  excludedStarts: usize,
  excluded: usize,
  items: usize,
  scores: usize,
  counts: usize,
): void {
  v128.store(lanes, s0);
  v128.store(lanes, s1, 16);
  const list = (<usize>user * <usize>listLength) << 2;
  const bounds = excludedStarts + ((<usize>user) << 2);
  const count = counts + ((<usize>user) << 2);
  for (let lane: usize = 0; lane < 32; lane += 4) {
    const item = load<i32>(order + ((<usize>tile) << 5) + lane);
    const score = load<f32>(lanes + lane);
    if (item < 0 || score - score != 0) continue;
    const size = load<i32>(count);
    if (size == listLength && !isWorse(load<f32>(scores + list), load<i32>(items + list), score, item))
      continue;
    if (allowed != 0 && load<u8>(allowed + <usize>item) == 0) continue;
    if (isListed(excluded, load<i32>(bounds), load<i32>(bounds, 4), item)) continue;
    if (size < listLength) {
      siftUp(items + list, scores + list, size, score, item);
      store<i32>(count, size + 1);
    } else {
      siftDown(items + list, scores + list, size, score, item);
    }
  }
}

/** Whether the ascending list from..to−1 holds an item. */
function isListed(list: usize, from: i32, to: i32, item: i32): bool {
  while (from < to) {
    const middle = (from + to) >>> 1;
    const other = load<i32>(list + ((<usize>middle) << 2));
    if (other == item) return true;
    if (other < item) from = middle + 1;
    else to = middle;
  }
  return false;
}

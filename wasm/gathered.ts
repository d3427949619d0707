// Products of one vector with rows that are gathered by index, four at a time, and sums of such rows.
import { madd } from "./simd";

/** The four sums of lanes of four vectors, as one vector. */
function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** Sum of the lanes of a vector. */
export function laneSum(a: v128): f32 {
  return (
    f32x4.extract_lane(a, 0) +
    f32x4.extract_lane(a, 1) +
    (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))
  );
}

/** Inner products of a vector with four rows. */
export function fourDots(x: usize, y0: usize, y1: usize, y2: usize, y3: usize, stride: usize): v128 {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  for (let at: usize = 0; at < stride; at += 32) {
    const v = v128.load(x + at);
    a0 = madd(v128.load(y0 + at), v, a0);
    a1 = madd(v128.load(y1 + at), v, a1);
    a2 = madd(v128.load(y2 + at), v, a2);
    a3 = madd(v128.load(y3 + at), v, a3);
    const w = v128.load(x + at, 16);
    b0 = madd(v128.load(y0 + at, 16), w, b0);
    b1 = madd(v128.load(y1 + at, 16), w, b1);
    b2 = madd(v128.load(y2 + at, 16), w, b2);
    b3 = madd(v128.load(y3 + at, 16), w, b3);
  }
  return laneSums(f32x4.add(a0, b0), f32x4.add(a1, b1), f32x4.add(a2, b2), f32x4.add(a3, b3));
}

/** Inner product of a vector with one row. */
export function oneDot(x: usize, y: usize, stride: usize): f32 {
  let a = f32x4.splat(0);
  let b = a;
  for (let at: usize = 0; at < stride; at += 32) {
    a = madd(v128.load(y + at), v128.load(x + at), a);
    b = madd(v128.load(y + at, 16), v128.load(x + at, 16), b);
  }
  return laneSum(f32x4.add(a, b));
}

/** sum += c0·y0 + c1·y1 + c2·y2 + c3·y3, the lanes of c. */
export function addFour(
  sum: usize,
  c: v128,
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  stride: usize,
): void {
  const c0 = v128.shuffle<f32>(c, c, 0, 0, 0, 0);
  const c1 = v128.shuffle<f32>(c, c, 1, 1, 1, 1);
  const c2 = v128.shuffle<f32>(c, c, 2, 2, 2, 2);
  const c3 = v128.shuffle<f32>(c, c, 3, 3, 3, 3);
  for (let at: usize = 0; at < stride; at += 32) {
    let a = madd(c0, v128.load(y0 + at), v128.load(sum + at));
    let b = madd(c0, v128.load(y0 + at, 16), v128.load(sum + at, 16));
    a = madd(c1, v128.load(y1 + at), a);
    b = madd(c1, v128.load(y1 + at, 16), b);
    a = madd(c2, v128.load(y2 + at), a);
    b = madd(c2, v128.load(y2 + at, 16), b);
    a = madd(c3, v128.load(y3 + at), a);
    b = madd(c3, v128.load(y3 + at, 16), b);
    v128.store(sum + at, a);
    v128.store(sum + at, b, 16);
  }
}

/** sum += c·y. */
export function addOne(sum: usize, c: f32, y: usize, stride: usize): void {
  const factor = f32x4.splat(c);
  for (let at: usize = 0; at < stride; at += 32) {
    v128.store(sum + at, madd(factor, v128.load(y + at), v128.load(sum + at)));
    v128.store(sum + at, madd(factor, v128.load(y + at, 16), v128.load(sum + at, 16)), 16);
  }
}

/** sum += Σ w·(target − y·x)·y over `count` entries; `weights` 0 stands for weights of 1. */
export function addErrors(
  items: usize,
  weights: usize,
  count: i32,
  target: f32,
  other: usize,
  stride: usize,
  x: usize,
  sum: usize,
): void {
  const targets = f32x4.splat(target);
  const end = items + ((<usize>count) << 2);
  const toWeight = weights - items;
  for (; items + 16 <= end; items += 16) {
    const y0 = other + <usize>load<u32>(items) * stride;
    const y1 = other + <usize>load<u32>(items, 4) * stride;
    const y2 = other + <usize>load<u32>(items, 8) * stride;
    const y3 = other + <usize>load<u32>(items, 12) * stride;
    let c = f32x4.sub(targets, fourDots(x, y0, y1, y2, y3, stride));
    if (weights != 0) c = f32x4.mul(v128.load(items + toWeight), c);
    addFour(sum, c, y0, y1, y2, y3, stride);
  }
  for (; items < end; items += 4) {
    const y = other + <usize>load<u32>(items) * stride;
    let c = target - oneDot(x, y, stride);
    if (weights != 0) c *= load<f32>(items + toWeight);
    addOne(sum, c, y, stride);
  }
}

/** Σ w·(y·x)² over `count` entries. */
export function squaredDots(
  items: usize,
  weights: usize,
  count: i32,
  other: usize,
  stride: usize,
  x: usize,
): f32 {
  let sums = f32x4.splat(0);
  const end = items + ((<usize>count) << 2);
  const toWeight = weights - items;
  for (; items + 16 <= end; items += 16) {
    const dots = fourDots(
      x,
      other + <usize>load<u32>(items) * stride,
      other + <usize>load<u32>(items, 4) * stride,
      other + <usize>load<u32>(items, 8) * stride,
      other + <usize>load<u32>(items, 12) * stride,
      stride,
    );
    const weighted = weights != 0 ? f32x4.mul(v128.load(items + toWeight), dots) : dots;
    sums = madd(weighted, dots, sums);
  }
  let sum = laneSum(sums);
  for (; items < end; items += 4) {
    const dot = oneDot(x, other + <usize>load<u32>(items) * stride, stride);
    sum += (weights != 0 ? load<f32>(items + toWeight) : <f32>1) * dot * dot;
  }
  return sum;
}

// The explicit model with biases by preconditioned conjugate gradients, row by row.
import { addErrors, addFour, addOne, fourDots, oneDot, squaredDots } from "./gathered";
import { madd } from "./simd";

/** sum += Σ (value − mean − y·x)·y over `count` entries. */
function addMisses(
  items: usize,
  values: usize,
  count: i32,
  mean: f32,
  other: usize,
  stride: usize,
  x: usize,
  sum: usize,
): void {
  const means = f32x4.splat(mean);
  const end = items + ((<usize>count) << 2);
  const toValue = values - items;
  for (; items + 16 <= end; items += 16) {
    const y0 = other + <usize>load<u32>(items) * stride;
    const y1 = other + <usize>load<u32>(items, 4) * stride;
    const y2 = other + <usize>load<u32>(items, 8) * stride;
    const y3 = other + <usize>load<u32>(items, 12) * stride;
    const targets = f32x4.sub(v128.load(items + toValue), means);
    addFour(sum, f32x4.sub(targets, fourDots(x, y0, y1, y2, y3, stride)), y0, y1, y2, y3, stride);
  }
  for (; items < end; items += 4) {
    const y = other + <usize>load<u32>(items) * stride;
    addOne(sum, load<f32>(items + toValue) - mean - oneDot(x, y, stride), y, stride);
  }
}

/** target = −a·b in each place. */
function negativeProduct(target: usize, a: usize, b: usize, stride: usize): void {
  for (let at: usize = 0; at < stride; at += 16) {
    v128.store(target + at, f32x4.neg(f32x4.mul(v128.load(a + at), v128.load(b + at))));
  }
}

/** target += length·source. */
function move(target: usize, length: f32, source: usize, stride: usize): void {
  const factor = f32x4.splat(length);
  for (let at: usize = 0; at < stride; at += 16) {
    v128.store(target + at, madd(factor, v128.load(source + at), v128.load(target + at)));
  }
}

/**
 * Steps of preconditioned conjugate gradients for the rows from..to−1 of the explicit model with biases, from the rows as they are.
 *
 * The equations of a row are those of `explicitRows`: (Λ + Σ y·yᵀ)·x = Σ (value − mean)·y, with x fixed to 1 at `otherBias`. The
 * preconditioner is the diagonal Λ + entries·squares, where `squares` [width] says how large the squares of y are in the mean. A row
 * without entries becomes zeros with that 1. Scratch: 5·width floats.
 * @returns 0, or 1 + the first row that is not finite afterwards.
 */
export function explicitSteps(
  starts: usize,
  items: usize,
  values: usize,
  from: i32,
  to: i32,
  out: usize,
  other: usize,
  regularization: usize,
  biasRegularization: usize,
  squares: usize,
  width: i32,
  factors: i32,
  mean: f32,
  ownBias: i32,
  otherBias: i32,
  steps: i32,
  scratch: usize,
): i32 {
  const stride = (<usize>width) << 2;
  const fixed = (<usize>otherBias) << 2;
  const strengths = scratch;
  const diagonal = strengths + stride;
  const r = diagonal + stride;
  const p = r + stride;
  const q = p + stride;
  for (let row = from; row < to; row++) {
    const start = starts + ((<usize>row) << 2);
    const begin = load<i32>(start);
    const count = load<i32>(start, 4) - begin;
    const x = out + <usize>row * stride;
    if (count == 0) memory.fill(x, 0, stride);
    store<f32>(x + fixed, 1);
    if (count == 0) continue;
    const strength = load<f32>(regularization + ((<usize>row) << 2));
    for (let at = 0; at < width; at++) {
      store<f32>(strengths + ((<usize>at) << 2), at < factors ? strength : <f32>1);
    }
    store<f32>(strengths + ((<usize>ownBias) << 2), load<f32>(biasRegularization + ((<usize>row) << 2)));
    const entries = f32x4.splat(<f32>count);
    for (let at: usize = 0; at < stride; at += 16) {
      v128.store(diagonal + at, madd(entries, v128.load(squares + at), v128.load(strengths + at)));
    }
    const entry = (<usize>begin) << 2;
    negativeProduct(r, strengths, x, stride);
    addMisses(items + entry, values + entry, count, mean, other, stride, x, r);
    store<f32>(r + fixed, 0);
    let before: f32 = 0;
    for (let step = 1; step <= steps; step++) {
      for (let at: usize = 0; at < stride; at += 16) {
        v128.store(q + at, f32x4.div(v128.load(r + at), v128.load(diagonal + at)));
      }
      const gained = oneDot(r, q, stride);
      if (gained < 1e-30) break; // solved as far as single precision goes
      if (step == 1) memory.copy(p, q, stride);
      else {
        const beta = f32x4.splat(gained / before);
        for (let at: usize = 0; at < stride; at += 16) {
          v128.store(p + at, madd(beta, v128.load(p + at), v128.load(q + at)));
        }
      }
      before = gained;
      negativeProduct(q, strengths, p, stride);
      if (step == steps) {
        const curved = squaredDots(items + entry, 0, count, other, stride, p) - oneDot(p, q, stride);
        move(x, gained / curved, p, stride);
      } else {
        addErrors(items + entry, 0, count, 0, other, stride, p, q);
        store<f32>(q + fixed, 0);
        const length = -gained / oneDot(p, q, stride);
        move(x, length, p, stride);
        move(r, length, q, stride);
      }
    }
    // the sum of a row's squares is not finite where one of its floats is none
    const size = oneDot(x, x, stride);
    if (!(size < f32.MAX_VALUE)) return row + 1;
  }
  return 0;
}

// Half-steps of alternating least squares: every row of one side is solved exactly while the other side is fixed.
import { choleskyFactor, choleskySolve } from "./cholesky";
import { addGram } from "./dense";
import { madd } from "./simd";

/** Rows of the other side that are gathered at a time; 64 rows of 64 floats fit the first-level cache. */
export const panelRows: i32 = 64;

/**
 * Normal equations of one row with weights: matrix += Σ w·y·yᵀ (upper triangle), rhs += Σ w·y.
 *
 * The gathered rows are scaled by √w, so that the same product serves weighted and plain sums.
 */
export function addWeighted(
  items: usize,
  weights: usize,
  count: i32,
  other: usize,
  width: i32,
  matrix: usize,
  rhs: usize,
  panel: usize,
): void {
  const stride = (<usize>width) << 2;
  for (let from = 0; from < count; from += panelRows) {
    const rows = count - from < panelRows ? count - from : panelRows;
    for (let row = 0; row < rows; row++) {
      const entry = (<usize>(from + row)) << 2;
      const source = other + <usize>load<i32>(items + entry) * stride;
      const target = panel + <usize>row * stride;
      const weight = load<f32>(weights + entry);
      const w = f32x4.splat(weight);
      const root = f32x4.splat(sqrt<f32>(weight));
      for (let at: usize = 0; at < stride; at += 16) {
        const y = v128.load(source + at);
        v128.store(target + at, f32x4.mul(root, y));
        v128.store(rhs + at, madd(w, y, v128.load(rhs + at)));
      }
    }
    addGram(panel, rows, width, matrix);
  }
}

/**
 * Normal equations of one row of ratings: target t = value − mean − bias of the other side, matrix += Σ y·yᵀ, rhs += Σ t·y.
 *
 * The other side's bias is taken out of y, since the target already holds it.
 */
export function addCentred(
  items: usize,
  values: usize,
  count: i32,
  other: usize,
  width: i32,
  mean: f32,
  otherBias: i32,
  matrix: usize,
  rhs: usize,
  panel: usize,
): void {
  const stride = (<usize>width) << 2;
  const bias = (<usize>otherBias) << 2;
  for (let from = 0; from < count; from += panelRows) {
    const rows = count - from < panelRows ? count - from : panelRows;
    for (let row = 0; row < rows; row++) {
      const entry = (<usize>(from + row)) << 2;
      const source = other + <usize>load<i32>(items + entry) * stride;
      const target = panel + <usize>row * stride;
      memory.copy(target, source, stride);
      const t = f32x4.splat(load<f32>(values + entry) - mean - load<f32>(source + bias));
      store<f32>(target + bias, 0);
      for (let at: usize = 0; at < stride; at += 16) {
        v128.store(rhs + at, madd(t, v128.load(target + at), v128.load(rhs + at)));
      }
    }
    addGram(panel, rows, width, matrix);
  }
}

/**
 * Solves the rows from..to−1 of the implicit model: (gram + Σ w·y·yᵀ + regularization·I)·x = Σ w·y.
 *
 * `gram` is already multiplied by the weight of unobserved cells. `used` is the width without padding. A row without entries becomes 0.
 * Scratch: width² + width + panelRows·width floats.
 * @returns 0, or 1 + the first row that has no finite solution; rows before it are written.
 */
export function implicitRows(
  starts: usize,
  items: usize,
  weights: usize,
  from: i32,
  to: i32,
  out: usize,
  other: usize,
  gram: usize,
  regularization: usize,
  width: i32,
  used: i32,
  scratch: usize,
): i32 {
  const stride = (<usize>width) << 2;
  const matrix = scratch;
  const rhs = matrix + <usize>width * stride;
  const panel = rhs + stride;
  for (let row = from; row < to; row++) {
    const begin = load<i32>(starts + ((<usize>row) << 2));
    const count = load<i32>(starts + ((<usize>row) << 2), 4) - begin;
    const target = out + <usize>row * stride;
    memory.fill(rhs, 0, stride);
    if (count > 0) {
      memory.copy(matrix, gram, <usize>width * stride);
      const strength = load<f32>(regularization + ((<usize>row) << 2));
      for (let at = 0; at < width; at++) {
        const cell = matrix + <usize>at * (stride + 4);
        store<f32>(cell, at < used ? load<f32>(cell) + strength : 1);
      }
      const entry = (<usize>begin) << 2;
      addWeighted(items + entry, weights + entry, count, other, width, matrix, rhs, panel);
      if (choleskyFactor(matrix, width) != 0 || choleskySolve(matrix, width, rhs) != 0) return row + 1;
    }
    memory.copy(target, rhs, stride);
  }
  return 0;
}

/**
 * Solves the rows from..to−1 of the explicit model with biases: a row holds factors, both biases at `ownBias` and `otherBias`
 * (the one of the other side stays 1, so that a product of two rows is factors + both biases), and padding.
 *
 * Strengths are per row: `regularization` for the factors, `biasRegularization` for the own bias. A row without entries becomes
 * zeros with that 1. Scratch and result as in {@link implicitRows}.
 */
export function explicitRows(
  starts: usize,
  items: usize,
  values: usize,
  from: i32,
  to: i32,
  out: usize,
  other: usize,
  regularization: usize,
  biasRegularization: usize,
  width: i32,
  factors: i32,
  mean: f32,
  ownBias: i32,
  otherBias: i32,
  scratch: usize,
): i32 {
  const stride = (<usize>width) << 2;
  const matrix = scratch;
  const rhs = matrix + <usize>width * stride;
  const panel = rhs + stride;
  for (let row = from; row < to; row++) {
    const begin = load<i32>(starts + ((<usize>row) << 2));
    const count = load<i32>(starts + ((<usize>row) << 2), 4) - begin;
    const target = out + <usize>row * stride;
    memory.fill(rhs, 0, stride);
    if (count > 0) {
      memory.fill(matrix, 0, <usize>width * stride);
      const strength = load<f32>(regularization + ((<usize>row) << 2));
      for (let at = 0; at < width; at++) {
        store<f32>(matrix + <usize>at * (stride + 4), at < factors ? strength : 1);
      }
      store<f32>(matrix + <usize>ownBias * (stride + 4), load<f32>(biasRegularization + ((<usize>row) << 2)));
      const entry = (<usize>begin) << 2;
      addCentred(items + entry, values + entry, count, other, width, mean, otherBias, matrix, rhs, panel);
      if (choleskyFactor(matrix, width) != 0 || choleskySolve(matrix, width, rhs) != 0) return row + 1;
    }
    memory.copy(target, rhs, stride);
    store<f32>(target + ((<usize>otherBias) << 2), 1);
  }
  return 0;
}

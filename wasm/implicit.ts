// The implicit model by preconditioned conjugate gradients, for many rows at a time, in a basis where the Gram matrix of the other
// side is diagonal. The other side is met in chunks that stay in the second-level cache while all rows of a block use them.
import { addErrors, laneSum, oneDot, squaredDots } from "./gathered";
import { madd } from "./simd";

/** Residuals of a block before the entries are added: −D·x. */
function startResiduals(
  rows: usize,
  stride: usize,
  x: usize,
  diagonal: usize,
  regularization: usize,
  residuals: usize,
): void {
  for (let row: usize = 0; row < rows; row++) {
    const strength = v128.load_splat<f32>(regularization + (row << 2));
    const start = row * stride;
    for (let at: usize = 0; at < stride; at += 16) {
      const d = f32x4.add(v128.load(diagonal + at), strength);
      v128.store(residuals + start + at, f32x4.neg(f32x4.mul(d, v128.load(x + start + at))));
    }
  }
}

/** `addErrors` for every row of a block and every chunk. */
function addBlockErrors(
  starts: usize,
  chunkBytes: usize,
  chunks: usize,
  items: usize,
  weights: usize,
  target: f32,
  rows: usize,
  other: usize,
  stride: usize,
  x: usize,
  sums: usize,
): void {
  for (let chunk: usize = 0; chunk < chunks; chunk++) {
    let start = starts + chunk * chunkBytes;
    let begin = load<i32>(start);
    for (let row: usize = 0; row < rows; row++) {
      start += 4;
      const end = load<i32>(start);
      if (end > begin) {
        const entry = (<usize>begin) << 2;
        const w = weights != 0 ? weights + entry : 0;
        const at = row * stride;
        addErrors(items + entry, w, end - begin, target, other, stride, x + at, sums + at);
      }
      begin = end;
    }
  }
}

/** Adds Σ w·(y·p)² to the curvature of every row of a block. */
function addBlockCurvature(
  starts: usize,
  chunkBytes: usize,
  chunks: usize,
  items: usize,
  weights: usize,
  rows: usize,
  other: usize,
  stride: usize,
  directions: usize,
  curvature: usize,
): void {
  for (let chunk: usize = 0; chunk < chunks; chunk++) {
    let start = starts + chunk * chunkBytes;
    let begin = load<i32>(start);
    for (let row: usize = 0; row < rows; row++) {
      start += 4;
      const end = load<i32>(start);
      if (end > begin) {
        const entry = (<usize>begin) << 2;
        const w = weights != 0 ? weights + entry : 0;
        const cell = curvature + (row << 2);
        const sum = squaredDots(items + entry, w, end - begin, other, stride, directions + row * stride);
        store<f32>(cell, load<f32>(cell) + sum);
      }
      begin = end;
    }
  }
}

/** The next direction of every row, the part D·p of its product (negative), and that part's curvature. */
function startStep(
  isFirst: bool,
  rows: usize,
  stride: usize,
  diagonal: usize,
  regularization: usize,
  residuals: usize,
  directions: usize,
  products: usize,
  progress: usize,
  curvature: usize,
): void {
  for (let row: usize = 0; row < rows; row++) {
    const strength = v128.load_splat<f32>(regularization + (row << 2));
    const r = residuals + row * stride;
    const p = directions + row * stride;
    const q = products + row * stride;
    let gained = f32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 16) {
      const v = v128.load(r + at);
      const z = f32x4.div(v, f32x4.add(v128.load(diagonal + at), strength));
      v128.store(q + at, z);
      gained = madd(v, z, gained);
    }
    const now = laneSum(gained);
    const before = isFirst ? <f32>0 : load<f32>(progress + (row << 2));
    store<f32>(progress + (row << 2), now);
    const beta = f32x4.splat(before > 0 ? now / before : 0);
    let curved = f32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 16) {
      const z = v128.load(q + at);
      const v = isFirst ? z : madd(beta, v128.load(p + at), z);
      const product = f32x4.mul(f32x4.add(v128.load(diagonal + at), strength), v);
      v128.store(p + at, v);
      v128.store(q + at, f32x4.neg(product));
      curved = madd(product, v, curved);
    }
    store<f32>(curvature + (row << 2), laneSum(curved));
  }
}

/** Moves every row of a block along its direction; the residuals follow where `products` are complete. */
function finishStep(
  isLast: bool,
  rows: usize,
  stride: usize,
  x: usize,
  residuals: usize,
  directions: usize,
  products: usize,
  progress: usize,
  curvature: usize,
): i32 {
  for (let row: usize = 0; row < rows; row++) {
    const start = row * stride;
    let curved = load<f32>(curvature + (row << 2));
    if (!isLast) curved = -oneDot(directions + start, products + start, stride);
    const gained = load<f32>(progress + (row << 2));
    const length = f32x4.splat(gained == 0 ? 0 : gained / curved);
    let check = f32x4.splat(0);
    for (let at = start; at < start + stride; at += 16) {
      const v = madd(length, v128.load(directions + at), v128.load(x + at));
      v128.store(x + at, v);
      check = f32x4.add(check, f32x4.sub(v, v));
      if (!isLast)
        v128.store(residuals + at, madd(length, v128.load(products + at), v128.load(residuals + at)));
    }
    if (laneSum(check) != 0) return <i32>row + 1; // not a number where a factor is none
  }
  return 0;
}

/**
 * Steps of preconditioned conjugate gradients for the rows from..to−1 of the implicit model, from the rows as they are.
 *
 * The equations of a row are (D + Σ w·y·yᵀ)·x = Σ w·y with D = diagonal + regularization[row], which is also the preconditioner.
 * Entries lie chunk by chunk: those of a row are starts[chunk·rowCount + row] .. starts[chunk·rowCount + row + 1] − 1; `weights` 0
 * stands for weights of 1. Scratch: (to − from)·(3·width + 2) floats.
 * @returns 0, or 1 + the first row that is not finite afterwards.
 */
export function implicitSteps(
  starts: usize,
  rowCount: i32,
  chunks: i32,
  items: usize,
  weights: usize,
  from: i32,
  to: i32,
  out: usize,
  other: usize,
  diagonal: usize,
  regularization: usize,
  width: i32,
  steps: i32,
  scratch: usize,
): i32 {
  const stride = (<usize>width) << 2;
  const rows = <usize>(to - from);
  const r = scratch;
  const p = r + rows * stride;
  const q = p + rows * stride;
  const progress = q + rows * stride;
  const curvature = progress + (rows << 2);
  const x = out + <usize>from * stride;
  const strengths = regularization + ((<usize>from) << 2);
  const first = starts + ((<usize>from) << 2);
  const chunkBytes = (<usize>rowCount) << 2;
  const n = <usize>chunks;
  startResiduals(rows, stride, x, diagonal, strengths, r);
  addBlockErrors(first, chunkBytes, n, items, weights, 1, rows, other, stride, x, r);
  for (let step = 1; step <= steps; step++) {
    const isLast = step == steps;
    startStep(step == 1, rows, stride, diagonal, strengths, r, p, q, progress, curvature);
    if (isLast) addBlockCurvature(first, chunkBytes, n, items, weights, rows, other, stride, p, curvature);
    else addBlockErrors(first, chunkBytes, n, items, weights, 0, rows, other, stride, p, q);
    const failed = finishStep(isLast, rows, stride, x, r, p, q, progress, curvature);
    if (failed != 0) return from + failed;
  }
  return 0;
}

/** Replaces the rows from..to−1 by row · matrix, matrix [width × width]. Scratch: 4·width floats. */
export function rotateRows(rows: usize, from: i32, to: i32, width: i32, matrix: usize, scratch: usize): void {
  const stride = (<usize>width) << 2;
  const end = rows + <usize>to * stride;
  for (let row = rows + <usize>from * stride; row < end; row += stride << 2) {
    const count = end - row < stride << 2 ? end - row : stride << 2;
    memory.copy(scratch, row, count);
    if (count < stride << 2) memory.fill(scratch + count, 0, (stride << 2) - count);
    for (let j: usize = 0; j < stride; j += 32) {
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      let cell = matrix + j;
      for (let k = scratch; k < scratch + stride; k += 4, cell += stride) {
        const m0 = v128.load(cell);
        const m1 = v128.load(cell, 16);
        const a = v128.load_splat<f32>(k);
        a0 = madd(a, m0, a0);
        a1 = madd(a, m1, a1);
        const b = v128.load_splat<f32>(k + stride);
        b0 = madd(b, m0, b0);
        b1 = madd(b, m1, b1);
        const c = v128.load_splat<f32>(k + 2 * stride);
        c0 = madd(c, m0, c0);
        c1 = madd(c, m1, c1);
        const d = v128.load_splat<f32>(k + 3 * stride);
        d0 = madd(d, m0, d0);
        d1 = madd(d, m1, d1);
      }
      const to = row + j;
      v128.store(to, a0);
      v128.store(to, a1, 16);
      if (count > stride) {
        v128.store(to + stride, b0);
        v128.store(to + stride, b1, 16);
      }
      if (count > 2 * stride) {
        v128.store(to + 2 * stride, c0);
        v128.store(to + 2 * stride, c1, 16);
      }
      if (count > 3 * stride) {
        v128.store(to + 3 * stride, d0);
        v128.store(to + 3 * stride, d1, 16);
      }
    }
  }
}

// Dense arithmetic on raw pointers. A *width* is a row length in floats, a multiple of 8; the padding holds zeros.
import { madd } from "./simd";

/** Sum of the four lanes, always in the same order. */
function laneSum(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Inner product of two vectors of any length. */
export function dot(left: usize, right: usize, length: i32): f32 {
  let first = f32x4.splat(0);
  let second = f32x4.splat(0);
  let at = 0;
  for (; at + 8 <= length; at += 8) {
    const l = left + ((<usize>at) << 2);
    const r = right + ((<usize>at) << 2);
    first = madd(v128.load(l), v128.load(r), first);
    second = madd(v128.load(l, 16), v128.load(r, 16), second);
  }
  let sum = laneSum(f32x4.add(first, second));
  for (; at < length; at++) {
    sum += load<f32>(left + ((<usize>at) << 2)) * load<f32>(right + ((<usize>at) << 2));
  }
  return sum;
}

/** out[row] = matrix[row] · vector, four rows at a time; a row's sum is the same in a block and alone. */
export function matrixVector(matrix: usize, rows: i32, width: i32, vector: usize, out: usize): void {
  const stride = (<usize>width) << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    const base = matrix + <usize>row * stride;
    for (let at: usize = 0; at < stride; at += 16) {
      const v = v128.load(vector + at);
      const p = base + at;
      a = madd(v128.load(p), v, a);
      b = madd(v128.load(p + stride), v, b);
      c = madd(v128.load(p + 2 * stride), v, c);
      d = madd(v128.load(p + 3 * stride), v, d);
    }
    const to = out + ((<usize>row) << 2);
    store<f32>(to, laneSum(a));
    store<f32>(to, laneSum(b), 4);
    store<f32>(to, laneSum(c), 8);
    store<f32>(to, laneSum(d), 12);
  }
  for (; row < rows; row++) {
    let a = f32x4.splat(0);
    const base = matrix + <usize>row * stride;
    for (let at: usize = 0; at < stride; at += 16) {
      a = madd(v128.load(base + at), v128.load(vector + at), a);
    }
    store<f32>(out + ((<usize>row) << 2), laneSum(a));
  }
}

/**
 * matrix += panelᵀ · panel, upper triangle (and a few cells below the diagonal, where a tile crosses it).
 *
 * Tiles of 4 × 8 cells: eight accumulators stay in registers while the panel streams by.
 */
export function addGram(panel: usize, rows: i32, width: i32, matrix: usize): void {
  const stride = (<usize>width) << 2;
  const end = panel + <usize>rows * stride;
  for (let i: usize = 0; i < stride; i += 16) {
    for (let j: usize = i & ~(<usize>31); j < stride; j += 32) {
      const cell = matrix + (i >> 2) * stride + j;
      let a0 = v128.load(cell);
      let a1 = v128.load(cell, 16);
      let b0 = v128.load(cell + stride);
      let b1 = v128.load(cell + stride, 16);
      let c0 = v128.load(cell + 2 * stride);
      let c1 = v128.load(cell + 2 * stride, 16);
      let d0 = v128.load(cell + 3 * stride);
      let d1 = v128.load(cell + 3 * stride, 16);
      const across = j - i;
      for (let p = panel + i; p < end + i; p += stride) {
        const v0 = v128.load(p + across);
        const v1 = v128.load(p + across, 16);
        const a = v128.load_splat<f32>(p);
        a0 = madd(a, v0, a0);
        a1 = madd(a, v1, a1);
        const b = v128.load_splat<f32>(p, 4);
        b0 = madd(b, v0, b0);
        b1 = madd(b, v1, b1);
        const c = v128.load_splat<f32>(p, 8);
        c0 = madd(c, v0, c0);
        c1 = madd(c, v1, c1);
        const d = v128.load_splat<f32>(p, 12);
        d0 = madd(d, v0, d0);
        d1 = madd(d, v1, d1);
      }
      v128.store(cell, a0);
      v128.store(cell, a1, 16);
      v128.store(cell + stride, b0);
      v128.store(cell + stride, b1, 16);
      v128.store(cell + 2 * stride, c0);
      v128.store(cell + 2 * stride, c1, 16);
      v128.store(cell + 3 * stride, d0);
      v128.store(cell + 3 * stride, d1, 16);
    }
  }
}

/** Rows that stay in the first-level cache while every tile of a Gram matrix reads them. */
const cachedRows: i32 = 64;

/** out = Gram matrix of the rows, upper triangle. */
function upperGram(matrix: usize, rows: i32, width: i32, out: usize): void {
  memory.fill(out, 0, (<usize>(width * width)) << 2);
  for (let row = 0; row < rows; row += cachedRows) {
    const block = rows - row < cachedRows ? rows - row : cachedRows;
    addGram(matrix + ((<usize>row * <usize>width) << 2), block, width, out);
  }
}

/** out = matrixᵀ · matrix, both triangles. */
export function gram(matrix: usize, rows: i32, width: i32, out: usize): void {
  upperGram(matrix, rows, width, out);
  for (let i = 0; i < width; i++) {
    for (let j = i + 1; j < width; j++) {
      store<f32>(out + ((<usize>(j * width + i)) << 2), load<f32>(out + ((<usize>(i * width + j)) << 2)));
    }
  }
}

/** The Gram matrices of blocks of rows, upper triangles: block b goes to out + b·width² floats. */
export function gramBlocks(
  matrix: usize,
  rows: i32,
  width: i32,
  blockRows: i32,
  out: usize,
  from: i32,
  to: i32,
): void {
  for (let block = from; block < to; block++) {
    const first = block * blockRows;
    const count = rows - first < blockRows ? rows - first : blockRows;
    const start = matrix + ((<usize>first * <usize>width) << 2);
    upperGram(start, count, width, out + ((<usize>block * <usize>(width * width)) << 2));
  }
}

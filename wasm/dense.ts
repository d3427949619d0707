// Dense arithmetic on raw pointers. A *width* is a row length in floats, a multiple of 8; the padding holds zeros.

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
    first = f32x4.add(first, f32x4.mul(v128.load(l), v128.load(r)));
    second = f32x4.add(second, f32x4.mul(v128.load(l, 16), v128.load(r, 16)));
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
      a = f32x4.add(a, f32x4.mul(v128.load(p), v));
      b = f32x4.add(b, f32x4.mul(v128.load(p + stride), v));
      c = f32x4.add(c, f32x4.mul(v128.load(p + 2 * stride), v));
      d = f32x4.add(d, f32x4.mul(v128.load(p + 3 * stride), v));
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
      a = f32x4.add(a, f32x4.mul(v128.load(base + at), v128.load(vector + at)));
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
        a0 = f32x4.add(a0, f32x4.mul(a, v0));
        a1 = f32x4.add(a1, f32x4.mul(a, v1));
        const b = v128.load_splat<f32>(p, 4);
        b0 = f32x4.add(b0, f32x4.mul(b, v0));
        b1 = f32x4.add(b1, f32x4.mul(b, v1));
        const c = v128.load_splat<f32>(p, 8);
        c0 = f32x4.add(c0, f32x4.mul(c, v0));
        c1 = f32x4.add(c1, f32x4.mul(c, v1));
        const d = v128.load_splat<f32>(p, 12);
        d0 = f32x4.add(d0, f32x4.mul(d, v0));
        d1 = f32x4.add(d1, f32x4.mul(d, v1));
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

/** out = matrixᵀ · matrix, both triangles. */
export function gram(matrix: usize, rows: i32, width: i32, out: usize): void {
  memory.fill(out, 0, (<usize>(width * width)) << 2);
  // Blocks that stay in the first-level cache while every tile reads them.
  for (let row = 0; row < rows; row += 64) {
    const block = rows - row < 64 ? rows - row : 64;
    addGram(matrix + ((<usize>row * <usize>width) << 2), block, width, out);
  }
  for (let i = 0; i < width; i++) {
    for (let j = i + 1; j < width; j++) {
      store<f32>(out + ((<usize>(j * width + i)) << 2), load<f32>(out + ((<usize>(i * width + j)) << 2)));
    }
  }
}

// Cholesky factorization A = Uᵀ·U of a symmetric matrix of which only the upper triangle is read.
import { madd, nmadd } from "./simd";

/**
 * Replaces the upper triangle of the matrix by U. Four pivots at a time, so that the rest is read and written a quarter as often.
 *
 * @returns 0, or 1 + the pivot that is not a positive finite number; the matrix is then spoilt.
 */
export function choleskyFactor(matrix: usize, width: i32): i32 {
  const stride = (<usize>width) << 2;
  for (let block: usize = 0; block < stride; block += 16) {
    const top = matrix + (block >> 2) * stride;
    for (let p: usize = 0; p < 4; p++) {
      const row = top + p * stride;
      const pivot = load<f32>(row + block + (p << 2));
      if (!(pivot > 0 && pivot < f32.MAX_VALUE)) return 1 + <i32>((block >> 2) + p);
      const inverse = f32x4.splat(<f32>1 / sqrt<f32>(pivot));
      for (let j = block; j < stride; j += 16) v128.store(row + j, f32x4.mul(v128.load(row + j), inverse));
      for (let q = p + 1; q < 4; q++) {
        const below = top + q * stride;
        const factor = v128.load_splat<f32>(row + block + (q << 2));
        for (let j = block; j < stride; j += 16) {
          v128.store(below + j, nmadd(factor, v128.load(row + j), v128.load(below + j)));
        }
      }
    }
    eliminate(matrix, top, stride, block + 16);
  }
  return 0;
}

/** Subtracts the four finished rows at `top` from all rows after them, two rows at a time. */
function eliminate(matrix: usize, top: usize, stride: usize, from: usize): void {
  const r1 = top + stride;
  const r2 = r1 + stride;
  const r3 = r2 + stride;
  for (let i = from; i < stride; i += 8) {
    const row = matrix + (i >> 2) * stride;
    const a0 = v128.load_splat<f32>(top + i);
    const a1 = v128.load_splat<f32>(r1 + i);
    const a2 = v128.load_splat<f32>(r2 + i);
    const a3 = v128.load_splat<f32>(r3 + i);
    const b0 = v128.load_splat<f32>(top + i, 4);
    const b1 = v128.load_splat<f32>(r1 + i, 4);
    const b2 = v128.load_splat<f32>(r2 + i, 4);
    const b3 = v128.load_splat<f32>(r3 + i, 4);
    for (let j = i & ~(<usize>15); j < stride; j += 16) {
      const u0 = v128.load(top + j);
      const u1 = v128.load(r1 + j);
      const u2 = v128.load(r2 + j);
      const u3 = v128.load(r3 + j);
      const a = madd(a1, u1, f32x4.mul(a0, u0));
      const b = madd(b1, u1, f32x4.mul(b0, u0));
      const c = madd(a3, u3, f32x4.mul(a2, u2));
      const d = madd(b3, u3, f32x4.mul(b2, u2));
      v128.store(row + j, f32x4.sub(v128.load(row + j), f32x4.add(a, c)));
      v128.store(row + stride + j, f32x4.sub(v128.load(row + stride + j), f32x4.add(b, d)));
    }
  }
}

/**
 * Replaces b by the solution x of Uᵀ·U·x = b.
 *
 * @returns 0, or 1 where the solution is not finite.
 */
export function choleskySolve(factor: usize, width: i32, b: usize): i32 {
  const stride = (<usize>width) << 2;
  for (let block: usize = 0; block < stride; block += 16) {
    const top = factor + (block >> 2) * stride;
    for (let p: usize = 0; p < 4; p++) {
      const row = top + p * stride + block;
      const z = load<f32>(b + block + (p << 2)) / load<f32>(row + (p << 2));
      store<f32>(b + block + (p << 2), z);
      for (let q = p + 1; q < 4; q++) {
        const to = b + block + (q << 2);
        store<f32>(to, load<f32>(to) - z * load<f32>(row + (q << 2)));
      }
    }
    const z0 = v128.load_splat<f32>(b + block);
    const z1 = v128.load_splat<f32>(b + block, 4);
    const z2 = v128.load_splat<f32>(b + block, 8);
    const z3 = v128.load_splat<f32>(b + block, 12);
    for (let j = block + 16; j < stride; j += 16) {
      const first = madd(z1, v128.load(top + stride + j), f32x4.mul(z0, v128.load(top + j)));
      const second = madd(
        z3,
        v128.load(top + 3 * stride + j),
        f32x4.mul(z2, v128.load(top + 2 * stride + j)),
      );
      v128.store(b + j, f32x4.sub(v128.load(b + j), f32x4.add(first, second)));
    }
  }
  let check: f32 = 0;
  for (let k = width - 1; k >= 0; k--) {
    const row = factor + <usize>k * stride;
    let at = (<usize>(k + 1)) << 2;
    const aligned = (at + 15) & ~(<usize>15);
    let sum = load<f32>(b + ((<usize>k) << 2));
    for (; at < aligned; at += 4) sum -= load<f32>(row + at) * load<f32>(b + at);
    let lanes = f32x4.splat(0);
    for (; at < stride; at += 16) lanes = madd(v128.load(row + at), v128.load(b + at), lanes);
    sum -=
      f32x4.extract_lane(lanes, 0) +
      f32x4.extract_lane(lanes, 1) +
      (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3));
    const x = sum / load<f32>(row + ((<usize>k) << 2));
    store<f32>(b + ((<usize>k) << 2), x);
    check += x * 0; // stays 0 while every x is finite, and NaN from then on
  }
  return check == 0 ? 0 : 1;
}

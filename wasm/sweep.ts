// Inverse of a symmetric positive definite matrix by sweeping blocks of pivots, upper triangle only.
//
// Sweeping the pivots K replaces A_KK by −P with P = A_KK⁻¹, A_Kj by P·A_Kj and A_ij by A_ij − A_iK·P·A_Kj; after all pivots the matrix
// is −A⁻¹. A matrix has `width` rows of `width` floats; width and the bounds of a block of pivots are multiples of 8, so that everything
// is made of tiles of 8 × 8 cells.
import { madd } from "./simd";

/**
 * Inverts the block of `count` pivots from `first` on into `inverse` [count × count], both triangles.
 *
 * @returns 0, or 1 + the pivot of the whole matrix that is not a positive finite number.
 */
export function sweepPivots(matrix: usize, width: i32, first: i32, count: i32, inverse: usize): i32 {
  const stride = (<usize>count) << 2;
  for (let i = 0; i < count; i++) {
    const source = matrix + ((<usize>(first + i) * <usize>width + <usize>first) << 2);
    for (let j = i; j < count; j++) {
      const value = load<f32>(source + ((<usize>j) << 2));
      store<f32>(inverse + <usize>i * stride + ((<usize>j) << 2), value);
      store<f32>(inverse + <usize>j * stride + ((<usize>i) << 2), value);
    }
  }
  for (let p = 0; p < count; p++) {
    const at = (<usize>p) << 2;
    const pivotRow = inverse + <usize>p * stride;
    const pivot = load<f32>(pivotRow + at);
    if (!(pivot > 0 && pivot < f32.MAX_VALUE)) return 1 + first + p;
    const scale = f32x4.splat(<f32>1 / pivot);
    store<f32>(pivotRow + at, 1);
    for (let j: usize = 0; j < stride; j += 16) {
      v128.store(pivotRow + j, f32x4.mul(v128.load(pivotRow + j), scale));
    }
    for (let i = 0; i < count; i++) {
      if (i == p) continue;
      const row = inverse + <usize>i * stride;
      const factor = f32x4.splat(-load<f32>(row + at));
      store<f32>(row + at, 0);
      for (let j: usize = 0; j < stride; j += 16) {
        v128.store(row + j, madd(factor, v128.load(pivotRow + j), v128.load(row + j)));
      }
    }
  }
  return 0;
}

/** Packs the tiles of columns from..to−1 as [tile][pivot][8]: A_Kj to `left` and P·A_Kj to `right`. */
export function sweepPanel(
  matrix: usize,
  width: i32,
  first: i32,
  count: i32,
  inverse: usize,
  left: usize,
  right: usize,
  from: i32,
  to: i32,
): void {
  const stride = (<usize>width) << 2;
  const tileBytes = (<usize>count) << 5;
  for (let tile = from; tile < to; tile++) {
    const packed = left + <usize>tile * tileBytes;
    const column = tile << 3;
    if (column >= first) {
      // the rows of the pivots themselves; what is packed of the block of pivots is never read
      for (let p = 0; p < count; p++) {
        const source = matrix + <usize>(first + p) * stride + ((<usize>column) << 2);
        v128.store(packed + ((<usize>p) << 5), v128.load(source));
        v128.store(packed + ((<usize>p) << 5), v128.load(source, 16), 16);
      }
    } else {
      for (let q = 0; q < 8; q++) {
        const source = matrix + <usize>(column + q) * stride + ((<usize>first) << 2);
        const target = packed + ((<usize>q) << 2);
        for (let p = 0; p < count; p++) {
          store<f32>(target + ((<usize>p) << 5), load<f32>(source + ((<usize>p) << 2)));
        }
      }
    }
    multiply(inverse, count, packed, right + <usize>tile * tileBytes);
  }
}

/** out [count][8] = inverse [count × count] · packed [count][8]. */
function multiply(inverse: usize, count: i32, packed: usize, out: usize): void {
  const stride = (<usize>count) << 2;
  for (let p = 0; p < count; p += 4) {
    const row = inverse + <usize>p * stride;
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let b0 = a0;
    let b1 = a0;
    let c0 = a0;
    let c1 = a0;
    let d0 = a0;
    let d1 = a0;
    for (let q: usize = 0; q < stride; q += 4) {
      const v0 = v128.load(packed + (q << 3));
      const v1 = v128.load(packed + (q << 3), 16);
      const a = v128.load32_splat(row + q);
      a0 = madd(a, v0, a0);
      a1 = madd(a, v1, a1);
      const b = v128.load32_splat(row + stride + q);
      b0 = madd(b, v0, b0);
      b1 = madd(b, v1, b1);
      const c = v128.load32_splat(row + 2 * stride + q);
      c0 = madd(c, v0, c0);
      c1 = madd(c, v1, c1);
      const d = v128.load32_splat(row + 3 * stride + q);
      d0 = madd(d, v0, d0);
      d1 = madd(d, v1, d1);
    }
    const to = out + ((<usize>p) << 5);
    v128.store(to, a0);
    v128.store(to, a1, 16);
    v128.store(to, b0, 32);
    v128.store(to, b1, 48);
    v128.store(to, c0, 64);
    v128.store(to, c1, 80);
    v128.store(to, d0, 96);
    v128.store(to, d1, 112);
  }
}

/** Tiles of columns that are gone through together, so that what is packed of them stays in the second-level cache. */
const blockTiles: i32 = 64;

/** Sweeps the tiles of rows from..to−1, after {@link sweepPanel} of all columns. */
export function sweepRows(
  matrix: usize,
  width: i32,
  first: i32,
  count: i32,
  inverse: usize,
  left: usize,
  right: usize,
  from: i32,
  to: i32,
): void {
  const tiles = width >> 3;
  const firstTile = first >> 3;
  const endTile = (first + count) >> 3;
  for (let block = from; block < tiles; block += blockTiles) {
    const blockEnd = block + blockTiles < tiles ? block + blockTiles : tiles;
    for (let row = from; row < to; row++) {
      if (row >= firstTile && row < endTile) continue;
      for (let column = block < row ? row : block; column < blockEnd; column++) {
        if (column >= firstTile && column < endTile) continue;
        updateTile(matrix, width, count, left, right, row, column);
      }
    }
  }
  for (let row = from; row < to && row < endTile; row++) {
    if (row < firstTile) writeColumns(matrix, width, first, count, right, row);
    else writePivots(matrix, width, first, count, inverse, right, row);
  }
}

/** A tile of 8 × 8 cells minus left[row]ᵀ · right[column], in two halves of 4 × 8 whose sums stay in registers. */
function updateTile(
  matrix: usize,
  width: i32,
  count: i32,
  left: usize,
  right: usize,
  row: i32,
  column: i32,
): void {
  const stride = (<usize>width) << 2;
  const tileBytes = (<usize>count) << 5;
  const start = right + <usize>column * tileBytes;
  const end = start + tileBytes;
  for (let half: usize = 0; half < 2; half++) {
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let b0 = a0;
    let b1 = a0;
    let c0 = a0;
    let c1 = a0;
    let d0 = a0;
    let d1 = a0;
    let l = left + <usize>row * tileBytes + (half << 4);
    for (let r = start; r < end; r += 32) {
      const v0 = v128.load(r);
      const v1 = v128.load(r, 16);
      const a = v128.load32_splat(l);
      a0 = madd(a, v0, a0);
      a1 = madd(a, v1, a1);
      const b = v128.load32_splat(l, 4);
      b0 = madd(b, v0, b0);
      b1 = madd(b, v1, b1);
      const c = v128.load32_splat(l, 8);
      c0 = madd(c, v0, c0);
      c1 = madd(c, v1, c1);
      const d = v128.load32_splat(l, 12);
      d0 = madd(d, v0, d0);
      d1 = madd(d, v1, d1);
      l += 32;
    }
    const cell = matrix + (((<usize>row) << 3) + (half << 2)) * stride + ((<usize>column) << 5);
    subtract(cell, a0, a1);
    subtract(cell + stride, b0, b1);
    subtract(cell + 2 * stride, c0, c1);
    subtract(cell + 3 * stride, d0, d1);
  }
}

function subtract(cell: usize, first: v128, second: v128): void {
  v128.store(cell, f32x4.sub(v128.load(cell), first));
  v128.store(cell, f32x4.sub(v128.load(cell, 16), second), 16);
}

/** Writes the columns of the pivots in a tile of rows above them: (P·A_Kj)ᵀ. */
function writeColumns(matrix: usize, width: i32, first: i32, count: i32, right: usize, row: i32): void {
  const source = right + <usize>row * ((<usize>count) << 5);
  for (let q = 0; q < 8; q++) {
    const target = matrix + ((<usize>((row << 3) + q) * <usize>width + <usize>first) << 2);
    for (let p = 0; p < count; p++) {
      store<f32>(target + ((<usize>p) << 2), load<f32>(source + ((<usize>p) << 5) + ((<usize>q) << 2)));
    }
  }
}

/** Writes a tile of rows of the pivots: −P on the diagonal block, P·A_Kj to the right of it. */
function writePivots(
  matrix: usize,
  width: i32,
  first: i32,
  count: i32,
  inverse: usize,
  right: usize,
  row: i32,
): void {
  const tileBytes = (<usize>count) << 5;
  const endTile = (first + count) >> 3;
  const own = (row << 3) - first;
  for (let p = own; p < own + 8; p++) {
    const target = matrix + ((<usize>(first + p) * <usize>width) << 2);
    for (let j = own; j < count; j++) {
      const value = load<f32>(inverse + ((<usize>(p * count + j)) << 2));
      store<f32>(target + ((<usize>(first + j)) << 2), -value);
    }
    for (let column = endTile; column < width >> 3; column++) {
      const source = right + <usize>column * tileBytes + ((<usize>p) << 5);
      v128.store(target + ((<usize>column) << 5), v128.load(source));
      v128.store(target + ((<usize>column) << 5), v128.load(source, 16), 16);
    }
  }
}

/**
 * Fills both triangles of the tiles whose upper cell lies in the tiles of rows from..to−1: cell (i, j) becomes upper(i, j) · scales[j],
 * on the diagonal 0.
 */
export function scaleColumns(matrix: usize, width: i32, scales: usize, from: i32, to: i32): void {
  const tiles = width >> 3;
  for (let row = from; row < to; row++) {
    for (let column = row; column < tiles; column++) {
      for (let i = row << 3; i < (row + 1) << 3; i++) {
        const scale = load<f32>(scales + ((<usize>i) << 2));
        for (let j = column << 3; j < (column + 1) << 3; j++) {
          if (j < i) continue;
          const cell = matrix + ((<usize>i * <usize>width + <usize>j) << 2);
          const value = load<f32>(cell);
          store<f32>(cell, i == j ? 0 : value * load<f32>(scales + ((<usize>j) << 2)));
          if (i != j) store<f32>(matrix + ((<usize>j * <usize>width + <usize>i) << 2), value * scale);
        }
      }
    }
  }
}

import assert from "node:assert";

/** QL steps for one eigenvalue; two or three are usual. */
const stepsMax = 100;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, in double precision.
 *
 * Householder reduction to tridiagonal form, then implicit QL steps. Eigenvectors are the *rows* of `vectors`.
 *
 * @param matrix Row-major, shape [size × size], finite; only the upper triangle is read. It is spoilt.
 * Cost: about 9 · size³ operations.
 * Source: Golub, Van Loan, "Matrix Computations", sections 8.3.1 and 8.3.3. Checked by A·v = λ·v in `test/models/eigen.test.ts`.
 * @example
 * import { symmetricEigen } from "./eigen.ts";
 * const { values } = symmetricEigen(Float64Array.of(2, 1, 0, 2), 2);
 * [...values].map(Math.round).sort(); // → [1, 3]
 */
export function symmetricEigen(
  matrix: Float64Array,
  size: number,
): { values: Float64Array; vectors: Float64Array } {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) matrix[row * size + column] = matrix[column * size + row]!;
  }
  const values = new Float64Array(size);
  const below = new Float64Array(size);
  const vectors = tridiagonalize(matrix, size, { diagonal: values, below });
  diagonalize(vectors, size, { diagonal: values, below });
  return { values, vectors };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** below[i] stands beside diagonal[i] and diagonal[i + 1]. */
  readonly below: Float64Array;
}

/** Reduces the matrix by reflections H = I − β·v·vᵀ, and returns their product, transposed: rows that become the eigenvectors. */
function tridiagonalize(a: Float64Array, size: number, { diagonal, below }: Tridiagonal): Float64Array {
  const betas = new Float64Array(size);
  const product = new Float64Array(size);
  for (let k = 0; k + 2 < size; k++) {
    // the reflection that turns row k beyond its first off-diagonal cell to zero; v is kept in that row, v[k + 1] in `heads`
    const row = k * size;
    let square = 0;
    for (let j = k + 2; j < size; j++) square += a[row + j]! ** 2;
    const head = a[row + k + 1]!;
    if (square === 0) {
      below[k] = head;
      continue;
    }
    const length = Math.sqrt(head ** 2 + square);
    const alpha = head > 0 ? -length : length;
    a[row + k + 1] = head - alpha;
    below[k] = alpha;
    const beta = 2 / (square + (head - alpha) ** 2);
    betas[k] = beta;
    // A ← A − v·wᵀ − w·vᵀ with w = β·A·v − (β²/2)·(vᵀ·A·v)·v, whole symmetric rest so that rows are read as they lie
    let inner = 0;
    for (let i = k + 1; i < size; i++) {
      const at = i * size;
      let sum = 0;
      for (let j = k + 1; j < size; j++) sum += a[at + j]! * a[row + j]!;
      product[i] = beta * sum;
      inner += product[i]! * a[row + i]!;
    }
    const half = (beta / 2) * inner;
    for (let i = k + 1; i < size; i++) product[i]! -= half * a[row + i]!;
    for (let i = k + 1; i < size; i++) {
      const at = i * size;
      const v = a[row + i]!;
      const w = product[i]!;
      for (let j = k + 1; j < size; j++) a[at + j]! -= v * product[j]! + w * a[row + j]!;
    }
  }
  for (let k = 0; k < size; k++) diagonal[k] = a[k * size + k]!;
  if (size > 1) below[size - 2] = a[(size - 2) * size + size - 1]!;
  return reflectionProduct(a, size, { betas, product });
}

/** Rows of (H₀·H₁·…)ᵀ, gathered from the last reflection to the first so that each touches only what is not yet the identity. */
function reflectionProduct(
  a: Float64Array,
  size: number,
  { betas, product }: { betas: Float64Array; product: Float64Array },
): Float64Array {
  const rows = new Float64Array(size * size);
  for (let k = 0; k < size; k++) rows[k * size + k] = 1;
  for (let k = size - 3; k >= 0; k--) {
    const beta = betas[k]!;
    if (beta === 0) continue;
    const v = k * size;
    for (let i = k + 1; i < size; i++) {
      const at = i * size;
      let sum = 0;
      for (let j = k + 1; j < size; j++) sum += rows[at + j]! * a[v + j]!;
      product[i] = beta * sum;
    }
    for (let i = k + 1; i < size; i++) {
      const at = i * size;
      const factor = product[i]!;
      for (let j = k + 1; j < size; j++) rows[at + j]! -= factor * a[v + j]!;
    }
  }
  return rows;
}

/** Implicit QL steps until nothing stands below the diagonal; the same rotations turn the rows of `vectors`. */
function diagonalize(vectors: Float64Array, size: number, { diagonal: d, below: e }: Tridiagonal): void {
  for (let first = 0; first < size; first++) {
    for (let steps = 0; ; steps++) {
      assert(steps < stepsMax, "eigen: the matrix is not finite");
      let last = first;
      while (last + 1 < size) {
        const scale = Math.abs(d[last]!) + Math.abs(d[last + 1]!);
        if (Math.abs(e[last]!) <= Number.EPSILON * scale) break;
        last++;
      }
      if (last === first) break;
      stepOf(vectors, size, { d, e, first, last });
    }
  }
}

/** One QL step with Wilkinson's shift on the block first..last. */
function stepOf(
  vectors: Float64Array,
  size: number,
  { d, e, first, last }: { d: Float64Array; e: Float64Array; first: number; last: number },
): void {
  const slope = (d[first + 1]! - d[first]!) / (2 * e[first]!);
  const root = Math.sqrt(slope ** 2 + 1);
  let g = d[last]! - d[first]! + e[first]! / (slope + (slope >= 0 ? root : -root));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= shift;
      e[last] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    const rest = d[i + 1]! - shift;
    const t = (d[i]! - rest) * sine + 2 * cosine * b;
    shift = sine * t;
    d[i + 1] = rest + shift;
    g = cosine * t - b;
    const upper = i * size;
    for (let at = upper; at < upper + size; at++) {
      const low = vectors[at + size]!;
      vectors[at + size] = sine * vectors[at]! + cosine * low;
      vectors[at] = cosine * vectors[at]! - sine * low;
    }
  }
  d[first]! -= shift;
  e[first] = g;
  e[last] = 0;
}

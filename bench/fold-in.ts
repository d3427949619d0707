import type { Interactions } from "../src/data/interactions.ts";

/** What the equations of implicit ALS need besides factors and weights. */
interface Strengths {
  readonly regularization: number;
  readonly unobservedWeight: number;
}

/**
 * Factors of all users by exact solves in 64 bits, independent of the kernels: (a0·YᵀY + λ·(W + a0·N)·I + Σ w·y·yᵀ)·x = Σ w·y.
 *
 * @param itemFactors Row-major, shape [items × factors]. @returns Shape [users × factors].
 */
export function foldInAll(
  itemFactors: Float32Array,
  train: Interactions,
  strengths: Strengths,
): Float32Array {
  const { userCount, itemCount, starts, items, values } = train;
  const { regularization, unobservedWeight } = strengths;
  const size = itemFactors.length / itemCount;
  const rows = Float64Array.from(itemFactors);
  const gram = new Float64Array(size * size);
  for (let item = 0; item < itemCount; item++)
    addSquare(gram, rows, { size, from: item * size, weight: unobservedWeight });
  const users = new Float32Array(userCount * size);
  const matrix = new Float64Array(size * size);
  const solution = new Float64Array(size);
  for (let user = 0; user < userCount; user++) {
    matrix.set(gram);
    solution.fill(0);
    let total = unobservedWeight * itemCount;
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) {
      const [from, weight] = [items[entry]! * size, values[entry]!];
      addSquare(matrix, rows, { size, from, weight });
      for (let at = 0; at < size; at++) solution[at]! += weight * rows[from + at]!;
      total += weight;
    }
    for (let at = 0; at < size; at++) matrix[at * size + at]! += regularization * total;
    solveInPlace(matrix, solution);
    users.set(solution, user * size);
  }
  return users;
}

/** Lower triangle of matrix += weight · row · rowᵀ. */
function addSquare(
  matrix: Float64Array,
  rows: Float64Array,
  { size, from, weight }: { size: number; from: number; weight: number },
): void {
  for (let left = 0; left < size; left++) {
    const scaled = weight * rows[from + left]!;
    const place = left * size;
    for (let right = 0; right <= left; right++) matrix[place + right]! += scaled * rows[from + right]!;
  }
}

/** Cholesky of the lower triangle, then both substitutions. */
function solveInPlace(matrix: Float64Array, solution: Float64Array): void {
  const size = solution.length;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column]!;
      for (let at = 0; at < column; at++) sum -= matrix[row * size + at]! * matrix[column * size + at]!;
      matrix[row * size + column] = row === column ? Math.sqrt(sum) : sum / matrix[column * size + column]!;
    }
    let sum = solution[row]!;
    for (let at = 0; at < row; at++) sum -= matrix[row * size + at]! * solution[at]!;
    solution[row] = sum / matrix[row * size + row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = solution[row]!;
    for (let at = row + 1; at < size; at++) sum -= matrix[at * size + row]! * solution[at]!;
    solution[row] = sum / matrix[row * size + row]!;
  }
}

import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { symmetricEigen } from "../../src/models/eigen.ts";

/** A symmetric matrix by its cells, and what A·v − λ·v leaves of each pair, with the length of each vector. */
function check(size: number, cell: (row: number, column: number) => number) {
  const matrix = Float64Array.from({ length: size * size }, (_, at) => {
    const [row, column] = [Math.floor(at / size), at % size];
    return cell(Math.min(row, column), Math.max(row, column));
  });
  const { values, vectors } = symmetricEigen(matrix.slice(), size);
  let [error, skew] = [0, 0];
  for (let k = 0; k < size; k++) {
    const v = vectors.subarray(k * size, (k + 1) * size);
    for (let row = 0; row < size; row++) {
      const product = v.reduce((sum, x, column) => sum + matrix[row * size + column]! * x, 0);
      error = Math.max(error, Math.abs(product - values[k]! * v[row]!));
      const other = vectors.subarray(row * size, (row + 1) * size);
      const inner = v.reduce((sum, x, at) => sum + x * other[at]!, 0);
      skew = Math.max(skew, Math.abs(inner - (k === row ? 1 : 0)));
    }
  }
  return { values, error, skew };
}

describe("symmetricEigen", () => {
  it.each([1, 2, 3, 4, 5, 16, 33, 64])("finds all pairs of a random matrix of size %i", (size) => {
    const random = seededRandom(size);
    const cells = Float64Array.from({ length: size * size }, () => random.normal());
    const { error, skew } = check(size, (row, column) => cells[row * size + column]!);
    expect(error).toBeLessThan(1e-12 * size);
    expect(skew).toBeLessThan(1e-12 * size);
  });

  it("finds known eigenvalues", () => {
    // the second difference: 2 − 2·cos(k·π / 8), k = 1..7
    const { values } = check(7, (row, column) => (row === column ? 2 : column - row === 1 ? -1 : 0));
    const expected = Array.from({ length: 7 }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / 8));
    for (const [k, value] of [...values].sort((left, right) => left - right).entries()) {
      expect(value).toBeCloseTo(expected[k]!, 12);
    }
  });

  it.each([
    ["zero", () => 0],
    ["a diagonal one", (row: number, column: number) => (row === column ? row : 0)],
    ["one of rank 1", () => 1],
    ["one with equal eigenvalues", (row: number, column: number) => (row === column ? 3 : 0)],
    ["one of very different sizes", (row: number, column: number) => (row === column ? 10 ** -row : 1e-9)],
  ])("takes a matrix that is %s", (_name, cell) => {
    const { error, skew } = check(12, cell);
    expect(error).toBeLessThan(1e-13);
    expect(skew).toBeLessThan(1e-13);
  });
});

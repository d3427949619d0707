import { symmetricEigen } from "./eigen.ts";

/**
 * The principal axes of a set of rows, from their Gram matrix: an orthogonal basis whose first axes carry most of the rows' lengths.
 *
 * @param gram [width × width], symmetric.
 * @returns [width × width], one axis a row, by falling eigenvalue.
 * Cost: O(width³).
 */
export function principalAxes(gram: Float32Array, width: number): Float32Array {
  const { values, vectors } = symmetricEigen(Float64Array.from(gram), width);
  const order = Int32Array.from(values.keys()).sort(
    (left, right) => values[right]! - values[left]! || left - right,
  );
  const axes = new Float32Array(width * width);
  for (const [to, from] of order.entries()) {
    axes.set(vectors.subarray(from * width, (from + 1) * width), to * width);
  }
  return axes;
}

import type { History } from "../data/interactions.ts";
import { scratchFloats } from "../kernels/kernels.ts";
import { bytesOf, createWorkspace, type Workspace } from "../kernels/workspace.ts";

/** Spreads rows of `used` floats over rows of `width` floats; the rest of each row is left as it is. */
export function padRows(
  rows: Float32Array,
  target: Float32Array,
  shape: { used: number; width: number },
): void {
  for (let from = 0, to = 0; from < rows.length; from += shape.used, to += shape.width) {
    target.set(rows.subarray(from, from + shape.used), to);
  }
}

/** The first `used` floats of each row of `width` floats, starting at `from`. */
export function packRows(
  rows: Float32Array,
  shape: { used: number; width: number; rowCount: number },
): Float32Array {
  const { used, width, rowCount } = shape;
  const packed = new Float32Array(rowCount * used);
  for (let row = 0; row < rowCount; row++) {
    packed.set(rows.subarray(row * width, row * width + used), row * used);
  }
  return packed;
}

/** Memory of a served model of factors: the items, room for one user's history, and for the answer. */
export interface ServedFactors {
  readonly workspace: Workspace;
  readonly itemCount: number;
  readonly factors: number;
  readonly width: number;
  /** [itemCount × width]; the first `factors` floats of a row are the item's factors. */
  readonly rows: Float32Array;
  /** Length of each item's factors; see {@link measureFactors}. */
  readonly norms: Float32Array;
  /** The user's row, or any other vector of that length. */
  readonly vector: Float32Array;
  readonly scores: Float32Array;
  /** The history as the only row of a matrix. */
  readonly starts: Int32Array;
  readonly items: Int32Array;
  readonly values: Float32Array;
  /** Strength of the penalty on the factors, and on the bias where there is one. */
  readonly strengths: Float32Array;
  readonly scratch: Float32Array;
}

/** Size of a served model of factors. */
export interface ServedShape {
  readonly itemCount: number;
  readonly factors: number;
  readonly width: number;
}

/** Bytes of {@link serveFactors}; `extra` are those of arrays that the model adds. */
export function servedBytes({ itemCount, width }: ServedShape, ...extra: number[]): number {
  const perItem = 4 * itemCount;
  const single = [perItem, 4 * width, perItem, 8, perItem, perItem, 8, 4 * scratchFloats(width)];
  return bytesOf(perItem * width, ...single, ...extra);
}

/** Lays out the memory of a served model; rows are filled by the caller, who then calls {@link measureFactors}. */
export function serveFactors(shape: ServedShape, ...extra: number[]): ServedFactors {
  const { itemCount, width } = shape;
  const workspace = createWorkspace({ bytes: servedBytes(shape, ...extra) });
  return {
    ...shape,
    workspace,
    rows: workspace.f32(itemCount * width),
    norms: workspace.f32(itemCount),
    vector: workspace.f32(width),
    scores: workspace.f32(itemCount),
    starts: workspace.i32(2),
    items: workspace.i32(itemCount),
    values: workspace.f32(itemCount),
    strengths: workspace.f32(2),
    scratch: workspace.f32(scratchFloats(width)),
  };
}

/** Writes the length of the factors of each item. */
export function measureFactors({ rows, norms, width, factors }: ServedFactors): void {
  for (let item = 0; item < norms.length; item++) {
    let sum = 0;
    for (let at = 0; at < factors; at++) sum += rows[item * width + at]! ** 2;
    norms[item] = Math.sqrt(sum);
  }
}

/** Puts a checked history where the half-steps read it. */
export function placeHistory({ starts, items, values }: ServedFactors, history: History): void {
  starts[1] = history.items.length;
  items.set(history.items);
  values.set(history.values);
}

/** Writes row · vector of every item into `scores` of the table. */
export function scoreRows({ workspace, rows, itemCount, width, vector, scores }: ServedFactors): void {
  const { kernels } = workspace;
  kernels.matrixVector(rows.byteOffset, itemCount, width, vector.byteOffset, scores.byteOffset);
}

/** Replaces `vector` by the solution of the equations that the last half-step over a history with entries left in the scratch. */
export function solveAgain({ workspace, scratch, width, vector }: ServedFactors): void {
  workspace.kernels.choleskySolve(scratch.byteOffset, width, vector.byteOffset);
}

/** Row · vector of one item. */
export function scoreRow({ workspace, rows, width, vector }: ServedFactors, item: number): number {
  return workspace.kernels.dot(rows.byteOffset + item * width * 4, vector.byteOffset, width);
}

/** Writes the cosine of the factors of every item with those of `item`; 1 for the item itself, 0 where one has no factors. */
export function cosineWith(served: ServedFactors, item: number, out: Float32Array): void {
  const { rows, norms, vector, scores, width, factors } = served;
  vector.fill(0);
  vector.set(rows.subarray(item * width, item * width + factors));
  scoreRows(served);
  for (let other = 0; other < norms.length; other++) {
    const length = norms[other]! * norms[item]!;
    out[other] = length > 0 ? scores[other]! / length : 0;
  }
  out[item] = 1;
}

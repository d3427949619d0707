import { boundLevels, boundStep, lengthSlack } from "../kernels/model-kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";
import type { FactorRows } from "./model.ts";
import { principalAxes } from "./principal-axes.ts";

/** Item rows in linear memory as `bestRows` reads them: longest first, in a basis of principal axes, in tiles of 8. */
export interface PackedItems {
  readonly tiles: number;
  /** [tiles][width][8]. */
  readonly panels: Float32Array;
  /** [tiles][1 + levels][8]. */
  readonly lengths: Float32Array;
  /** Item index of each place, −1 where the last tile is not full. */
  readonly order: Int32Array;
  /** [width × width]. */
  readonly basis: Float32Array;
  /** [itemCount × width], as the model has them: what a fold-in reads. */
  readonly rows: Float32Array;
}

/** Size of packed items. */
export interface PackedShape {
  readonly itemCount: number;
  readonly width: number;
}

/** Bytes of the arrays of {@link packItems}. */
export function packedBytes({ itemCount, width }: PackedShape): number[] {
  const places = Math.ceil(itemCount / 8) * 8;
  const lengths = 4 * places * (1 + boundLevels(width));
  const square = 4 * width * width;
  return [4 * places * width, lengths, 4 * places, square, square, 4 * itemCount * width];
}

/** Packs the items of a model into a workspace. Cost: O(items · width² + items · log items). */
export function packItems(workspace: Workspace, { width, itemRows }: FactorRows): PackedItems {
  const itemCount = itemRows.length / width;
  const tiles = Math.ceil(itemCount / 8);
  const perPlace = 1 + boundLevels(width);
  const packed = {
    tiles,
    panels: workspace.f32(tiles * 8 * width),
    lengths: workspace.f32(tiles * 8 * perPlace),
    order: workspace.i32(tiles * 8).fill(-1),
    basis: workspace.f32(width * width),
    rows: workspace.f32(itemCount * width),
  };
  const { kernels } = workspace;
  const gram = workspace.f32(width * width);
  packed.rows.set(itemRows);
  kernels.gram(packed.rows.byteOffset, itemCount, width, gram.byteOffset);
  packed.basis.set(principalAxes(gram, width));
  const order = byFallingLength(itemRows, width);
  packed.order.set(order);
  const turned = gram.subarray(0, width); // the Gram matrix is not needed any more
  for (const [place, item] of order.entries()) {
    const row = packed.rows.byteOffset + item * width * 4;
    kernels.matrixVector(packed.basis.byteOffset, width, width, row, turned.byteOffset);
    const panel = (place >> 3) * width * 8 + (place & 7);
    for (let d = 0; d < width; d++) packed.panels[panel + d * 8] = turned[d]!;
    const at = (place >> 3) * perPlace * 8 + (place & 7);
    for (const [level, length] of lengthsLeft(turned).entries()) packed.lengths[at + level * 8] = length;
  }
  return packed;
}

function byFallingLength(itemRows: Float32Array, width: number): Int32Array {
  const squares = new Float64Array(itemRows.length / width);
  for (let at = 0; at < itemRows.length; at++) squares[Math.floor(at / width)]! += itemRows[at]! ** 2;
  return Int32Array.from(squares.keys()).sort(
    (left, right) => squares[right]! - squares[left]! || left - right,
  );
}

/** Length of the whole row, then of what is left after each step of dimensions; each longer by the slack. */
function lengthsLeft(row: Float32Array): number[] {
  const lengths: number[] = [];
  let sum = 0;
  for (let d = row.length - 1; d >= 0; d--) {
    sum += row[d]! ** 2;
    if (d % boundStep === 0) lengths.unshift(Math.sqrt(sum));
  }
  const whole = lengths[0]!;
  return lengths.map((length) => length + lengthSlack * whole);
}

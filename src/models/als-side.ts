import type { Interactions } from "../data/interactions.ts";
import type { Workspace } from "../kernels/workspace.ts";
import type { FitShape } from "./model.ts";

/** One side of an alternating fit in linear memory: who met whom, and the factors that are solved. */
export interface AlsSide {
  readonly rowCount: number;
  readonly starts: Int32Array;
  readonly items: Int32Array;
  readonly values: Float32Array;
  /** [rowCount × width]. */
  readonly rows: Float32Array;
  /** Strength of the regularization of each row. */
  readonly regularization: Float32Array;
}

/** Bytes of the arrays of a side; the counterpart of {@link placeSide}. */
export function sideBytes(rowCount: number, entryCount: number, width: number): number[] {
  return [4 * (rowCount + 1), 4 * entryCount, 4 * entryCount, 4 * rowCount * width, 4 * rowCount];
}

/** Bytes of both sides. */
export function sidesBytes({ userCount, itemCount, entryCount }: FitShape, width: number): number[] {
  return [...sideBytes(userCount, entryCount, width), ...sideBytes(itemCount, entryCount, width)];
}

/** Copies the interactions into the workspace, beside room for the factors of their rows. */
export function placeSide(workspace: Workspace, interactions: Interactions, width: number): AlsSide {
  const { userCount: rowCount, starts, items, values } = interactions;
  const side = {
    rowCount,
    starts: workspace.i32(rowCount + 1),
    items: workspace.i32(items.length),
    values: workspace.f32(items.length),
    rows: workspace.f32(rowCount * width),
    regularization: workspace.f32(rowCount),
  };
  side.starts.set(starts);
  side.items.set(items);
  side.values.set(values);
  return side;
}

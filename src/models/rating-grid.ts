import type { Interactions } from "../data/interactions.ts";
import type { Workspace } from "../kernels/workspace.ts";
import type { FitShape } from "./model.ts";

/**
 * Into how many groups users and items are cut. It bounds how many threads can work at once, and is always the same, so that the
 * order of the ratings, and with it the result, does not depend on the threads. More groups would mean more waiting for each other.
 */
export const gridGroups = 4;

/** Ratings in linear memory, sorted into a grid of blocks: block (p, q) holds those of the users of group p for the items of group q. */
export interface RatingGrid {
  /** Length groups² + 1; block (p, q) is the one at p · groups + q. */
  readonly blockStarts: Int32Array;
  readonly users: Int32Array;
  readonly items: Int32Array;
  readonly values: Float32Array;
}

/** Bytes of the arrays of {@link placeGrid}. */
export function gridBytes({ entryCount }: FitShape): number[] {
  return [4 * (gridGroups ** 2 + 1), 4 * entryCount, 4 * entryCount, 4 * entryCount];
}

/** Sorts ratings into the grid, within a block by user; groups hold about as many ratings each. */
export function placeGrid(workspace: Workspace, interactions: Interactions): RatingGrid {
  const { userCount, itemCount, starts, items, values } = interactions;
  const grid = {
    blockStarts: workspace.i32(gridGroups ** 2 + 1),
    users: workspace.i32(items.length),
    items: workspace.i32(items.length),
    values: workspace.f32(items.length),
  };
  const { blockStarts } = grid;
  const itemLengths = new Int32Array(itemCount);
  for (const item of items) itemLengths[item]!++;
  const itemGroups = equalGroups(itemLengths);
  const userGroups = equalGroups(
    Int32Array.from({ length: userCount }, (_, user) => starts[user + 1]! - starts[user]!),
  );
  for (let user = 0; user < userCount; user++) {
    const first = userGroups[user]! * gridGroups;
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) {
      blockStarts[first + itemGroups[items[entry]!]! + 1]!++;
    }
  }
  for (let block = 0; block < gridGroups ** 2; block++) blockStarts[block + 1]! += blockStarts[block]!;
  const next = blockStarts.slice(0, -1);
  for (let user = 0; user < userCount; user++) {
    const first = userGroups[user]! * gridGroups;
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) {
      const at = next[first + itemGroups[items[entry]!]!]!++;
      grid.users[at] = user;
      grid.items[at] = items[entry]!;
      grid.values[at] = values[entry]!;
    }
  }
  return grid;
}

/** The group of each row: rows by falling length are dealt forwards, then backwards, so that all groups get about as much. */
function equalGroups(lengths: Int32Array): Uint8Array {
  const rows = Int32Array.from(lengths.keys());
  rows.sort((left, right) => lengths[right]! - lengths[left]! || left - right);
  const groups = new Uint8Array(rows.length);
  for (const [rank, row] of rows.entries()) {
    const turn = rank % (2 * gridGroups);
    groups[row] = turn < gridGroups ? turn : 2 * gridGroups - 1 - turn;
  }
  return groups;
}

import type { Interactions } from "../data/interactions.ts";
import type { Workspace } from "../kernels/workspace.ts";
import type { FitShape } from "./model.ts";

/** Interactions in linear memory as the pair kernels read them. */
export interface ItemPairs {
  /** The first six arguments of the pair kernels. */
  readonly args: readonly [
    itemStarts: number,
    positions: number,
    users: number,
    starts: number,
    items: number,
    weights: number,
  ];
  /** Bounds of blocks of items of about equal work. */
  readonly bounds: readonly number[];
}

/** Bytes of the arrays of {@link placePairs}. */
export function pairBytes({ userCount, itemCount, entryCount }: FitShape): number[] {
  const entries = 4 * entryCount;
  return [4 * (itemCount + 1), entries, entries, 4 * (userCount + 1), entries, entries];
}

/**
 * Copies interactions into a workspace, with the entries of every item as positions in the rows of the users.
 *
 * @param options.weights In the place of the values, one an entry.
 * @param options.isUpper Whether an item is paired with itself and later items only, for the bounds.
 */
export function placePairs(
  workspace: Workspace,
  interactions: Interactions,
  { weights, isUpper }: { weights: Float32Array; isUpper: boolean },
): ItemPairs {
  const { userCount, itemCount, starts, items } = interactions;
  const itemStarts = workspace.i32(itemCount + 1);
  const positions = workspace.i32(items.length);
  const users = workspace.i32(items.length);
  const placed = [workspace.i32(userCount + 1), workspace.i32(items.length), workspace.f32(items.length)];
  for (const [at, column] of [starts, items, weights].entries()) placed[at]!.set(column);
  for (let entry = 0; entry < items.length; entry++) itemStarts[items[entry]! + 1]!++;
  for (let item = 0; item < itemCount; item++) itemStarts[item + 1]! += itemStarts[item]!;
  const next = itemStarts.slice(0, itemCount);
  const work = new Float64Array(itemCount);
  for (let user = 0; user < userCount; user++) {
    const [from, to] = [starts[user]!, starts[user + 1]!];
    for (let entry = from; entry < to; entry++) {
      const item = items[entry]!;
      const at = next[item]!++;
      positions[at] = entry;
      users[at] = user;
      work[item]! += to - (isUpper ? entry : from);
    }
  }
  const [atStarts, atItems, atWeights] = placed.map((column) => column.byteOffset);
  return {
    args: [
      ...([itemStarts.byteOffset, positions.byteOffset, users.byteOffset] as const),
      ...([atStarts!, atItems!, atWeights!] as const),
    ],
    bounds: blocksOf(work),
  };
}

/** Into how many blocks the items are cut: enough to keep threads busy to the end and to breathe between. */
const blockCount = 256;

function blocksOf(work: Float64Array): number[] {
  const limit = work.reduce((sum, value) => sum + value + 1, 0) / blockCount;
  const bounds = [0];
  let sum = 0;
  for (let item = 0; item < work.length; item++) {
    sum += work[item]! + 1;
    if (sum < limit) continue;
    bounds.push(item + 1);
    sum = 0;
  }
  if (bounds.at(-1) !== work.length) bounds.push(work.length);
  return bounds;
}

import type { Interactions } from "../data/interactions.ts";
import { type PoolJob, threadsMax } from "../kernels/pool.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { equalBlocks } from "./fit-loop.ts";
import type { FitShape } from "./model.ts";

/**
 * One side of an alternating fit, laid out for kernels that take the other side in chunks small enough for the processor's cache.
 *
 * Rows are numbered by descending count of entries; `order` leads back to the indexes outside. The entries of a row in a chunk are
 * starts[chunk · rowCount + row] .. starts[chunk · rowCount + row + 1] − 1.
 */
export interface ChunkedSide {
  readonly rowCount: number;
  readonly chunks: number;
  readonly order: Int32Array;
  /** Entries of each row. */
  readonly counts: Int32Array;
  /** Sum of the weights of each row. */
  readonly totals: Float64Array;
  /** Length chunks · rowCount + 1. */
  readonly starts: Int32Array;
  /** The row of the other side of each entry. */
  readonly items: Int32Array;
  /** Absent where every weight is 1. */
  readonly weights?: Float32Array;
  /** [rowCount × width], zeros at first. */
  readonly rows: Float32Array;
  /** Strength of the penalty of each row, for the caller to fill. */
  readonly regularization: Float32Array;
}

/** Bytes of a chunk's rows: half of a second-level cache, which also holds what streams by. */
const chunkBytes = 1 << 19;
/** A chunk has this many entries a row on average, or what is read and written a row and chunk would outweigh them. */
const chunkEntriesMin = 12;

const chunkCountMax = (entryCount: number, rowCount: number) =>
  Math.floor(entryCount / (chunkEntriesMin * Math.max(1, rowCount))) + 1;

/** Which arrays the sides of a fit have. */
export interface SidesLayout {
  readonly width: number;
  /** Whether the weights differ from 1, so that they have to be stored. */
  readonly weighted: boolean;
}

/** Bytes of the arrays of both sides in a workspace, those included that {@link placeSides} frees at its end. */
export function chunkedSidesBytes(shape: FitShape, { width, weighted }: SidesLayout): number[] {
  const { userCount, itemCount, entryCount } = shape;
  const ofSides = [userCount, itemCount].flatMap((rowCount) => [
    4 * (chunkCountMax(entryCount, rowCount) * rowCount + 1),
    ...(weighted ? [4 * entryCount] : []),
    4 * entryCount,
    4 * rowCount * width,
    4 * rowCount,
  ]);
  const itemChunks = chunkCountMax(entryCount, userCount);
  const userChunks = chunkCountMax(entryCount, itemCount);
  const temporary = [userCount + 1, userCount, itemCount, itemCount, userChunks + 1, userChunks * itemCount];
  return [...ofSides, ...temporary.map((length) => 4 * length), 4 * threadsMax * itemChunks];
}

/** Rows by descending count, of equal ones the lower first. Cost: O(rows + greatest count). */
function byCount(counts: Int32Array): Int32Array {
  const most = counts.reduce((greatest, count) => Math.max(greatest, count), 0);
  const next = new Int32Array(most + 2);
  for (const count of counts) next[most - count + 1]!++;
  accumulate(next);
  const order = new Int32Array(counts.length);
  for (let row = 0; row < counts.length; row++) order[next[most - counts[row]!]!++] = row;
  return order;
}

/** Bounds of chunks of rows in this order, which the `otherCount` rows of the other side meet chunk by chunk. */
function cutChunks(
  { order, counts }: { order: Int32Array; counts: Int32Array },
  { width, otherCount }: { width: number; otherCount: number },
): number[] {
  const rowsMin = chunkBytes / (4 * width);
  const entriesMin = chunkEntriesMin * otherCount;
  let left = counts.reduce((sum, count) => sum + count, 0);
  let entries = 0;
  const bounds = [0];
  for (const [at, row] of order.entries()) {
    if (at - bounds.at(-1)! >= rowsMin && Math.min(entries, left) >= entriesMin) {
      bounds.push(at);
      entries = 0;
    }
    entries += counts[row]!;
    left -= counts[row]!;
  }
  return [...bounds, order.length];
}

/** What laying out runs on. */
export interface LayingOut {
  readonly workspace: Workspace;
  readonly threads: number;
  readonly run: (job: PoolJob) => Promise<number>;
}

/**
 * Copies interactions into the workspace as both sides: rows are users in `users`, items in `items`.
 *
 * Items are counted and placed from the users' layout, chunk of users by chunk of users, so that what is written at a time stays in
 * the cache. Cost: O(entries), shared among the threads.
 */
export async function placeSides(
  on: LayingOut,
  interactions: Interactions,
  layout: SidesLayout,
): Promise<{ users: ChunkedSide; items: ChunkedSide }> {
  const { userCount, itemCount, starts, items, values } = interactions;
  const userCounts = Int32Array.from({ length: userCount }, (_, user) => starts[user + 1]! - starts[user]!);
  const itemCounts = new Int32Array(itemCount);
  for (let entry = 0; entry < items.length; entry++) itemCounts[items[entry]!]!++;
  const byUser = { order: byCount(userCounts), counts: userCounts };
  const byItem = { order: byCount(itemCounts), counts: itemCounts };
  const userBounds = cutChunks(byUser, { width: layout.width, otherCount: itemCount });
  const itemBounds = cutChunks(byItem, { width: layout.width, otherCount: userCount });
  const sideOf = (own: typeof byUser, chunks: number) =>
    emptySide(on.workspace, own, { ...layout, chunks, entryCount: items.length });
  const sides = {
    users: sideOf(byUser, itemBounds.length - 1),
    items: sideOf(byItem, userBounds.length - 1),
  };
  const temporary = on.workspace.mark();
  // the matrix as it came lies where the items' side will be: it is read only before that is written
  sides.items.items.set(items);
  sides.items.weights?.set(values);
  await placeUsers(on, sides, { starts, itemBounds });
  await placeItems(on, sides, userBounds);
  on.workspace.release(temporary);
  addTotals(sides.users);
  addTotals(sides.items);
  return sides;
}

/** The byte offset of an array, 0 where there is none. */
export const offsetOf = (array: Float32Array | undefined): number => array?.byteOffset ?? 0;

/** An array with these integers. */
function placed(workspace: Workspace, integers: ArrayLike<number>): Int32Array {
  const array = workspace.i32(integers.length);
  array.set(integers);
  return array;
}

interface Sides {
  readonly users: ChunkedSide;
  readonly items: ChunkedSide;
}

async function placeUsers(
  { workspace, run, threads }: LayingOut,
  { users, items }: Sides,
  { starts, itemBounds }: { starts: Int32Array; itemBounds: readonly number[] },
): Promise<void> {
  const given = placed(workspace, starts).byteOffset;
  const order = placed(workspace, users.order).byteOffset;
  const placeOf = workspace.i32(items.rowCount);
  const chunkOf = workspace.i32(items.rowCount);
  for (let chunk = 0; chunk + 1 < itemBounds.length; chunk++) {
    for (let at = itemBounds[chunk]!; at < itemBounds[chunk + 1]!; at++) {
      placeOf[items.order[at]!] = at;
      chunkOf[items.order[at]!] = chunk;
    }
  }
  const bounds = equalBlocks(startsOf(users.counts), { rowWork: 8, blockWork: 100_000 });
  const from = [given, order, items.items.byteOffset] as const;
  await run({
    kernel: "countUserEntries",
    args: [...from, chunkOf.byteOffset, users.rowCount, users.starts.byteOffset, "from", "to"],
    bounds,
  });
  accumulate(users.starts);
  const scratch = workspace.f32(threads * users.chunks);
  await run({
    kernel: "placeUserEntries",
    args: [
      ...([...from, offsetOf(items.weights), chunkOf.byteOffset, placeOf.byteOffset] as const),
      ...([users.rowCount, users.chunks, users.starts.byteOffset] as const),
      ...([users.items.byteOffset, offsetOf(users.weights), "from", "to", "scratch"] as const),
    ],
    bounds,
    scratch,
  });
}

async function placeItems(
  { workspace, run }: LayingOut,
  { users, items }: Sides,
  userBounds: number[],
): Promise<void> {
  const bounds = Array.from(userBounds.keys());
  const chunkBounds = placed(workspace, userBounds).byteOffset;
  const of = [users.starts.byteOffset, users.rowCount, users.chunks, users.items.byteOffset] as const;
  await run({
    kernel: "countItemEntries",
    args: [...of, chunkBounds, items.rowCount, items.starts.byteOffset, "from", "to"],
    bounds,
  });
  accumulate(items.starts);
  const next = placed(workspace, items.starts.subarray(0, items.starts.length - 1)).byteOffset;
  await run({
    kernel: "placeItemEntries",
    args: [
      ...([...of, offsetOf(users.weights), chunkBounds, items.rowCount, next] as const),
      ...([items.items.byteOffset, offsetOf(items.weights), "from", "to"] as const),
    ],
    bounds,
  });
}

function emptySide(
  workspace: Workspace,
  { order, counts }: { order: Int32Array; counts: Int32Array },
  shape: SidesLayout & { chunks: number; entryCount: number },
): ChunkedSide {
  const { chunks, width, entryCount, weighted } = shape;
  const rowCount = order.length;
  const ordered = order.map((row) => counts[row]!);
  return {
    rowCount,
    chunks,
    order,
    counts: ordered,
    totals: Float64Array.from(ordered),
    starts: workspace.i32(chunks * rowCount + 1),
    ...(weighted ? { weights: workspace.f32(entryCount) } : {}),
    items: workspace.i32(entryCount),
    rows: workspace.f32(rowCount * width),
    regularization: workspace.f32(rowCount),
  };
}

/** Counts, each one place too far on, become starts. */
function accumulate(starts: Int32Array): void {
  for (let at = 1; at < starts.length; at++) starts[at]! += starts[at - 1]!;
}

/** Row starts for these counts. */
function startsOf(counts: Int32Array): Int32Array {
  const starts = new Int32Array(counts.length + 1);
  starts.set(counts, 1);
  accumulate(starts);
  return starts;
}

/** The sum of the weights of each row, where they are not all 1. */
function addTotals({ rowCount, chunks, starts, weights, totals }: ChunkedSide): void {
  if (!weights) return;
  totals.fill(0);
  for (let chunk = 0; chunk < chunks; chunk++) {
    for (let row = 0; row < rowCount; row++) {
      const start = starts[chunk * rowCount + row]!;
      const end = starts[chunk * rowCount + row + 1]!;
      for (let entry = start; entry < end; entry++) totals[row]! += weights[entry]!;
    }
  }
}

/** Row bounds of blocks of about equal work, with at most `rowsMax` rows each. Rows without entries at the end belong to no block. */
export function chunkedBlocks(
  side: ChunkedSide,
  { rowsMax, blockCount }: { rowsMax: number; blockCount: number },
): number[] {
  const { counts } = side;
  const rowWork = 8; // what is read and written for a row, beside its entries, in entries
  let end = counts.length;
  while (end > 0 && counts[end - 1] === 0) end--;
  let total = 0;
  for (let row = 0; row < end; row++) total += counts[row]! + rowWork;
  const bounds = [0];
  let work = 0;
  for (let row = 0; row < end; row++) {
    work += counts[row]! + rowWork;
    if (work < total / blockCount && row + 1 - bounds.at(-1)! < rowsMax) continue;
    bounds.push(row + 1);
    work = 0;
  }
  if (bounds.at(-1) !== end) bounds.push(end);
  return bounds;
}

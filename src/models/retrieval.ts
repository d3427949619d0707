import type { History, Interactions } from "../data/interactions.ts";
import { scratchFloats } from "../kernels/kernels.ts";
import { boundLevels, retrievalScratchFloats, usersAtHand } from "../kernels/model-kernels.ts";
import type { PoolJob } from "../kernels/pool.ts";
import { bytesOf, createWorkspace, type Workspace } from "../kernels/workspace.ts";
import type { FactorRows } from "./model.ts";
import { packedBytes, packItems } from "./packed-items.ts";

/** Rows of ascending item indexes, such as what each user has seen. */
export type ItemSets = Pick<Interactions, "starts" | "items">;

/** How many users, and entries of theirs, a retrieval takes at a time. */
export interface RetrievalCapacity {
  readonly users: number;
  readonly entries: number;
  readonly excluded: number;
  readonly k: number;
  readonly threads: number;
}

/** Users whose lists are wanted: rows from..to−1 of their histories and of what they must not get. */
export interface RetrievalChunk {
  readonly histories: Pick<Interactions, "starts" | "items" | "values">;
  readonly excluded: ItemSets;
  readonly from: number;
  readonly to: number;
  readonly k: number;
}

/** Lists of a chunk: that of its user u is [u·k .. u·k + counts[u]). Views on memory that the next chunk overwrites. */
export interface RetrievedLists {
  readonly items: Int32Array;
  readonly scores: Float32Array;
  readonly counts: Int32Array;
  /** How many times 16 dimensions of a tile of 8 items were summed for each user. */
  readonly steps: Int32Array;
}

/** The items of one model made ready for finding the best of them without scoring all. */
export interface Retrieval {
  readonly workspace: Workspace;
  /** Steps that a user takes where no bound helps. */
  readonly stepsAll: number;
  /** Lets only items of this ascending list through, or all. */
  allow(items: Int32Array | undefined): void;
  /** Places a chunk and gives the two jobs that fill its lists: the fold-in, then the search. */
  place(chunk: RetrievalChunk): { jobs: readonly [foldIn: PoolJob, search: PoolJob]; lists: RetrievedLists };
}

/** Bytes of a retrieval, its item tables included. */
export function retrievalBytes(
  shape: { itemCount: number; width: number; constants: number },
  capacity: RetrievalCapacity,
): number {
  const { users, entries, excluded, k } = capacity;
  const perUser = [4 * (users + 1), 4 * users, 4 * users, 4 * users * shape.width, 4 * (users + 1)];
  const lists = [4 * users * k, 4 * users * k, 4 * users, 4 * users];
  const single = [4 * shape.constants, 4 * Math.ceil(shape.itemCount / 4), 4 * entries, 4 * entries];
  const scratch = 4 * capacity.threads * scratchLength(shape.width);
  return bytesOf(...packedBytes(shape), ...perUser, ...lists, ...single, 4 * excluded, scratch);
}

const scratchLength = (width: number) => Math.max(scratchFloats(width), retrievalScratchFloats(width));

/** Prepares the items of a model. Cost: O(items · width²), and the memory of {@link retrievalBytes}. */
export function createRetrieval(model: FactorRows, capacity: RetrievalCapacity): Retrieval {
  const { width, itemRows, constants } = model;
  const itemCount = itemRows.length / width;
  const shape = { itemCount, width, constants: constants.length };
  const workspace = createWorkspace({ bytes: retrievalBytes(shape, capacity) });
  const items = packItems(workspace, model);
  const fixed = workspace.f32(constants.length);
  fixed.set(constants);
  const allowedWords = workspace.i32(Math.ceil(itemCount / 4));
  const allowed = new Uint8Array(allowedWords.buffer, allowedWords.byteOffset, itemCount);
  const scratch = workspace.f32(capacity.threads * scratchLength(width));
  const room = placeRoom(workspace, { width, ...capacity });
  let isLimited = false;

  return {
    workspace,
    stepsAll: items.tiles * (1 + boundLevels(width)),
    allow(list) {
      isLimited = list !== undefined;
      allowed.fill(0);
      for (const item of list ?? []) allowed[item] = 1;
    },
    place({ histories, excluded, from, to, k }) {
      copyRows({ starts: room.starts, items: room.items }, histories, { from, to });
      const [begin, end] = [histories.starts[from]!, histories.starts[to]!];
      room.values.set(histories.values.subarray(begin, end));
      copyRows({ starts: room.excludedStarts, items: room.excluded }, excluded, { from, to });
      for (let user = from; user < to; user++) {
        const [first, second] = model.strengthsOf(rowOf(histories, user));
        room.strengths[0][user - from] = first;
        room.strengths[1][user - from] = second;
      }
      const foldIn = model.foldInJob({
        starts: room.starts.byteOffset,
        items: room.items.byteOffset,
        values: room.values.byteOffset,
        rows: room.rows.byteOffset,
        itemRows: items.rows.byteOffset,
        constants: fixed.byteOffset,
        strengths: [room.strengths[0].byteOffset, room.strengths[1].byteOffset],
        bounds: blocksOf(to - from, 16),
        scratch,
      });
      const search: PoolJob = {
        kernel: "bestRows",
        args: [
          ...([items.panels.byteOffset, items.lengths.byteOffset, items.order.byteOffset] as const),
          ...([items.tiles, width, items.basis.byteOffset, room.rows.byteOffset] as const),
          ...([room.excludedStarts.byteOffset, room.excluded.byteOffset] as const),
          ...([isLimited ? allowed.byteOffset : 0, k] as const),
          ...([room.listItems.byteOffset, room.listScores.byteOffset] as const),
          ...([room.counts.byteOffset, room.steps.byteOffset, "scratch", "from", "to"] as const),
        ],
        bounds: blocksOf(to - from, usersAtHand),
        scratch,
      };
      const lists = {
        items: room.listItems,
        scores: room.listScores,
        counts: room.counts,
        steps: room.steps,
      };
      return { jobs: [foldIn, search], lists };
    },
  };
}

type Room = ReturnType<typeof placeRoom>;

/** Arrays for one chunk of users. */
function placeRoom(
  workspace: Workspace,
  { users, entries, excluded, k, width }: RetrievalCapacity & { width: number },
) {
  return {
    starts: workspace.i32(users + 1),
    items: workspace.i32(entries),
    values: workspace.f32(entries),
    strengths: [workspace.f32(users), workspace.f32(users)] as const,
    rows: workspace.f32(users * width),
    excludedStarts: workspace.i32(users + 1),
    excluded: workspace.i32(excluded),
    listItems: workspace.i32(users * k),
    listScores: workspace.f32(users * k),
    counts: workspace.i32(users),
    steps: workspace.i32(users),
  };
}

/** Copies rows from..to−1, which then begin at 0. */
function copyRows(
  target: Pick<Room, "starts" | "items">,
  rows: ItemSets,
  { from, to }: { from: number; to: number },
): void {
  const begin = rows.starts[from]!;
  for (let row = from; row <= to; row++) target.starts[row - from] = rows.starts[row]! - begin;
  target.items.set(rows.items.subarray(begin, rows.starts[to]));
}

function rowOf({ starts, items, values }: RetrievalChunk["histories"], user: number): History {
  const [from, to] = [starts[user]!, starts[user + 1]!];
  return { items: items.subarray(from, to), values: values.subarray(from, to) };
}

/** Bounds of blocks of so many rows. */
function blocksOf(rows: number, size: number): number[] {
  return [...Array.from({ length: Math.ceil(rows / size) }, (_, block) => block * size), rows];
}

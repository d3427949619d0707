import { historyOf, type Interactions } from "../data/interactions.ts";
import type { Model } from "../models/model.ts";
import { listOf, recommendBatch } from "../models/recommend-batch.ts";
import { topItems } from "./top-items.ts";

/** Whose lists are wanted, and from what. */
export interface RankingTask {
  readonly model: Model;
  /** What the model gets as each user's history. */
  readonly train: Interactions;
  /** What is removed from each user's list. */
  readonly seen: Interactions;
  /** Rows of `train` and `seen`, ascending. */
  readonly users: Int32Array;
  readonly k: number;
  /** Called with the share of users done, 0..1, now and then. */
  readonly onUser?: ((fraction: number) => void) | undefined;
}

/**
 * The k best unseen items of each of some users, by the scorer that serves: in batches where scores are products of rows, else from all
 * scores with a selection of the evaluation's own.
 *
 * @param onScores Called with the scores of all items of each user before seen ones are removed, in an array that is used again; with it
 *   no list is made in a batch.
 */
export async function rankUsers(
  task: RankingTask,
  onScores?: (at: number, user: number, scores: Float32Array) => void,
): Promise<Int32Array[]> {
  const { model, train, seen, users, k, onUser } = task;
  if (!model.factorRows || onScores) return rankByScores(task, onScores);
  const histories = rowsOf(train, users);
  const excluded = seen === train ? histories : rowsOf(seen, users);
  const onProgress = (fraction: number) => onUser?.(fraction);
  const lists = await recommendBatch(model, { histories, excluded, k, onProgress });
  return Array.from(users, (_, row) => listOf(lists, row).items);
}

function rankByScores(
  task: RankingTask,
  onScores?: (at: number, user: number, scores: Float32Array) => void,
): Int32Array[] {
  const { model, train, seen, users, k, onUser } = task;
  const scores = new Float32Array(model.itemCount);
  return Array.from(users, (user, at) => {
    if (at % 256 === 0) onUser?.(at / users.length);
    model.scoreItems(historyOf(train, user), scores);
    onScores?.(at, user, scores);
    for (const item of historyOf(seen, user).items) scores[item] = Number.NEGATIVE_INFINITY;
    return topItems(scores, k);
  });
}

/** Some rows as a matrix of their own; nothing is copied where they are all. */
function rowsOf(interactions: Interactions, users: Int32Array): Interactions {
  if (users.length === interactions.userCount) return interactions;
  const { itemCount, starts, items, values } = interactions;
  const ownStarts = new Int32Array(users.length + 1);
  for (const [row, user] of users.entries())
    ownStarts[row + 1] = ownStarts[row]! + starts[user + 1]! - starts[user]!;
  const own = {
    items: new Int32Array(ownStarts[users.length]!),
    values: new Float32Array(ownStarts[users.length]!),
  };
  for (const [row, user] of users.entries()) {
    own.items.set(items.subarray(starts[user], starts[user + 1]), ownStarts[row]);
    own.values.set(values.subarray(starts[user], starts[user + 1]), ownStarts[row]);
  }
  return { userCount: users.length, itemCount, starts: ownStarts, ...own };
}

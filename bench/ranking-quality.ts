import { historyOf, type Interactions } from "../src/data/interactions.ts";
import { mean, ndcgAt } from "../src/evaluate/metrics.ts";
import { topItems } from "../src/evaluate/top-items.ts";
import { paddedWidth } from "../src/kernels/kernels.ts";
import { bytesOf, createWorkspace } from "../src/kernels/workspace.ts";
import { padRows } from "../src/models/item-factors.ts";
import type { Model } from "../src/models/model.ts";

/** What lists are judged by. */
export interface RankingTask {
  readonly train: Interactions;
  readonly test: Interactions;
  /** Users whose lists are judged. */
  readonly users: Int32Array;
}

/** Mean NDCG@10 over the task's users, training items removed; `scoreItems` writes the scores of all items for the user at a place. */
function meanNdcg(task: RankingTask, scoreItems: (at: number) => Float32Array): number {
  const { train, test, users } = task;
  const each = Float64Array.from(users, (user, at) => {
    const scores = scoreItems(at);
    for (const item of historyOf(train, user).items) scores[item] = Number.NEGATIVE_INFINITY;
    const relevant = new Set(historyOf(test, user).items);
    return ndcgAt({ ranked: topItems(scores, 10), relevant }, 10);
  });
  return mean(each);
}

/** NDCG@10 of a model that folds users in. */
export function modelNdcg(model: Model, task: RankingTask): number {
  const scores = new Float32Array(model.itemCount);
  return meanNdcg(task, (at) => {
    model.scoreItems(historyOf(task.train, task.users[at]!), scores);
    return scores;
  });
}

/** Users that are scored together, and items of a panel: a panel of 64 factors is 256 KB, so it stays in the cache for all of them. */
const blockUsers = 16;
const panelItems = 1024;

/**
 * NDCG@10 of factors that somebody else computed: score = item · user.
 *
 * @param factors.users Row-major, shape [task.users × factors]. @param factors.items Shape [items × factors].
 */
export function factorsNdcg(
  factors: { users: Float32Array; items: Float32Array },
  task: RankingTask,
): number {
  const { itemCount } = task.train;
  const used = factors.items.length / itemCount;
  const width = paddedWidth(used);
  const sizes = [itemCount * width, task.users.length * width, blockUsers * itemCount] as const;
  const workspace = createWorkspace({ bytes: bytesOf(...sizes.map((length) => 4 * length)) });
  const [items, users, scores] = sizes.map((length) => workspace.f32(length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  padRows(factors.items, items, { used, width });
  padRows(factors.users, users, { used, width });
  const scoreBlock = (from: number) => {
    const to = Math.min(from + blockUsers, task.users.length);
    for (let item = 0; item < itemCount; item += panelItems) {
      const rows = Math.min(panelItems, itemCount - item);
      for (let user = from; user < to; user++) {
        workspace.kernels.matrixVector(
          items.byteOffset + item * width * 4,
          rows,
          width,
          users.byteOffset + user * width * 4,
          scores.byteOffset + ((user - from) * itemCount + item) * 4,
        );
      }
    }
  };
  return meanNdcg(task, (at) => {
    if (at % blockUsers === 0) scoreBlock(at);
    const place = (at % blockUsers) * itemCount;
    return scores.subarray(place, place + itemCount);
  });
}

import { historyOf, type Interactions } from "../data/interactions.ts";
import type { Model } from "../models/model.ts";
import { averagePrecisionAt, coverage, mean, ndcgAt, recallAt } from "./metrics.ts";
import { topItems } from "./top-items.ts";

/** How well a model ranks, by user and in the mean. All arrays are of the same length, one entry an evaluated user. */
export interface RankingEvaluation {
  readonly k: number;
  /** Indexes of the evaluated users: those with at least one relevant item. */
  readonly users: Int32Array;
  readonly recall: Float64Array;
  readonly ndcg: Float64Array;
  readonly averagePrecision: Float64Array;
  /** Means over the users; 0 where there is none. `coverage`: share of all items that are in at least one list. */
  readonly means: {
    readonly recall: number;
    readonly ndcg: number;
    readonly map: number;
    readonly coverage: number;
  };
}

/**
 * Recall, NDCG, MAP and coverage at k over the full catalogue with seen items removed, scored by fold-in as in serving.
 *
 * @param task.train Weights that the model gets as each user's history, shape [users × items].
 * @param task.seen All training pairs, those without weight too: they are removed from the lists.
 * @param task.relevant Held-out pairs of positive weight. Users without any are left out.
 * @param task.k Length of the lists. Default 10.
 * @param task.onUser Called with the share of users done, 0..1, now and then.
 * Cost: one fold-in and O(items) per evaluated user; one score buffer, and the lists for coverage.
 */
export function evaluateRanking(task: {
  model: Model;
  train: Interactions;
  seen: Interactions;
  relevant: Interactions;
  k?: number;
  onUser?: (fraction: number) => void;
}): RankingEvaluation {
  const { model, train, seen, relevant, k = 10, onUser } = task;
  const evaluated: number[] = [];
  for (let user = 0; user < relevant.userCount; user++)
    if (relevant.starts[user + 1]! > relevant.starts[user]!) evaluated.push(user);
  const users = Int32Array.from(evaluated);
  const recall = new Float64Array(users.length);
  const ndcg = new Float64Array(users.length);
  const averagePrecision = new Float64Array(users.length);
  const scores = new Float32Array(model.itemCount);
  const lists: Int32Array[] = [];
  for (let at = 0; at < users.length; at++) {
    const user = users[at]!;
    model.scoreItems(historyOf(train, user), scores);
    for (const item of historyOf(seen, user).items) scores[item] = Number.NEGATIVE_INFINITY;
    const ranked = topItems(scores, k);
    lists.push(ranked);
    const list = { ranked, relevant: new Set(historyOf(relevant, user).items) };
    recall[at] = recallAt(list, k);
    ndcg[at] = ndcgAt(list, k);
    averagePrecision[at] = averagePrecisionAt(list, k);
    if (at % 256 === 0) onUser?.(at / users.length);
  }
  return {
    k,
    users,
    recall,
    ndcg,
    averagePrecision,
    means: {
      recall: mean(recall),
      ndcg: mean(ndcg),
      map: mean(averagePrecision),
      coverage: coverage(lists, model.itemCount),
    },
  };
}

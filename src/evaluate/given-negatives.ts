import { historyOf, type Interactions } from "../data/interactions.ts";
import type { Model } from "../models/model.ts";
import { hitAtRank, mean, ndcgAtRank, rankAmong } from "./metrics.ts";

/** How well a model ranks one held-out item a user among given negatives. Arrays have one entry an evaluated user. */
export interface GivenNegativesEvaluation {
  readonly k: number;
  readonly users: Int32Array;
  /** 1 = best; ties count against the held-out item. */
  readonly ranks: Int32Array;
  readonly hit: Float64Array;
  readonly ndcg: Float64Array;
  readonly reciprocalRank: Float64Array;
  /** Means over the users; 0 where there is none. `auc`: the mean share of negatives that the held-out item beats. */
  readonly means: {
    readonly hitRate: number;
    readonly ndcg: number;
    readonly mrr: number;
    readonly auc: number;
  };
}

/**
 * Hit rate, NDCG and MRR at k of one held-out item against given negatives, such as 99: the protocol of He et al. 2017.
 *
 * Figures of few sampled negatives are higher than those over the full catalogue and may order models differently (Krichene and
 * Rendle 2020); use them to compare with publications, and `evaluateRanking` to choose.
 *
 * @param task.train What the model gets as each user's history, shape [users × items].
 * @param task.test One held-out entry a user, shape [users × items], such as of `leaveOneOut`; users without one are left out.
 * @param task.negatives Item indexes for each user; the held-out item among them is passed over.
 * @param task.k Default 10.
 * @throws RangeError A user with more than one held-out entry.
 * Cost: one fold-in and `negatives` scores per user.
 */
export function evaluateGivenNegatives(task: {
  model: Model;
  train: Interactions;
  test: Interactions;
  negatives: readonly ArrayLike<number>[];
  k?: number;
}): GivenNegativesEvaluation {
  const { model, train, test, negatives, k = 10 } = task;
  const users: number[] = [];
  const ranks: number[] = [];
  const beaten: number[] = [];
  for (let user = 0; user < test.userCount; user++) {
    const [positive, ...others] = historyOf(test, user).items;
    if (positive === undefined) continue;
    if (others.length > 0) {
      throw new RangeError(
        `evaluateGivenNegatives: expected one held-out item of user ${user}, got ${others.length + 1}`,
      );
    }
    const rivals = Array.from(negatives[user]!).filter((item) => item !== positive);
    const scores = model.scoreChosen(historyOf(train, user), [positive, ...rivals]);
    const rank = rankAmong({ positive: scores[0]!, negatives: scores.subarray(1) });
    users.push(user);
    ranks.push(rank);
    beaten.push(rivals.length === 0 ? 0.5 : 1 - (rank - 1) / rivals.length);
  }
  const hit = Float64Array.from(ranks, (rank) => hitAtRank(rank, k));
  const ndcg = Float64Array.from(ranks, (rank) => ndcgAtRank(rank, k));
  const reciprocalRank = Float64Array.from(ranks, (rank) => (rank <= k ? 1 / rank : 0));
  return {
    k,
    users: Int32Array.from(users),
    ranks: Int32Array.from(ranks),
    hit,
    ndcg,
    reciprocalRank,
    means: { hitRate: mean(hit), ndcg: mean(ndcg), mrr: mean(reciprocalRank), auc: mean(beaten) },
  };
}

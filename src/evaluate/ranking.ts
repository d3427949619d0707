import { historyOf, type Interactions, usersWithEntries } from "../data/interactions.ts";
import type { Model } from "../models/model.ts";
import {
  auc,
  averagePrecisionAt,
  hitAt,
  mean,
  ndcgAt,
  precisionAt,
  recallAt,
  reciprocalRankAt,
} from "./metrics.ts";
import { rankUsers } from "./rank-users.ts";
import { coverage, diversity, type ItemSimilarity, novelty, surprisal } from "./variety.ts";

/** Figures of single users whose means say how well a model ranks. */
const perUser = {
  recall: recallAt,
  ndcg: ndcgAt,
  averagePrecision: averagePrecisionAt,
  precision: precisionAt,
  hit: hitAt,
  reciprocalRank: reciprocalRankAt,
} as const;

/** Names of the figures that can be compared user by user. */
export type RankingMetric = keyof typeof perUser | "novelty" | "diversity" | "auc";

/** How well a model ranks, by user and in the mean. All arrays are of the same length, one entry an evaluated user. */
export interface RankingEvaluation {
  readonly k: number;
  readonly itemCount: number;
  /** Indexes of the evaluated users: those with at least one relevant item. */
  readonly users: Int32Array;
  /** What was recommended: item indexes, best first, at most k. */
  readonly lists: readonly Int32Array[];
  readonly recall: Float64Array;
  readonly ndcg: Float64Array;
  readonly averagePrecision: Float64Array;
  readonly precision: Float64Array;
  readonly hit: Float64Array;
  readonly reciprocalRank: Float64Array;
  /** Mean surprisal of the list, in bits. */
  readonly novelty: Float64Array;
  /** Where a similarity of items was given. */
  readonly diversity?: Float64Array;
  /** Where it was asked for: over all items that are not seen. */
  readonly auc?: Float64Array;
  /** Means over the users; 0 where there is none. */
  readonly means: RankingMeans;
}

/** Means of {@link RankingEvaluation}. */
export interface RankingMeans {
  readonly recall: number;
  readonly ndcg: number;
  readonly map: number;
  readonly precision: number;
  readonly hitRate: number;
  readonly mrr: number;
  /** Share of all items that are in at least one list. */
  readonly coverage: number;
  readonly novelty: number;
  readonly diversity?: number;
  readonly auc?: number;
}

/**
 * Recall, NDCG, MAP, precision, hit rate, MRR, coverage and novelty at k over the full catalogue with seen items removed, scored by
 * fold-in as in serving; diversity and AUC where they are asked for.
 *
 * @param task.train Weights that the model gets as each user's history, shape [users × items].
 * @param task.seen All training pairs, those without weight too: they are removed from the lists.
 * @param task.relevant Held-out pairs of positive weight. Users without any are left out.
 * @param task.k Length of the lists. Default 10.
 * @param task.similarity How alike two items are; given, diversity is evaluated too.
 * @param task.auc Whether AUC is evaluated too, which takes the scores of all items. Default false.
 * @param task.onUser Called with the share of users done, 0..1, now and then.
 * @throws UsherError As `recommendBatch`, which makes the lists where scores are products of rows.
 * Cost: one fold-in and O(items) per evaluated user; the lists are kept.
 */
export async function evaluateRanking(task: {
  model: Model;
  train: Interactions;
  seen: Interactions;
  relevant: Interactions;
  k?: number;
  similarity?: ItemSimilarity;
  auc?: boolean;
  onUser?: (fraction: number) => void;
}): Promise<RankingEvaluation> {
  const { model, train, seen, relevant, k = 10, similarity, onUser } = task;
  const users = usersWithEntries(relevant);
  const areas = task.auc ? new Float64Array(users.length) : undefined;
  const onScores = areas && areaOf({ seen, relevant }, areas);
  const lists = await rankUsers({ model, train, seen, users, k, onUser }, onScores);
  const surprisals = surprisal(seen);
  return judgeLists({
    k,
    itemCount: model.itemCount,
    users,
    lists,
    relevant,
    novelty: Float64Array.from(lists, (list) => novelty(list, surprisals)),
    ...(similarity ? { diversity: Float64Array.from(lists, (list) => diversity(list, similarity)) } : {}),
    ...(areas ? { auc: areas } : {}),
  });
}

/**
 * The figures of lists that were made before, whoever made them.
 *
 * @param of.relevant Shape [all users × items]; `users` are its rows.
 * Cost: O(users · k + relevant entries).
 */
export function judgeLists(
  of: Pick<RankingEvaluation, "k" | "itemCount" | "users" | "lists" | "novelty" | "diversity" | "auc"> & {
    relevant: Interactions;
  },
): RankingEvaluation {
  const { relevant, ...given } = of;
  const { k, itemCount, users, lists } = given;
  const sets = lists.map((ranked, at) => ({
    ranked,
    relevant: new Set(historyOf(relevant, users[at]!).items),
  }));
  const figures = (metric: keyof typeof perUser) =>
    Float64Array.from(sets, (list) => perUser[metric](list, k));
  const judged = {
    ...given,
    recall: figures("recall"),
    ndcg: figures("ndcg"),
    averagePrecision: figures("averagePrecision"),
    precision: figures("precision"),
    hit: figures("hit"),
    reciprocalRank: figures("reciprocalRank"),
  };
  return {
    ...judged,
    means: {
      recall: mean(judged.recall),
      ndcg: mean(judged.ndcg),
      map: mean(judged.averagePrecision),
      precision: mean(judged.precision),
      hitRate: mean(judged.hit),
      mrr: mean(judged.reciprocalRank),
      coverage: coverage(lists, itemCount),
      novelty: mean(given.novelty),
      ...(given.diversity ? { diversity: mean(given.diversity) } : {}),
      ...(given.auc ? { auc: mean(given.auc) } : {}),
    },
  };
}

/** Writes the area under the ROC curve of each user, from the scores of all items. */
function areaOf(of: { seen: Interactions; relevant: Interactions }, areas: Float64Array) {
  const kindOf = new Uint8Array(of.relevant.itemCount); // 0 negative, 1 positive, 2 seen
  return (at: number, user: number, scores: Float32Array) => {
    kindOf.fill(0);
    for (const item of historyOf(of.relevant, user).items) kindOf[item] = 1;
    for (const item of historyOf(of.seen, user).items) kindOf[item] = 2;
    areas[at] = auc({
      positives: scores.filter((_, item) => kindOf[item] === 1),
      negatives: scores.filter((_, item) => kindOf[item] === 0),
    });
  };
}

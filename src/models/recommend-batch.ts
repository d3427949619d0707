import { historyOf, type Interactions } from "../data/interactions.ts";
import { openPool, threadCount } from "../kernels/pool.ts";
import { turns } from "../turns.ts";
import { notFinite } from "./factor-search.ts";
import { breathe } from "./fit-loop.ts";
import type { FactorRows, FitRun, Model } from "./model.ts";
import { recommendItems, type ScoredItems } from "./recommend.ts";
import { createRetrieval, type ItemSets } from "./retrieval.ts";

/** Lists of many users, one after the other. */
export interface ScoredLists {
  /** The list of user u is [starts[u] .. starts[u + 1]) of `items` and `scores`, best first. */
  readonly starts: Int32Array;
  readonly items: Int32Array;
  readonly scores: Float32Array;
  /** How much of the arithmetic for all pairs of users and items was done, 0..1; 1 where every item is scored. */
  readonly scoredShare: number;
}

/** What {@link recommendBatch} is asked. */
export interface BatchRequest extends FitRun {
  /** One row a user. A ranking model takes weights, a rating model ratings. */
  readonly histories: Interactions;
  readonly k: number;
  /** Ascending items that each user must not get, such as the training pairs: a matrix of as many rows. */
  readonly excluded: ItemSets;
  /** The only items that may appear, ascending. Default: all. */
  readonly allowed?: Int32Array;
}

/**
 * The k best items for each of many histories: the same lists as {@link recommendItems} gives one by one, to the bit.
 *
 * @throws UsherError `DATA_INVALID`, a history with a value that is not finite; `MEMORY_EXCEEDED`; `CANCELLED`.
 * Cost: where scores are products of rows, a fold-in of each user and at most users · items · width multiply-adds, on all threads;
 *   elsewhere as many single requests, in this thread.
 * @example
 * import { interactionsFromTriples } from "../data/interactions.ts";
 * import { ials } from "./ials.ts";
 * import { listOf, recommendBatch } from "./recommend-batch.ts";
 * const triples = { users: Int32Array.of(0, 0, 1, 1), items: Int32Array.of(0, 1, 1, 2), values: Float32Array.of(1, 1, 1, 1) };
 * const histories = interactionsFromTriples(triples, { userCount: 2, itemCount: 3 });
 * const model = await ials.fit(histories, { factors: 2, seed: 1 });
 * const lists = await recommendBatch(model, { histories, k: 3, excluded: histories });
 * [listOf(lists, 0).items, listOf(lists, 1).items]; // → [Int32Array [2], Int32Array [0]]
 */
export async function recommendBatch(model: Model, request: BatchRequest): Promise<ScoredLists> {
  const { factorRows, algorithm, itemCount } = model;
  const k = Math.max(0, Math.min(request.k, itemCount));
  if (factorRows && k > 0) return searchFactors(factorRows, { ...request, k, algorithm });
  return searchOneByOne(model, { ...request, k });
}

/** The list of one user, as views. */
export function listOf({ starts, items, scores }: ScoredLists, user: number): ScoredItems {
  const [from, to] = [starts[user]!, starts[user + 1]!];
  return { items: items.subarray(from, to), scores: scores.subarray(from, to) };
}

/** How long lists are searched for before others get their turn. */
const turnMs = 8;

async function searchOneByOne(model: Model, request: BatchRequest): Promise<ScoredLists> {
  const { histories, excluded, k, allowed } = request;
  const { userCount } = histories;
  const collected = collect(userCount, k);
  const turn = turns({ turnMs, isDue: true, giveWay: () => breathe(model.algorithm, request) });
  for (let user = 0; user < userCount; user++) {
    if (await turn()) request.onProgress?.(user / userCount, `user ${user} of ${userCount}`);
    const seen = excluded.items.subarray(excluded.starts[user], excluded.starts[user + 1]);
    const history = historyOf(histories, user);
    const one = { history, k, excluded: seen, ...(allowed ? { allowed } : {}) };
    collected.add(recommendItems(model, one));
  }
  return collected.lists(1);
}

/** Users that are searched for at a time: their lists and histories bound the memory. */
const chunkUsers = 4096;
const chunkListCells = 1 << 22;

async function searchFactors(
  model: FactorRows,
  request: BatchRequest & { algorithm: string },
): Promise<ScoredLists> {
  const { histories, excluded, k, allowed, algorithm } = request;
  const { userCount } = histories;
  const users = Math.max(1, Math.min(chunkUsers, userCount, Math.floor(chunkListCells / k)));
  const chunks = Array.from({ length: Math.ceil(userCount / users) }, (_, chunk) => ({
    from: chunk * users,
    to: Math.min(userCount, (chunk + 1) * users),
  }));
  const most = ({ starts }: { starts: Int32Array }) =>
    chunks.reduce((most, { from, to }) => Math.max(most, starts[to]! - starts[from]!), 0);
  const threads = threadCount(request.threads);
  const capacity = { users, entries: most(histories), excluded: most(excluded), k, threads };
  const retrieval = createRetrieval(model, capacity);
  retrieval.allow(allowed);
  const pool = openPool(retrieval.workspace, threads);
  const collected = collect(userCount, k);
  const between = () => breathe(algorithm, request);
  let steps = 0;
  try {
    for (const { from, to } of chunks) {
      await between();
      const { jobs, lists } = retrieval.place({ histories, excluded, from, to, k });
      for (const job of jobs) if ((await pool.run(job, between)) !== 0) throw notFinite(algorithm);
      for (let user = 0; user < to - from; user++) {
        const [begin, end] = [user * k, user * k + lists.counts[user]!];
        const scores = lists.scores.subarray(begin, end).map((score) => score + model.offset);
        collected.add({ items: lists.items.subarray(begin, end), scores });
        steps += lists.steps[user]!;
      }
      request.onProgress?.(to / userCount, `user ${to} of ${userCount}`);
    }
  } finally {
    pool.close();
  }
  return collected.lists(userCount === 0 ? 0 : steps / (retrieval.stepsAll * userCount));
}

/** Lists as they come, put one after the other. */
function collect(userCount: number, k: number) {
  const starts = new Int32Array(userCount + 1);
  const items = new Int32Array(userCount * k);
  const scores = new Float32Array(userCount * k);
  let user = 0;
  return {
    add(list: ScoredItems) {
      const at = starts[user]!;
      items.set(list.items, at);
      scores.set(list.scores, at);
      starts[++user] = at + list.items.length;
    },
    lists: (scoredShare: number): ScoredLists => ({
      starts,
      items: items.subarray(0, starts[userCount]),
      scores: scores.subarray(0, starts[userCount]),
      scoredShare,
    }),
  };
}

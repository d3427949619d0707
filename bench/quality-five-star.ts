import { join } from "node:path";
import { interactionsFromTriples } from "../src/data/interactions.ts";
import { splitAtRandom } from "../src/data/split.ts";
import { mean, recallOfAllAt } from "../src/evaluate/metrics.ts";
import { evaluateRanking, type RankingEvaluation } from "../src/evaluate/ranking.ts";
import { type BenchOptions, indexesOf, readNumbers } from "./movielens.ts";
import { algorithmOf, type Contender, type QualityRow } from "./quality-row.ts";

const contenders: readonly Contender[] = [
  { algorithm: "popularity", parameters: {}, label: "popularity" },
  { algorithm: "item-knn", parameters: {}, label: "item-knn" },
  {
    algorithm: "ease",
    parameters: { regularization: 350 },
    label: "ease, l2 350",
    must: [{ least: 0.3 }],
    aim: [{ least: 0.3085 }],
  },
  {
    algorithm: "ials",
    parameters: { factors: 64, epochs: 12, regularization: 0.02, unobservedWeight: 0.03 },
    label: "ials, 64 factors",
    must: [{ least: 0.295 }],
    aim: [{ least: 0.3085 }],
  },
];

/**
 * Recall@20 over the full catalogue of the fifth of all five-star ratings that was drawn at random (seed 42), after Dacrema et al. 2021,
 * "Movielens 1M our split". Recall divides by all held-out items of a user, as there. Tiny: 300 users, small models.
 */
export async function fiveStarRows({ dataFolder, tiny }: BenchOptions): Promise<QualityRow[]> {
  const { train, test } = splitAtRandom(await fiveStars(join(dataFolder, "ml-1m"), tiny), {
    share: 0.2,
    seed: 42,
  });
  const rows: QualityRow[] = [];
  for (const contender of contenders) {
    const { label, parameters, must, aim } = contender;
    const row = {
      protocol: "MovieLens-1M, 5-star events, random 80/20, full ranking",
      model: label,
      metrics: ["Recall@20"],
      ...(must ? { must } : {}),
      ...(aim ? { aim } : {}),
    };
    const algorithm = algorithmOf(contender);
    if (!algorithm) {
      rows.push(row);
      continue;
    }
    const started = performance.now();
    const size = tiny && "factors" in parameters ? { factors: 8 } : {};
    const model = await algorithm.fit(train, { ...parameters, ...size });
    const fitSeconds = (performance.now() - started) / 1000;
    const evaluation = await evaluateRanking({ model, train, seen: train, relevant: test, k: 20 });
    const note = `MAP@20 ${evaluation.means.map.toFixed(4)}`;
    rows.push({ ...row, reached: [recallOfAll(evaluation, test)], fitSeconds, note });
  }
  return rows;
}

function recallOfAll({ users, lists, k }: RankingEvaluation, test: Awaited<ReturnType<typeof fiveStars>>) {
  const each = Float64Array.from(users, (user, at) => {
    const relevant = new Set(test.items.subarray(test.starts[user], test.starts[user + 1]));
    return recallOfAllAt({ ranked: lists[at]!, relevant }, k);
  });
  return mean(each);
}

async function fiveStars(folder: string, tiny: boolean) {
  const file = { folder, path: "ratings-without-timestamps.dat", separator: "::" };
  const columns = (await readNumbers(file, 3)) as [Int32Array, Int32Array, Int32Array];
  const [userIds, itemIds, ratings] = columns;
  const items = indexesOf(itemIds);
  const userCount = tiny ? 300 : indexesOf(userIds).count;
  const kept = Array.from(ratings.keys()).filter((row) => ratings[row] === 5 && userIds[row]! <= userCount);
  return interactionsFromTriples(
    {
      users: Int32Array.from(kept, (row) => userIds[row]! - 1),
      items: Int32Array.from(kept, (row) => items.of(itemIds[row]!)),
      values: new Float32Array(kept.length).fill(1),
    },
    { userCount, itemCount: items.count },
  );
}

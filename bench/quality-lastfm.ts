import { join } from "node:path";
import { type Interactions, mapInteractions } from "../src/data/interactions.ts";
import { splitByUser } from "../src/data/split.ts";
import { compareFigures } from "../src/evaluate/compare.ts";
import { evaluateRanking } from "../src/evaluate/ranking.ts";
import type { Model, Parameters } from "../src/models/model.ts";
import { type BenchOptions, indexesOf, ratingMatrix, readNumbers } from "./movielens.ts";
import { algorithmOf, type QualityRow } from "./quality-row.ts";

/** How play counts become weights: 1, 1 + ln(plays), or √plays; each divided by its mean, so that the other parameters mean the same. */
const weightings = {
  "binary weights": () => 1,
  "weights 1 + ln plays": (plays: number) => 1 + Math.log(plays),
  "weights √plays": (plays: number) => Math.sqrt(plays),
} as const;
type Weighting = keyof typeof weightings;

/** A point of the grid. */
interface Choice {
  readonly weighting: Weighting;
  readonly parameters: Parameters;
}

const seed = 7;
const all = Object.keys(weightings) as Weighting[];
const grid = (...points: Parameters[]): Choice[] =>
  all.flatMap((weighting) => points.map((parameters) => ({ weighting, parameters })));
const cross = (left: readonly Parameters[], right: readonly Parameters[]) =>
  left.flatMap((one) => right.map((other) => ({ ...one, ...other })));

const grids: Readonly<Record<string, readonly Choice[]>> = {
  popularity: grid({}),
  "item-knn": grid(
    ...cross(
      [{ neighbours: 50 }, { neighbours: 200 }],
      [{ shrinkage: 0 }, { shrinkage: 10 }, { shrinkage: 100 }],
    ),
  ),
  ials: grid(
    ...cross(
      [{ unobservedWeight: 0.01 }, { unobservedWeight: 0.03 }, { unobservedWeight: 0.1 }],
      [{ regularization: 0.003 }, { regularization: 0.01 }, { regularization: 0.03 }],
    ).map((point) => ({ ...point, factors: 64, epochs: 12 })),
  ),
};

/**
 * NDCG@10 over the full catalogue on a seeded fifth of each user's artists of Last.fm-2k. Each model is tuned by a grid on a fifth of
 * the training part, fitted anew on all of it, and compared with implicit ALS user by user. Tiny: 300 users and one point of each grid.
 */
export async function lastfmRows({ dataFolder, tiny }: BenchOptions): Promise<QualityRow[]> {
  const plays = await readPlays(join(dataFolder, "lastfm-2k"), tiny);
  const { train, test } = splitByUser(plays, { share: 0.2, seed });
  const inner = splitByUser(train, { share: 0.2, seed: seed + 1 });
  const judged = [];
  for (const [algorithm, choices] of Object.entries(grids)) {
    let best: { choice: Choice; ndcg: number } | undefined;
    for (const choice of tiny ? choices.slice(0, 1) : choices) {
      const { evaluation } = await judge(algorithm, choice, inner);
      if (!best || evaluation.means.ndcg > best.ndcg) best = { choice, ndcg: evaluation.means.ndcg };
    }
    const { choice } = best!;
    judged.push({
      algorithm,
      choice,
      tried: choices.length,
      ...(await judge(algorithm, choice, { train, test })),
    });
  }
  const ials = judged.at(-1)!.evaluation;
  return judged.map(({ algorithm, choice, tried, fitSeconds, evaluation }): QualityRow => {
    const { left, difference } = compareFigures(
      { metric: "ndcg", left: evaluation.ndcg, right: ials.ndcg },
      { seed },
    );
    const own = `95 %: ${left.low.toFixed(4)} .. ${left.high.toFixed(4)}; best of ${tried}: ${choiceText(choice)}`;
    const isIals = evaluation === ials;
    return {
      protocol: `Last.fm-2k, seeded 80/20 (seed ${seed}), tuned`,
      model: algorithm,
      metrics: isIals ? ["NDCG@10"] : ["NDCG@10", "95 % of the difference to ials below 0"],
      ...(isIals ? {} : { must: [{}, { most: 0 }] }),
      reached: isIals ? [left.mean] : [left.mean, difference.high],
      fitSeconds,
      note: isIals ? own : `${own}; minus ials ${range(difference)}`,
    };
  });
}

async function judge(
  name: string,
  choice: Choice,
  { train, test }: { train: Interactions; test: Interactions },
) {
  const algorithm = algorithmOf({ algorithm: name, parameters: choice.parameters, label: name });
  if (!algorithm) throw new Error(`expected an algorithm ${name} with ${choiceText(choice)}`);
  const weights = weighted(train, choice.weighting);
  const started = performance.now();
  const model: Model = await algorithm.fit(weights, choice.parameters);
  const fitSeconds = (performance.now() - started) / 1000;
  return {
    fitSeconds,
    evaluation: await evaluateRanking({ model, train: weights, seen: train, relevant: test }),
  };
}

function weighted(plays: Interactions, weighting: Weighting): Interactions {
  const weights = mapInteractions(plays, weightings[weighting]);
  const mean = weights.values.reduce((sum, weight) => sum + weight, 0) / weights.values.length;
  return mapInteractions(weights, (weight) => weight / mean);
}

const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
const range = (interval: { low: number; high: number }) =>
  `${signed(interval.low)} .. ${signed(interval.high)}`;
const choiceText = ({ weighting, parameters }: Choice) =>
  [weighting, ...Object.entries(parameters).map(([name, value]) => `${name} ${value}`)].join(", ");

async function readPlays(folder: string, tiny: boolean): Promise<Interactions> {
  const file = { folder, path: "user_artists.dat", separator: "\t", skipLines: 1 };
  const [userIds, itemIds, plays] = (await readNumbers(file, 3)) as [Int32Array, Int32Array, Int32Array];
  const [users, items] = [indexesOf(userIds), indexesOf(itemIds)];
  const userCount = tiny ? 300 : users.count;
  const isKept = userIds.map((id) => (users.of(id) < userCount ? 1 : 0));
  const kept = (column: Int32Array) => column.filter((_, row) => isKept[row]);
  const columns = {
    users: kept(userIds).map(users.of),
    items: kept(itemIds).map(items.of),
    ratings: kept(plays),
  };
  return ratingMatrix(columns, { userCount, itemCount: items.count });
}

import { join } from "node:path";
import { evaluateGivenNegatives } from "../src/evaluate/given-negatives.ts";
import type { BenchOptions } from "./movielens.ts";
import { type LeaveOneOut, readLeaveOneOut } from "./ncf-leave-one-out.ts";
import { algorithmOf, type Bound, type Contender, type QualityRow } from "./quality-row.ts";

const around = (value: number): Bound => ({ least: value - 0.001, most: value + 0.001 });
const atLeast = (...values: number[]) => values.map((least) => ({ least }));
/** `regularization` of both was chosen on another leave-one-out split of the training part, with negatives of our own. */
const ials = { epochs: 16, unobservedWeight: 0.3 };

const contenders: readonly Contender[] = [
  { algorithm: "popularity", parameters: {}, label: "popularity", must: [around(0.454), around(0.254)] },
  {
    algorithm: "item-knn",
    parameters: { weighting: "bm25", neighbours: 111, shrinkage: 298 },
    label: "item-knn, BM25, cosine",
    must: atLeast(0.665, 0.395),
  },
  {
    algorithm: "ease",
    parameters: { regularization: 1000 },
    label: "ease, l2 1,000",
    must: atLeast(0.716, 0.448),
  },
  {
    algorithm: "ials",
    parameters: { ...ials, factors: 64, regularization: 0.005 },
    label: "ials, 64 factors",
    must: atLeast(0.722, 0.44),
  },
  {
    algorithm: "ials",
    parameters: { ...ials, factors: 192, regularization: 0.007 },
    label: "ials, 192 factors",
    must: atLeast(0.73, 0.451),
    aim: atLeast(0.74, 0.46),
  },
];

/** HR@10 and NDCG@10 against the 99 published negatives, after He et al. 2017. Tiny: 300 users, small models. */
export async function leaveOneOutRows({ dataFolder, tiny }: BenchOptions): Promise<QualityRow[]> {
  const task = await readLeaveOneOut(join(dataFolder, "ml-1m"), tiny ? 300 : undefined);
  const rows: QualityRow[] = [];
  for (const contender of contenders) rows.push(await rowOf(contender, task, tiny));
  return rows;
}

async function rowOf(contender: Contender, task: LeaveOneOut, tiny: boolean): Promise<QualityRow> {
  const { label, parameters, must, aim } = contender;
  const row = {
    protocol: "MovieLens-1M, leave-one-out, 99 given negatives",
    model: label,
    metrics: ["HR@10", "NDCG@10"],
    ...(must ? { must } : {}),
    ...(aim ? { aim } : {}),
  };
  const algorithm = algorithmOf(contender);
  if (!algorithm) return row;
  const started = performance.now();
  const size = tiny && "factors" in parameters ? { factors: 8, epochs: 3 } : {};
  const model = await algorithm.fit(task.train, { ...parameters, ...size });
  const fitSeconds = (performance.now() - started) / 1000;
  const { means } = evaluateGivenNegatives({ model, ...task });
  return { ...row, reached: [means.hitRate, means.ndcg], fitSeconds };
}

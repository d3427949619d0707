import { setImmediate } from "node:timers/promises";
import type { Progress } from "../contracts/progress.ts";
import type { ModelChoice, TrainingReport } from "../contracts/release.ts";
import type { Interactions } from "../data/interactions.ts";
import type { TrainingSet } from "../data/training-set.ts";
import { UsherError } from "../errors.ts";
import { evaluateRanking } from "../evaluate/ranking.ts";
import { evaluateRating } from "../evaluate/rating.ts";
import { algorithms } from "../models/algorithms.ts";
import type { Model } from "../models/model.ts";
import { type AlgorithmTable, type Candidate, defaultCandidates } from "./candidates.ts";
import {
  chooseRanker,
  chooseRater,
  compareRankers,
  compareRaters,
  judge,
  type Ranked,
  type Rated,
} from "./choose.ts";
import { type Entrant, type Entrants, entrantsOf } from "./entrants.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { type SliceFigures, sliceFigures } from "./slice-figures.ts";
import { rankerWeights, type SetSplit, splitSet } from "./split-set.ts";

/** What to train on and what to try. */
export interface TrainRequest {
  readonly set: TrainingSet;
  /** Default: `defaultCandidates`. The two baselines are always evaluated, whether named here or not. */
  readonly candidates?: readonly Candidate[];
  /** Seed of the split, the models and the intervals. */
  readonly seed: number;
  /** Length of the evaluated lists. Default 10. */
  readonly k?: number;
  /** Names of the groups of each item, such as its genres, by item index: the report then has a slice for each. */
  readonly itemGroups?: readonly (readonly string[])[];
  /** The ranker that serves now, with all of its parameters: the gate compares with it. */
  readonly present?: ModelChoice;
  /** The rater that serves now: it takes part, so that the new one is never worse on the same split. */
  readonly presentRater?: ModelChoice;
  /** Default: every algorithm of `models/`. */
  readonly algorithms?: AlgorithmTable;
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
}

/** A ranker and a rater that may serve, fitted on all data, and what is known about them. */
export interface TrainedRelease {
  readonly report: TrainingReport;
  readonly ranker: Model;
  readonly rater: Model;
  readonly set: TrainingSet;
}

const heldOutShare = 0.2;
const note =
  "The figures are of models fitted on the 80 % train split; the models that serve are refitted on all ratings with the same parameters and seed.";

/**
 * Fits all candidates on 80 % of each user's ratings, compares them on the rest, and refits the two winners on everything.
 *
 * Ranker: the best NDCG@k whose paired 95 % interval against popularity lies above 0, else popularity itself. Rater: the lowest
 * RMSE. The gate refuses a ranker whose interval against the present one, refitted on the same 80 %, lies below 0.
 *
 * Touches no disk. Phases of progress: `train`, `evaluate`, `train` (the refit).
 *
 * @throws UsherError `DATA_EMPTY`; `MODEL_UNKNOWN`; `MODEL_PARAMETER`; `MODEL_DIVERGED`; `CANCELLED`;
 * `GATE_REFUSED` with the report as `details.report`.
 */
export async function trainRelease(request: TrainRequest): Promise<TrainedRelease> {
  const { report, ranker, rater } = await compare(request);
  if (report.gate.decision === "refused") {
    throw new UsherError("GATE_REFUSED", `the new ranker is refused: ${report.gate.reason}`, {
      details: { report },
    });
  }
  const { set } = request;
  const weights = rankerWeights(set);
  const refit = { request, steps: 2, suffix: " on all data" };
  return {
    report,
    ranker: await fit(ranker, { ...refit, data: weights, step: 0 }),
    rater: await fit(rater, { ...refit, data: set.ratings, step: 1 }),
    set,
  };
}

/**
 * The comparison of `trainRelease` alone: nothing is refitted, and a refusal by the gate is only reported.
 *
 * @throws UsherError As `trainRelease`, but for `GATE_REFUSED`.
 */
export async function compareCandidates(request: TrainRequest): Promise<TrainingReport> {
  return (await compare(request)).report;
}

async function compare(
  request: TrainRequest,
): Promise<{ report: TrainingReport; ranker: Entrant; rater: Entrant }> {
  const {
    set,
    seed,
    candidates = defaultCandidates,
    algorithms: table = algorithms,
    present,
    presentRater,
  } = request;
  if (set.ratings.items.length === 0) {
    throw new UsherError("DATA_EMPTY", "training: expected at least one rating, got none");
  }
  const entrants = entrantsOf({ candidates, seed, table, present, presentRater });
  const split = splitSet(set, { share: heldOutShare, seed });
  const figures = await fitAndEvaluate(fittable(entrants, split), { request, split });
  const rankers = compareRankers(figures.rankers, { baseline: entrants.rankerBaseline, seed });
  const raters = compareRaters(figures.raters, { baseline: entrants.raterBaseline, seed });
  const { ranker, reason } = chooseRanker(rankers, { baseline: entrants.rankerBaseline });
  const rater = chooseRater(raters);
  const report: TrainingReport = {
    ...describe({ request, split, rankers, raters }),
    slices: slicesOf({ request, split, rankers, baseline: entrants.rankerBaseline }),
    chosen: { ranker: choiceOf(ranker.entrant), rater: choiceOf(rater.entrant), reason },
    gate: judge({ chosen: ranker, rankers, serving: present, present: entrants.present, seed }),
  };
  return { report, ranker: ranker.entrant, rater: rater.entrant };
}

/** All entrants; without a single sign of liking in the training part there is nothing to rank by but popularity. */
function fittable({ all, rankerBaseline }: Entrants, { train }: SetSplit): readonly Entrant[] {
  if (train.isLiked) return all;
  return all.filter((entrant) => entrant === rankerBaseline || entrant.algorithm.purpose === "rating");
}

async function fit(
  entrant: Entrant,
  options: { data: Interactions; request: TrainRequest; step: number; steps: number; suffix?: string },
): Promise<Model> {
  const { data, request, step, steps, suffix = "" } = options;
  const { onProgress, signal } = request;
  const say = (fraction: number, text: string) =>
    onProgress?.({
      phase: "train",
      text: `${entrant.label}${suffix}: ${text}`,
      fraction: (step + fraction) / steps,
    });
  await breathe(signal);
  say(0, "start");
  return entrant.algorithm.fit(data, entrant.parameters, { onProgress: say, ...(signal ? { signal } : {}) });
}

async function fitAndEvaluate(
  entrants: readonly Entrant[],
  { request, split: { train, test } }: { request: TrainRequest; split: SetSplit },
): Promise<{ rankers: Omit<Ranked, "interval">[]; raters: Omit<Rated, "interval">[] }> {
  const { weights, seen } = train;
  const isRanker = (entrant: Entrant) => entrant.algorithm.purpose === "ranking";
  const steps = entrants.length;
  const models: Model[] = [];
  for (const [step, entrant] of entrants.entries()) {
    models.push(
      await fit(entrant, { data: isRanker(entrant) ? weights : train.ratings, request, step, steps }),
    );
  }
  const rankers: Omit<Ranked, "interval">[] = [];
  const raters: Omit<Rated, "interval">[] = [];
  for (const [step, model] of models.entries()) {
    const entrant = entrants[step] as Entrant;
    await breathe(request.signal);
    const onUser = (fraction: number) =>
      request.onProgress?.({ phase: "evaluate", text: entrant.label, fraction: (step + fraction) / steps });
    if (isRanker(entrant)) {
      const task = { model, train: weights, seen, relevant: test.relevant, k: request.k ?? 10, onUser };
      rankers.push({ entrant, evaluation: await evaluateRanking(task) });
    } else {
      raters.push({
        entrant,
        evaluation: evaluateRating({ model, train: train.ratings, test: test.ratings, onUser }),
      });
    }
  }
  return { rankers, raters };
}

/** Lets timers and messages through between two stretches of work, and stops where somebody asked for it. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw new UsherError("CANCELLED", "the training was cancelled");
}

function slicesOf(of: {
  request: TrainRequest;
  split: SetSplit;
  rankers: readonly Ranked[];
  baseline: Entrant;
}): SliceFigures[] {
  const { request, split, rankers, baseline } = of;
  const { seed, itemGroups } = request;
  const { relevant } = split.test;
  return sliceFigures({ rankers, baseline, seen: split.train.seen, relevant }, { seed, itemGroups });
}

function choiceOf({ algorithm, parameters }: Entrant): ModelChoice {
  return { algorithm: algorithm.name, parameters: { ...parameters } };
}

function describe(options: {
  request: TrainRequest;
  split: SetSplit;
  rankers: readonly Ranked[];
  raters: readonly Rated[];
}): Omit<TrainingReport, "chosen" | "gate"> {
  const { request, split, rankers, raters } = options;
  const { set, seed, k = 10 } = request;
  return {
    seed,
    data: {
      fingerprint: fingerprintOf(set),
      users: set.users.size,
      items: set.items.size,
      ratings: set.ratings.items.length,
    },
    split: {
      share: heldOutShare,
      order: split.usersAtRandom === 0 ? "time" : split.usersByTime === 0 ? "random" : "mixed",
      train_ratings: split.train.ratings.items.length,
      test_ratings: split.test.ratings.items.length,
      users_evaluated: rankers[0]?.evaluation.users.length ?? 0,
    },
    k,
    note,
    rankers: rankers.map(({ entrant, evaluation: { means }, interval }) => ({
      ...choiceOf(entrant),
      ndcg: means.ndcg,
      recall: means.recall,
      map: means.map,
      coverage: means.coverage,
      ndcg_against_popularity: interval,
    })),
    raters: raters.map(({ entrant, evaluation, interval }) => ({
      ...choiceOf(entrant),
      rmse: evaluation.rmse,
      mae: evaluation.mae,
      rmse_against_baseline: interval,
    })),
  };
}

import type { Interval, ModelChoice, TrainingReport } from "../contracts/release.ts";
import { UsherError } from "../errors.ts";
import { pairedInterval, pairedRmseInterval, type SquaredErrors } from "../evaluate/interval.ts";
import type { RankingEvaluation } from "../evaluate/ranking.ts";
import type { RatingEvaluation } from "../evaluate/rating.ts";
import type { Entrant } from "./entrants.ts";

/** A ranker with its figures. `interval`: its NDCG minus popularity's; null for popularity and where there was nothing to evaluate. */
export interface Ranked {
  readonly entrant: Entrant;
  readonly evaluation: RankingEvaluation;
  readonly interval: Interval | null;
}

/** A rater with its figures. `interval`: its RMSE minus the baseline's; null for the baseline and where there was nothing to evaluate. */
export interface Rated {
  readonly entrant: Entrant;
  readonly evaluation: RatingEvaluation;
  readonly interval: Interval | null;
}

/** Sets every ranker beside the baseline, user by user. */
export function compareRankers(
  rankers: readonly Omit<Ranked, "interval">[],
  options: { baseline: Entrant; seed: number },
): Ranked[] {
  const { baseline, seed } = options;
  const right = rankers.find(({ entrant }) => entrant === baseline)?.evaluation.ndcg;
  return rankers.map((ranked) => {
    const isComparable = ranked.entrant !== baseline && right && right.length > 0;
    const left = ranked.evaluation.ndcg;
    return { ...ranked, interval: isComparable ? pairedInterval({ left, right }, { seed }) : null };
  });
}

/** Sets every rater beside the baseline, user by user. */
export function compareRaters(
  raters: readonly Omit<Rated, "interval">[],
  options: { baseline: Entrant; seed: number },
): Rated[] {
  const { baseline, seed } = options;
  const errors = (evaluation: RatingEvaluation): SquaredErrors => ({
    sums: evaluation.squaredErrors,
    counts: evaluation.counts,
  });
  const right = raters.find(({ entrant }) => entrant === baseline)?.evaluation;
  return raters.map((rated) => {
    const isComparable = rated.entrant !== baseline && right && right.users.length > 0;
    const pair = right && { left: errors(rated.evaluation), right: errors(right) };
    return { ...rated, interval: isComparable && pair ? pairedRmseInterval(pair, { seed }) : null };
  });
}

/** The best candidate whose interval against popularity lies above 0, else popularity, and why. */
export function chooseRanker(
  rankers: readonly Ranked[],
  options: { baseline: Entrant },
): { ranker: Ranked; reason: string } {
  let best: Ranked | undefined;
  for (const ranked of rankers) {
    const isBetter = ranked.entrant.isCandidate && ranked.interval !== null && ranked.interval.low > 0;
    if (isBetter && ranked.evaluation.means.ndcg > (best?.evaluation.means.ndcg ?? 0)) best = ranked;
  }
  if (best) {
    const reason = `${best.entrant.label} has the best NDCG@${best.evaluation.k} of those that are better than popularity with 95 % confidence`;
    return { ranker: best, reason };
  }
  const baseline = rankers.find(({ entrant }) => entrant === options.baseline);
  if (!baseline) throw new UsherError("INTERNAL", "training: the popularity baseline was not evaluated");
  const reason =
    baseline.evaluation.users.length === 0
      ? "popularity serves: no user has enough ratings for one of positive weight to be held out"
      : "popularity serves: no candidate is better with 95 % confidence";
  return { ranker: baseline, reason };
}

/** The rater of the lowest RMSE; of equals the first. */
export function chooseRater(raters: readonly Rated[]): Rated {
  const [first, ...others] = raters;
  if (!first) throw new UsherError("INTERNAL", "training: no rater was evaluated");
  return others.reduce((best, next) => (next.evaluation.rmse < best.evaluation.rmse ? next : best), first);
}

/**
 * Whether the chosen ranker may follow the one that serves: refused where its paired 95 % interval against it lies below 0.
 *
 * @param options.serving What serves now, as its release says; absent where nothing serves.
 * @param options.present The entrant that stands for it; absent where it cannot be refitted.
 */
export function judge(options: {
  chosen: Ranked;
  rankers: readonly Ranked[];
  serving: ModelChoice | undefined;
  present: Entrant | undefined;
  seed: number;
}): TrainingReport["gate"] {
  const { chosen, rankers, serving, present, seed } = options;
  if (!serving) return { decision: "accepted", reason: "no release serves yet" };
  const accepted = (reason: string) => ({ decision: "accepted" as const, reason, present: serving });
  if (!present)
    return accepted(`${serving.algorithm}, which serves, cannot be refitted by this version: not compared`);
  if (present === chosen.entrant) return accepted("the same model as the one that serves");
  const right = rankers.find(({ entrant }) => entrant === present)?.evaluation.ndcg;
  if (!right || right.length === 0) return accepted("no user could be evaluated: not compared");
  const interval = pairedInterval({ left: chosen.evaluation.ndcg, right }, { seed });
  const range = `${signed(interval.low)} to ${signed(interval.high)}`;
  return {
    decision: interval.high < 0 ? "refused" : "accepted",
    reason: `NDCG@${chosen.evaluation.k} of ${chosen.entrant.label} minus that of ${present.label}, which serves: 95 % interval ${range}`,
    present: serving,
    ndcg_against_present: interval,
  };
}

const signed = (value: number) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(4)}`;

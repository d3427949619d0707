import type { ModelChoice } from "../contracts/release.ts";
import { UsherError } from "../errors.ts";
import type { Algorithm, Parameters } from "../models/model.ts";
import {
  type AlgorithmTable,
  algorithmNamed,
  allParameters,
  type Candidate,
  isBaseline,
  labelOf,
  rankerBaseline,
  raterBaseline,
} from "./candidates.ts";

/** A model that takes part in a comparison: what to fit, with which parameters, and in which role. */
export interface Entrant {
  readonly algorithm: Algorithm;
  /** All parameters, defaults included. */
  readonly parameters: Parameters;
  readonly label: string;
  /** False for a ranker that is only there because it serves now: the gate compares with it, but it cannot be chosen. */
  readonly isCandidate: boolean;
}

/** All who take part, each model once. */
export interface Entrants {
  readonly all: readonly Entrant[];
  readonly rankerBaseline: Entrant;
  readonly raterBaseline: Entrant;
  /** The ranker that serves now; absent where none serves or this version of the code cannot refit it. */
  readonly present: Entrant | undefined;
}

/**
 * The candidates, the two baselines where no candidate is one, and the present ranker and rater where no candidate is the same model.
 *
 * @throws UsherError `MODEL_UNKNOWN`: a candidate that is no algorithm.
 */
export function entrantsOf(options: {
  candidates: readonly Candidate[];
  seed: number;
  table: AlgorithmTable;
  present: ModelChoice | undefined;
  presentRater?: ModelChoice | undefined;
}): Entrants {
  const { candidates, seed, table, present, presentRater } = options;
  const byKey = new Map<string, Entrant>();
  const enter = (candidate: Candidate, isCandidate: boolean): Entrant => {
    const algorithm = algorithmNamed(candidate.algorithm, { table });
    const parameters = allParameters(candidate, { algorithm, seed });
    const key = JSON.stringify([algorithm.name, Object.entries(parameters).sort()]);
    const label = labelOf({ algorithm: algorithm.name, parameters }, table);
    const entrant = byKey.get(key) ?? { algorithm, parameters, label, isCandidate };
    byKey.set(key, entrant);
    return entrant;
  };
  const entered = candidates.map((candidate) => ({ candidate, entrant: enter(candidate, true) }));
  const baselineOf = (baseline: Candidate) =>
    entered.find(({ candidate }) => isBaseline(candidate, baseline))?.entrant ?? enter(baseline, true);
  const baselines = {
    rankerBaseline: baselineOf(rankerBaseline),
    raterBaseline: baselineOf(raterBaseline),
  };
  const presentEntrant =
    present && canBeFitted(present, { table, purpose: "ranking" }) ? enter(present, false) : undefined;
  // a rater is never worse than the one before: that one takes part too
  if (presentRater && canBeFitted(presentRater, { table, purpose: "rating" })) enter(presentRater, true);
  return { all: [...byKey.values()], ...baselines, present: presentEntrant };
}

/** Whether this version of the code still has the algorithm and takes the parameters of a stored release. */
function canBeFitted(
  { algorithm: name, parameters }: ModelChoice,
  { table, purpose }: { table: AlgorithmTable; purpose: Algorithm["purpose"] },
): boolean {
  const algorithm = Object.hasOwn(table, name) ? table[name] : undefined;
  if (algorithm?.purpose !== purpose) return false;
  try {
    allParameters({ algorithm: name, parameters }, { algorithm, seed: 0 });
    return true;
  } catch (error) {
    if (error instanceof UsherError && error.code === "MODEL_PARAMETER") return false;
    throw error;
  }
}

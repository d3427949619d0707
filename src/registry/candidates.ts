import { guessOf } from "../contracts/mismatch.ts";
import { UsherError } from "../errors.ts";
import { algorithms } from "../models/algorithms.ts";
import type { Algorithm, Parameters } from "../models/model.ts";
import { resolveParameters } from "../models/parameters.ts";

/** Algorithms by name. */
export type AlgorithmTable = Readonly<Record<string, Algorithm>>;

/** An algorithm to try, with the parameters that differ from its defaults. */
export interface Candidate {
  readonly algorithm: string;
  readonly parameters: Parameters;
}

/** What every ranker is compared with, and what serves where none is better. Always evaluated. */
export const rankerBaseline: Candidate = { algorithm: "popularity", parameters: {} };

/** What stands beside every rater: user and item biases without factors. Always evaluated. */
export const raterBaseline: Candidate = { algorithm: "biased-mf", parameters: { factors: 0 } };

/** What `usher train` tries where nothing else is asked for. */
export const defaultCandidates: readonly Candidate[] = [
  rankerBaseline,
  { algorithm: "item-knn", parameters: {} },
  { algorithm: "ials", parameters: {} },
  raterBaseline,
  { algorithm: "biased-mf", parameters: {} },
];

/** True where a candidate is the baseline, whatever its other parameters are. */
export function isBaseline(candidate: Candidate, baseline: Candidate): boolean {
  return (
    candidate.algorithm === baseline.algorithm &&
    Object.entries(baseline.parameters).every(([name, value]) => candidate.parameters[name] === value)
  );
}

/**
 * Makes sure that parameters by algorithm (`models` in usher.json) are ones that the algorithms have, before any work is done.
 *
 * @param field Where they stand, for the refusal.
 * @throws UsherError `MODEL_UNKNOWN`, `MODEL_PARAMETER`, with the field.
 */
export function checkModelSettings(models: Readonly<Record<string, Parameters>>, field = "models"): void {
  for (const [name, parameters] of Object.entries(models)) {
    const algorithm = algorithmNamed(name, { field: `${field}.${name}` });
    allParameters({ algorithm: name, parameters }, { algorithm, seed: 0, field: `${field}.${name}` });
  }
}

/**
 * The default candidates with configured parameters (`models` in usher.json) laid under their own, so that a parameter that a
 * candidate is defined by, such as the baseline's `factors: 0`, stays.
 *
 * @param options.parameters Parameters by algorithm.
 * @param options.algorithms Only these; one without a default candidate is tried with its configured parameters. Default: the table.
 * @throws UsherError `MODEL_UNKNOWN`: a name that is no algorithm.
 */
export function candidatesWith(
  options: { parameters?: Readonly<Record<string, Parameters>>; algorithms?: readonly string[] } = {},
): Candidate[] {
  const { parameters = {}, algorithms: names = defaultCandidates.map(({ algorithm }) => algorithm) } =
    options;
  for (const name of [...Object.keys(parameters), ...names]) algorithmNamed(name);
  return [...new Set(names)]
    .flatMap((name) => {
      const known = defaultCandidates.filter(({ algorithm }) => algorithm === name);
      return known.length > 0 ? known : [{ algorithm: name, parameters: {} }];
    })
    .map(({ algorithm, parameters: own }) => ({
      algorithm,
      parameters: { ...parameters[algorithm], ...own },
    }));
}

/**
 * An algorithm of a table by its name.
 * @throws UsherError `MODEL_UNKNOWN`, naming those that there are.
 */
export function algorithmNamed(
  name: string,
  { table = algorithms, field }: { table?: AlgorithmTable; field?: string } = {},
): Algorithm {
  const algorithm = Object.hasOwn(table, name) ? table[name] : undefined;
  if (algorithm) return algorithm;
  const known = Object.keys(table);
  throw new UsherError(
    "MODEL_UNKNOWN",
    `expected one of the algorithms ${known.join(", ")}, got ${name.slice(0, 100)}${guessOf(name, known)}`,
    field === undefined ? {} : { details: { field } },
  );
}

/**
 * All parameters of a candidate: its own over `seed` (where the algorithm takes one) over the defaults.
 * Two candidates of one algorithm with the same of these are the same model.
 *
 * @throws UsherError `MODEL_PARAMETER`.
 */
export function allParameters(
  candidate: Candidate,
  options: { algorithm: Algorithm; seed: number; field?: string },
): Parameters {
  const { name, parameters: rules } = options.algorithm;
  const seedRule = rules["seed"];
  const seed = seedRule && "max" in seedRule ? { seed: options.seed % (seedRule.max + 1) } : {};
  const { field } = options;
  const of = { algorithm: name, rules, ...(field === undefined ? {} : { field }) };
  return resolveParameters(of, { ...seed, ...candidate.parameters });
}

/** A model for a person: its algorithm and the parameters that differ from the defaults, such as `biased-mf factors 0`. */
export function labelOf(choice: Candidate, table: AlgorithmTable = algorithms): string {
  const rules = table[choice.algorithm]?.parameters ?? {};
  const own = Object.entries(choice.parameters).filter(
    ([name, value]) => name !== "seed" && name in rules && rules[name]?.default !== value,
  );
  return [choice.algorithm, ...own.map(([name, value]) => `${name} ${value}`)].join(" ");
}

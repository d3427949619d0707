import type { Interactions } from "../data/interactions.ts";
import { breathe } from "./fit-loop.ts";
import type { Algorithm, Model, ModelData } from "./model.ts";
import { checkModelData, modelArray } from "./model-data.ts";
import { resolveParameters } from "./parameters.ts";
import { checkMemory, checkTrainingData } from "./training-data.ts";

const rules = {
  priorCount: {
    default: 0,
    min: 0,
    max: 1e9,
    meaning: "how many average interactions each item is given besides its own (C)",
  },
  countExponent: {
    default: 1,
    min: 0,
    max: 2,
    meaning: "1: how much in all; 0: how good on average, as weighted ratings are",
  },
  votesMin: {
    default: 1,
    min: 0,
    max: 1e9,
    integer: true,
    meaning: "items with fewer interactions score 0",
  },
  halfLifeDays: {
    default: 0,
    min: 0,
    max: 1e6,
    meaning: "age in days at which an interaction counts half, from the newest one on; 0: age does not count",
  },
} as const;

const of = { algorithm: "popularity", rules };

/**
 * The same order for everybody: score = n^countExponent · (C·m + Σ weight) / (C + n).
 *
 * n is the number of an item's interactions of positive weight, m the mean of all such weights, C = `priorCount`. With the defaults
 * the score is Σ weight; with weights of 1 it is the count. With countExponent 0 it is the Bayesian mean that film sites rank by.
 * With `halfLifeDays` h every interaction counts 2^(−age / h) in n and in the sum, age in days before the newest interaction; one
 * without a time counts as new. `votesMin` is of interactions as they are.
 *
 * @throws UsherError `DATA_EMPTY`, `DATA_INVALID`, `MODEL_PARAMETER`, `CANCELLED`.
 * Cost: O(entries) time, itemCount · 4 bytes.
 */
export const popularity: Algorithm = {
  name: of.algorithm,
  purpose: "ranking",
  parameters: rules,
  memoryBytes: ({ itemCount }) => itemCount * 20,
  async fit(interactions, given, run) {
    const parameters = resolveParameters(of, given);
    checkTrainingData(interactions, { algorithm: of.algorithm, valueMin: 0 });
    checkMemory(popularity, { interactions, parameters, run });
    await breathe(of.algorithm, run);
    const scores = scoresOf(interactions, parameters);
    run?.onProgress?.(1, "counted");
    return popularityModel(scores, parameters);
  },
  load(data: ModelData) {
    const parameters = checkModelData(data, of);
    return popularityModel(
      modelArray(data, { name: "scores", type: "f32", length: data.itemCount }),
      parameters,
    );
  },
};

function scoresOf(interactions: Interactions, parameters: Readonly<Record<keyof typeof rules, number>>) {
  const { itemCount, items, values } = interactions;
  const { priorCount, countExponent, votesMin, halfLifeDays } = parameters;
  const votes = new Float64Array(itemCount);
  const counts = new Float64Array(itemCount);
  const sums = new Float64Array(itemCount);
  const shareLeft = decay(interactions.times, halfLifeDays);
  for (let entry = 0; entry < items.length; entry++) {
    if (values[entry] === 0) continue;
    const share = shareLeft(entry);
    votes[items[entry]!]!++;
    counts[items[entry]!]! += share;
    sums[items[entry]!]! += share * values[entry]!;
  }
  const mean = sum(sums) / (sum(counts) || 1);
  return Float32Array.from(counts, (count, item) => {
    if (votes[item]! < votesMin || count + priorCount === 0) return 0;
    return (count ** countExponent * (priorCount * mean + sums[item]!)) / (priorCount + count);
  });
}

const secondsPerDay = 86_400;

/** How much of an interaction is left: 2^(−age / half-life), 1 where there is no half-life or no time. */
function decay(times: Float64Array | undefined, halfLifeDays: number): (entry: number) => number {
  if (!times || halfLifeDays === 0) return () => 1;
  const newest = times.reduce((latest, time) => (time > latest ? time : latest), Number.NEGATIVE_INFINITY);
  return (entry) => {
    const age = newest - times[entry]!;
    return Number.isNaN(age) ? 1 : 2 ** (-age / (halfLifeDays * secondsPerDay));
  };
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

function popularityModel(own: Float32Array, parameters: Readonly<Record<string, number>>): Model {
  const itemCount = own.length;
  return {
    algorithm: of.algorithm,
    parameters,
    itemCount,
    scoreItems: (_history, scores) => scores.set(own),
    scoreChosen: (_history, items) => Float32Array.from(items, (item) => own[item]!),
    contributions: () => undefined,
    // Popularity knows nothing of likeness: an item is like itself only.
    similarItems: (item, scores) => {
      scores.fill(0)[item] = 1;
    },
    toData: () => ({ algorithm: of.algorithm, parameters, itemCount, arrays: { scores: own } }),
  };
}

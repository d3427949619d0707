import type { History, Interactions } from "../../src/data/interactions.ts";
import type { Algorithm, FitRun, Parameters } from "../../src/models/model.ts";

/** What a planted model answers: the score of an item for a history, knowing what it was fitted on. */
export type PlantedScore = (
  item: number,
  known: { history: History; fittedOn: Interactions; parameters: Parameters },
) => number;

/** An algorithm whose scores a test decides. `fits` collects what it was asked to fit. */
export function plantedAlgorithm(options: {
  name: string;
  purpose?: "ranking" | "rating";
  /** Names of parameters, each a number from 0 on, default 1. */
  parameters?: readonly string[];
  score: PlantedScore;
  fits?: { name: string; entries: number; parameters: Parameters }[];
  onFit?: (run: FitRun | undefined) => void;
}): Algorithm {
  const { name, purpose = "ranking", parameters: names = [], score, fits, onFit } = options;
  const rule = { default: 1, min: 0, max: 1e9, meaning: "planted" };
  const modelOf = (fittedOn: Interactions, parameters: Parameters) => ({
    algorithm: name,
    parameters,
    itemCount: fittedOn.itemCount,
    scoreItems: (history: History, scores: Float32Array) => {
      for (let item = 0; item < scores.length; item++)
        scores[item] = score(item, { history, fittedOn, parameters });
    },
    scoreChosen: (history: History, items: ArrayLike<number>) =>
      Float32Array.from(items, (item) => score(item, { history, fittedOn, parameters })),
    contributions: () => undefined,
    similarItems: (item: number, scores: Float32Array) => scores.fill(0).fill(1, item, item + 1),
    toData: () => ({ algorithm: name, parameters, itemCount: fittedOn.itemCount, arrays: {} }),
  });
  return {
    name,
    purpose,
    parameters: Object.fromEntries(names.map((parameter) => [parameter, rule])),
    memoryBytes: () => 0,
    fit: async (interactions, parameters = {}, run) => {
      onFit?.(run);
      run?.onProgress?.(0.5, "half");
      fits?.push({ name, entries: interactions.items.length, parameters });
      return modelOf(interactions, parameters);
    },
    load: () => {
      throw new Error("planted models are not stored");
    },
  };
}

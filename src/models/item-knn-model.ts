import { type History, transpose } from "../data/interactions.ts";
import type { ItemKnnParameters } from "./item-knn.ts";
import type { Model } from "./model.ts";
import { checkHistory } from "./training-data.ts";

const algorithm = "item-knn";

/** Neighbour lists: those of item i are at starts[i] .. starts[i + 1] − 1, most similar first. */
export interface Neighbours {
  readonly starts: Int32Array;
  readonly items: Int32Array;
  readonly similarities: Float32Array;
}

/** A fitted neighbourhood model. Scoring walks the lists turned round: for each item of the history, those that have it as a neighbour. */
export function itemKnnModel(neighbours: Neighbours, parameters: ItemKnnParameters): Model {
  const { starts, items, similarities } = neighbours;
  const itemCount = starts.length - 1;
  const turned = transpose({ userCount: itemCount, itemCount, starts, items, values: similarities });
  const contributions = (history: History, chosen: ArrayLike<number>) => {
    checkHistory(history, { algorithm, itemCount, valueMin: 0 });
    return Array.from(chosen, (item) => {
      const similarity = new Map<number, number>();
      for (let entry = starts[item]!; entry < starts[item + 1]!; entry++) {
        similarity.set(items[entry]!, similarities[entry]!);
      }
      return Float32Array.from(
        history.items,
        (other, at) => (similarity.get(other) ?? 0) * history.values[at]!,
      );
    });
  };
  return {
    algorithm,
    parameters,
    itemCount,
    scoreItems(history, scores) {
      checkHistory(history, { algorithm, itemCount, valueMin: 0 });
      scores.fill(0);
      for (let at = 0; at < history.items.length; at++) {
        const item = history.items[at]!;
        const weight = history.values[at]!;
        for (let entry = turned.starts[item]!; entry < turned.starts[item + 1]!; entry++) {
          scores[turned.items[entry]!]! += turned.values[entry]! * weight;
        }
      }
    },
    scoreChosen: (history, chosen) =>
      Float32Array.from(contributions(history, chosen), (terms) =>
        terms.reduce((sum, term) => sum + term, 0),
      ),
    contributions,
    similarItems(item, scores) {
      scores.fill(0);
      for (let entry = starts[item]!; entry < starts[item + 1]!; entry++) {
        scores[items[entry]!] = similarities[entry]!;
      }
      scores[item] = 1;
    },
    toData: () => ({ algorithm, parameters, itemCount, arrays: { starts, items, similarities } }),
  };
}

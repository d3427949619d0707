import type { History } from "../data/interactions.ts";
import { paddedWidth } from "../kernels/kernels.ts";
import { bytesOf, createWorkspace } from "../kernels/workspace.ts";
import type { Model, Parameters } from "./model.ts";
import { checkHistory } from "./training-data.ts";

const algorithm = "ease";

const arrayBytes = (itemCount: number) => {
  const width = paddedWidth(itemCount);
  return [4 * itemCount * width, 4 * itemCount, 4 * itemCount, 4 * width];
};

/** Bytes of a served model. */
export function easeModelBytes(itemCount: number): number {
  return bytesOf(...arrayBytes(itemCount));
}

/** A model of item-to-item weights in linear memory, all of them 0 until they are written. */
export interface EaseWeights {
  readonly itemCount: number;
  readonly width: number;
  /** [itemCount × width]: cell (j, i) is what an interaction of weight 1 with item j adds to the score of item i. */
  readonly rows: Float32Array;
  /** The model of these weights. */
  asModel(parameters: Parameters): Model;
}

/** Lays out the memory of a model. */
export function easeWeights(itemCount: number): EaseWeights {
  const width = paddedWidth(itemCount);
  const workspace = createWorkspace({ bytes: easeModelBytes(itemCount) });
  const rows = workspace.f32(itemCount * width);
  const items = workspace.i32(itemCount);
  const values = workspace.f32(itemCount);
  const scores = workspace.f32(width);

  const score = (history: History) => {
    checkHistory(history, { algorithm, itemCount, valueMin: 0 });
    items.set(history.items);
    values.set(history.values);
    workspace.kernels.addRows(
      ...([rows.byteOffset, width, items.byteOffset, values.byteOffset, history.items.length] as const),
      scores.byteOffset,
    );
  };
  const asModel = (parameters: Parameters): Model => ({
    algorithm,
    parameters,
    itemCount,
    scoreItems(history, out) {
      score(history);
      out.set(scores.subarray(0, itemCount));
    },
    scoreChosen(history, chosen) {
      score(history);
      return Float32Array.from(chosen, (item) => scores[item]!);
    },
    contributions(history, chosen) {
      checkHistory(history, { algorithm, itemCount, valueMin: 0 });
      return Array.from(chosen, (item) =>
        Float32Array.from(history.items, (other, at) => history.values[at]! * rows[other * width + item]!),
      );
    },
    // With P the inverse, B(i, j)·B(j, i) = P(i, j)² / (P(i, i)·P(j, j)): the square of the partial correlation of two items.
    similarItems(item, out) {
      for (let other = 0; other < itemCount; other++) {
        const there = rows[item * width + other]!;
        const back = rows[other * width + item]!;
        out[other] = Math.sign(there) * Math.min(1, Math.sqrt(Math.max(0, there * back)));
      }
      out[item] = 1;
    },
    toData() {
      const itemWeights = new Float32Array(itemCount * itemCount);
      for (let item = 0; item < itemCount; item++) {
        itemWeights.set(rows.subarray(item * width, item * width + itemCount), item * itemCount);
      }
      return { algorithm, parameters, itemCount, arrays: { itemWeights } };
    },
  });
  return { itemCount, width, rows, asModel };
}

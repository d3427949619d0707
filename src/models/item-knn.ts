import { type Interactions, transpose } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import { bytesOf, createWorkspace } from "../kernels/workspace.ts";
import { breathe } from "./fit-loop.ts";
import { itemKnnModel, type Neighbours } from "./item-knn-model.ts";
import type { Algorithm, FitRun } from "./model.ts";
import { checkModelData, modelArray } from "./model-data.ts";
import { resolveParameters } from "./parameters.ts";
import { checkTrainingData } from "./training-data.ts";

const rules = {
  neighbours: {
    default: 100,
    min: 1,
    max: 100_000,
    integer: true,
    meaning: "how many of the most similar items each item keeps",
  },
  shrinkage: {
    default: 10,
    min: 0,
    max: 1e9,
    meaning: "how strongly a similarity that few users support is drawn to 0",
  },
} as const;

/** All parameters of item-kNN. */
export type ItemKnnParameters = Readonly<Record<keyof typeof rules, number>>;

const of = { algorithm: "item-knn", rules };

/**
 * Who liked this also liked that: an item scores by how similar it is to those of the history.
 *
 * similarity(i, j) = Σ over users w_ui·w_uj / (|w_i|·|w_j| + shrinkage); each item keeps its `neighbours` most similar items, and
 * score(i) = Σ over the history's j among the neighbours of i of similarity(i, j) · w_j.
 *
 * @throws UsherError `DATA_EMPTY`; `DATA_INVALID`, a weight that is negative or not finite; `MODEL_PARAMETER`; `CANCELLED`.
 * Cost: O(Σ over users entries² + items²) time, items · neighbours · 16 bytes.
 * Source: Sarwar, Karypis, Konstan, Riedl 2001, section 3.1.1; shrinkage as in Bell, Koren 2007.
 */
export const itemKnn: Algorithm = {
  name: of.algorithm,
  purpose: "ranking",
  parameters: rules,
  memoryBytes({ itemCount, entryCount }, given) {
    const { neighbours } = resolveParameters(of, given);
    const kept = Math.min(neighbours, itemCount);
    return entryCount * 8 + itemCount * (16 * kept + 40) + selectionBytes(itemCount, kept);
  },
  async fit(interactions, given, run) {
    const parameters = resolveParameters(of, given);
    checkTrainingData(interactions, { algorithm: of.algorithm, valueMin: 0 });
    const neighbours = await findNeighbours(interactions, parameters, run);
    return itemKnnModel(neighbours, parameters);
  },
  load(data) {
    const parameters = checkModelData(data, of);
    const starts = modelArray(data, { name: "starts", type: "i32", length: data.itemCount + 1 });
    const items = modelArray(data, { name: "items", type: "i32" });
    const similarities = modelArray(data, { name: "similarities", type: "f32", length: items.length });
    const isOrdered = starts.every((start, item) => start >= (item === 0 ? 0 : starts[item - 1]!));
    const isInRange = items.every((item) => item >= 0 && item < data.itemCount);
    if (!isOrdered || !isInRange || starts[0] !== 0 || starts[data.itemCount] !== items.length) {
      throw new UsherError("MODEL_FILE", "item-knn: expected neighbour lists in range, got others");
    }
    return itemKnnModel({ starts, items, similarities }, parameters);
  },
};

const selectionBytes = (itemCount: number, kept: number) => bytesOf(4 * itemCount, 4, 4 * kept, 4 * kept);

/** Items between two breaths of the event loop. */
const blockItems = 64;

/** The most similar items of each item, best first, found row by row of the sparse product with a dense accumulator. */
async function findNeighbours(
  interactions: Interactions,
  parameters: ItemKnnParameters,
  run: FitRun | undefined,
): Promise<Neighbours> {
  const { itemCount } = interactions;
  const kept = Math.min(parameters.neighbours, itemCount);
  const byItem = transpose(interactions);
  const workspace = createWorkspace({ bytes: selectionBytes(itemCount, kept) });
  const selection = {
    similarities: workspace.f32(itemCount),
    self: workspace.i32(1),
    items: workspace.i32(kept),
    values: workspace.f32(kept),
  };
  const row = similarityRow({ interactions, byItem, shrinkage: parameters.shrinkage });
  const starts = new Int32Array(itemCount + 1);
  const items: Int32Array[] = [];
  const values: Float32Array[] = [];
  for (let item = 0; item < itemCount; item++) {
    if (item % blockItems === 0) {
      await breathe(of.algorithm, run);
      run?.onProgress?.(item / itemCount, `item ${item} of ${itemCount}`);
    }
    row(item, selection.similarities);
    selection.self[0] = item;
    const found = workspace.kernels.topK(
      ...([selection.similarities.byteOffset, itemCount, selection.self.byteOffset, 1, kept] as const),
      ...([selection.items.byteOffset, selection.values.byteOffset] as const),
    );
    items.push(selection.items.slice(0, found));
    values.push(selection.values.slice(0, found));
    starts[item + 1] = starts[item]! + found;
  }
  run?.onProgress?.(1, `item ${itemCount} of ${itemCount}`);
  const total = starts[itemCount]!;
  const neighbours = { starts, items: new Int32Array(total), similarities: new Float32Array(total) };
  for (let item = 0; item < itemCount; item++) {
    neighbours.items.set(items[item]!, starts[item]!);
    neighbours.similarities.set(values[item]!, starts[item]!);
  }
  return neighbours;
}

/** Returns a function that writes the similarity of every item to one; −∞ where they have no user in common. */
function similarityRow(of: { interactions: Interactions; byItem: Interactions; shrinkage: number }) {
  const { interactions, byItem, shrinkage } = of;
  const { itemCount, starts, items, values } = interactions;
  const norms = new Float64Array(itemCount);
  for (let entry = 0; entry < items.length; entry++) norms[items[entry]!]! += values[entry]! ** 2;
  for (let item = 0; item < itemCount; item++) norms[item] = Math.sqrt(norms[item]!);
  const sums = new Float64Array(itemCount);
  const touched = new Int32Array(itemCount);
  return (item: number, out: Float32Array) => {
    out.fill(Number.NEGATIVE_INFINITY);
    let count = 0;
    for (let at = byItem.starts[item]!; at < byItem.starts[item + 1]!; at++) {
      const weight = byItem.values[at]!;
      if (weight === 0) continue;
      const user = byItem.items[at]!;
      for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) {
        const other = items[entry]!;
        const before = sums[other]!;
        const after = before + weight * values[entry]!;
        if (before === 0 && after > 0) touched[count++] = other;
        sums[other] = after;
      }
    }
    for (let at = 0; at < count; at++) {
      const other = touched[at]!;
      out[other] = sums[other]! / (norms[item]! * norms[other]! + shrinkage);
      sums[other] = 0;
    }
  };
}

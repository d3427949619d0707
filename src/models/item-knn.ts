import type { Interactions } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import { openPool, threadCount } from "../kernels/pool.ts";
import { bytesOf, createWorkspace } from "../kernels/workspace.ts";
import { breathe } from "./fit-loop.ts";
import { itemKnnModel, type Neighbours } from "./item-knn-model.ts";
import { pairBytes, placePairs } from "./item-pairs.ts";
import { itemWeights, weightings } from "./item-weights.ts";
import type { Algorithm, FitRun, FitShape } from "./model.ts";
import { checkModelData, modelArray } from "./model-data.ts";
import { type Resolved, resolveParameters } from "./parameters.ts";
import { checkMemory, checkTrainingData, shapeOf } from "./training-data.ts";

const rules = {
  neighbours: {
    default: 100,
    min: 1,
    max: 100_000,
    integer: true,
    meaning: "how many of the most similar items each item keeps",
  },
  similarity: {
    default: "cosine",
    choices: ["cosine", "product"],
    meaning: "cosine of two items' weights over the users, or the plain sum of their products",
  },
  weighting: {
    default: "plain",
    choices: weightings,
    meaning: "how interactions are weighted before items are compared",
  },
  shrinkage: {
    default: 10,
    min: 0,
    max: 1e9,
    meaning: "how strongly a cosine that few users support is drawn to 0",
  },
  k1: { default: 1.2, min: 0, max: 1e6, meaning: "bm25: how slowly the weight of an interaction saturates" },
  b: { default: 0.75, min: 0, max: 1, meaning: "bm25: how much interactions of items with many count less" },
} as const;

/** All parameters of item-kNN. */
export type ItemKnnParameters = Resolved<typeof rules>;

const of = { algorithm: "item-knn", rules };

/**
 * Who liked this also liked that: an item scores by how similar it is to those of the history.
 *
 * similarity(i, j) = Σ over users w_ui·w_uj, as cosine divided by |w_i|·|w_j| + shrinkage, with the weights of `weighting`; each item keeps
 * its `neighbours` most similar items, and score(i) = Σ over the history's j among the neighbours of i of similarity(i, j) · weight of j.
 * `tf-idf` with `cosine`, and `bm25` with `product`, are the recommenders of those names elsewhere.
 *
 * @throws UsherError `DATA_EMPTY`; `DATA_INVALID`, a weight that is negative or not finite; `MODEL_PARAMETER`; `MEMORY_EXCEEDED`;
 *   `CANCELLED`.
 * Cost: O(Σ over users entries² + items²) time, items · neighbours · 16 bytes.
 * Source: Sarwar, Karypis, Konstan, Riedl 2001, section 3.1.1; shrinkage as in Bell, Koren 2007. The neighbours are checked against
 *   implicit 0.7.3 (`test/golden/item-knn.py`).
 */
export const itemKnn: Algorithm = {
  name: of.algorithm,
  purpose: "ranking",
  parameters: rules,
  memoryBytes(shape, given) {
    const { neighbours } = resolveParameters(of, given);
    const kept = Math.min(neighbours, shape.itemCount);
    return fitBytes(shape, { kept, threads: threadCount() }) + shape.itemCount * (16 * kept + 40);
  },
  async fit(interactions, given, run) {
    const parameters = resolveParameters(of, given);
    checkTrainingData(interactions, { algorithm: of.algorithm, valueMin: 0 });
    checkMemory(itemKnn, { interactions, parameters, run });
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

function fitBytes(shape: FitShape, { kept, threads }: { kept: number; threads: number }): number {
  const { itemCount } = shape;
  const lists = [4 * itemCount * kept, 4 * itemCount * kept, 4 * itemCount];
  return bytesOf(...pairBytes(shape), 4 * itemCount, ...lists, threads * scratchBytes(itemCount));
}

/** Bytes of scratch of a thread: a row of sums and an index, so that each begins at a multiple of 16. */
const scratchBytes = (itemCount: number) => Math.ceil((itemCount + 1) / 16) * 64;

/** The most similar items of each item, best first. */
async function findNeighbours(
  interactions: Interactions,
  parameters: ItemKnnParameters,
  run: FitRun | undefined,
): Promise<Neighbours> {
  const { itemCount } = interactions;
  const kept = Math.min(parameters.neighbours, itemCount);
  const threads = threadCount(run?.threads);
  await breathe(of.algorithm, run);
  const workspace = createWorkspace({ bytes: fitBytes(shapeOf(interactions), { kept, threads }) });
  const pool = openPool(workspace, threads);
  try {
    const weights = itemWeights(interactions, parameters);
    const pairs = placePairs(workspace, interactions, { weights, isUpper: false });
    const norms = workspace.f32(itemCount);
    const isCosine = parameters.similarity === "cosine";
    if (isCosine) measureItems(interactions, weights, norms);
    else norms.fill(1);
    const items = workspace.i32(itemCount * kept);
    const similarities = workspace.f32(itemCount * kept);
    const counts = workspace.i32(itemCount);
    const scratch = workspace.f32((threads * scratchBytes(itemCount)) / 4);
    const comparison = [norms.byteOffset, isCosine ? parameters.shrinkage : 0, kept] as const;
    const lists = [items.byteOffset, similarities.byteOffset, counts.byteOffset] as const;
    const { bounds } = pairs;
    const parts = 8; // as many reports of progress
    for (let part = 0; part < parts; part++) {
      const [from, to] = [part, part + 1].map((at) => Math.round((at * (bounds.length - 1)) / parts));
      await pool.run(
        {
          kernel: "neighbourRows",
          args: [...pairs.args, itemCount, ...comparison, ...lists, "scratch", "from", "to"],
          bounds: bounds.slice(from, to! + 1),
          scratch,
        },
        () => breathe(of.algorithm, run),
      );
      run?.onProgress?.((part + 1) / parts, `item ${bounds[to!]} of ${itemCount}`);
    }
    return packLists({ items, similarities, counts, kept });
  } finally {
    pool.close();
  }
}

/** Length of each item's weights over the users. */
function measureItems({ items }: Interactions, weights: Float32Array, norms: Float32Array): void {
  const squares = new Float64Array(norms.length);
  for (let entry = 0; entry < items.length; entry++) squares[items[entry]!]! += weights[entry]! ** 2;
  for (let item = 0; item < norms.length; item++) norms[item] = Math.sqrt(squares[item]!);
}

function packLists(lists: {
  items: Int32Array;
  similarities: Float32Array;
  counts: Int32Array;
  kept: number;
}): Neighbours {
  const { counts, kept } = lists;
  const starts = new Int32Array(counts.length + 1);
  for (let item = 0; item < counts.length; item++) starts[item + 1] = starts[item]! + counts[item]!;
  const total = starts[counts.length]!;
  const items = new Int32Array(total);
  const similarities = new Float32Array(total);
  for (let item = 0; item < counts.length; item++) {
    const [from, to] = [item * kept, item * kept + counts[item]!];
    items.set(lists.items.subarray(from, to), starts[item]!);
    similarities.set(lists.similarities.subarray(from, to), starts[item]!);
  }
  return { starts, items, similarities };
}

import type { Interactions } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import { paddedWidth } from "../kernels/kernels.ts";
import { openPool, type Pool, threadCount } from "../kernels/pool.ts";
import { bytesOf, createWorkspace, type Workspace } from "../kernels/workspace.ts";
import { easeModelBytes, easeWeights } from "./ease-model.ts";
import { breathe } from "./fit-loop.ts";
import { type ItemPairs, pairBytes, placePairs } from "./item-pairs.ts";
import type { Algorithm, FitRun, FitShape } from "./model.ts";
import { checkModelData, modelArray } from "./model-data.ts";
import { resolveParameters } from "./parameters.ts";
import { checkMemory, checkTrainingData, shapeOf } from "./training-data.ts";

const rules = {
  regularization: {
    default: 500,
    min: 0.001,
    max: 1e9,
    meaning: "strength λ of the penalty on large weights (L2)",
  },
} as const;

const of = { algorithm: "ease", rules };

/** The most items: the matrix is dense, 1.6 GB at this size. */
const itemsMax = 20_000;

/** Pivots that are swept together; their packed rows of 64 tiles stay in the second-level cache. */
const pivotBlock = 128;

/**
 * A linear model of all items on all others, in closed form (EASEᴿ): score = history · B.
 *
 * Minimizes |X − X·B|² + λ·|B|² with a diagonal of zeros, by B(i, j) = −P(i, j) / P(j, j) with P = (Xᵀ·X + λ·I)⁻¹. X holds the weights,
 * shape [users × items]; a missing pair counts as 0. Nothing is learned of a user: folding in is a product with the history. Not for
 * large catalogues: time grows with the third power of the items, memory with the second.
 *
 * @throws UsherError `DATA_EMPTY`; `DATA_INVALID`, a weight that is negative or not finite; `MODEL_PARAMETER`; `MEMORY_EXCEEDED`, more
 *   than 20,000 items (the message says how many bytes they need) or more than the system gives; `MODEL_DIVERGED`, λ is too small for
 *   single precision; `CANCELLED`.
 * Cost: O(items³ + Σ over users entries²) time, 8 · items² bytes at the end of the fit, 4 · items² served.
 * Source: Steck 2019, "Embarrassingly shallow autoencoders for sparse data", eq. 8. Checked against NumPy in double precision
 *   (`test/golden/ease.py`).
 */
export const ease: Algorithm = {
  name: of.algorithm,
  purpose: "ranking",
  parameters: rules,
  memoryBytes(shape, given) {
    resolveParameters(of, given);
    return fitBytes(shape) + easeModelBytes(shape.itemCount);
  },
  async fit(interactions, given, run) {
    const parameters = resolveParameters(of, given);
    checkTrainingData(interactions, { algorithm: of.algorithm, valueMin: 0 });
    checkMemory(ease, { interactions, parameters, run });
    const shape = shapeOf(interactions);
    if (shape.itemCount > itemsMax) {
      throw new UsherError(
        "MEMORY_EXCEEDED",
        `ease: expected at most ${itemsMax} items, got ${shape.itemCount}, which need ${ease.memoryBytes(shape)} bytes`,
        { details: { bytes: ease.memoryBytes(shape) } },
      );
    }
    await breathe(of.algorithm, run);
    const workspace = createWorkspace({ bytes: fitBytes(shape) });
    const pool = openPool(workspace, threadCount(run?.threads));
    try {
      return await fitWeights(interactions, { workspace, pool, parameters, run });
    } finally {
      pool.close();
    }
  },
  load(data) {
    const parameters = checkModelData(data, of);
    const { itemCount } = data;
    const length = itemCount * itemCount;
    const itemWeights = modelArray(data, { name: "itemWeights", type: "f32", length });
    const weights = easeWeights(itemCount);
    for (let item = 0; item < itemCount; item++) {
      weights.rows.set(itemWeights.subarray(item * itemCount, (item + 1) * itemCount), item * weights.width);
    }
    return weights.asModel(parameters);
  },
};

function fitBytes(shape: FitShape): number {
  const width = paddedWidth(shape.itemCount);
  const panels = [4 * width * pivotBlock, 4 * width * pivotBlock, 4 * pivotBlock ** 2, 4 * width];
  return bytesOf(...pairBytes(shape), 4 * width * width, ...panels);
}

interface Fit {
  readonly workspace: Workspace;
  readonly pool: Pool;
  readonly parameters: { readonly regularization: number };
  readonly run: FitRun | undefined;
}

async function fitWeights(interactions: Interactions, fit: Fit) {
  const { workspace, pool, parameters, run } = fit;
  const { itemCount, values } = interactions;
  const between = () => breathe(of.algorithm, run);
  const pairs = placePairs(workspace, interactions, { weights: values, isUpper: true });
  const width = paddedWidth(itemCount);
  const matrix = workspace.f32(width * width);
  await addProducts({ pairs, matrix, itemCount, width }, fit);
  await invert({ matrix, width }, fit);
  const scales = workspace.f32(width);
  for (let item = 0; item < width; item++) scales[item] = -1 / matrix[item * (width + 1)]!;
  const tiles = upperTiles(width);
  await pool.run(
    {
      kernel: "scaleColumns",
      args: [matrix.byteOffset, width, scales.byteOffset, "from", "to"],
      bounds: tiles,
    },
    between,
  );
  const weights = easeWeights(itemCount);
  weights.rows.set(matrix.subarray(0, itemCount * width));
  run?.onProgress?.(1, `item ${itemCount} of ${itemCount}`);
  return weights.asModel(parameters);
}

/** matrix = Xᵀ·X + λ·I, upper triangle; padding is a diagonal of 1. */
async function addProducts(
  of: { pairs: ItemPairs; matrix: Float32Array; itemCount: number; width: number },
  { pool, parameters, run }: Fit,
): Promise<void> {
  const { pairs, matrix, itemCount, width } = of;
  const args = [...pairs.args, width, matrix.byteOffset, "from", "to"] as const;
  await pool.run({ kernel: "pairRows", args, bounds: pairs.bounds }, () => breathe("ease", run));
  for (let item = 0; item < width; item++) {
    const cell = item * (width + 1);
    matrix[cell] = item < itemCount ? matrix[cell]! + parameters.regularization : 1;
  }
}

/** matrix becomes minus its inverse, upper triangle. */
async function invert({ matrix, width }: { matrix: Float32Array; width: number }, fit: Fit): Promise<void> {
  const { workspace, pool, parameters, run } = fit;
  const between = () => breathe(of.algorithm, run);
  const inverse = workspace.f32(pivotBlock ** 2).byteOffset;
  const left = workspace.f32(width * pivotBlock).byteOffset;
  const right = workspace.f32(width * pivotBlock).byteOffset;
  const columns = evenTiles(width);
  const rows = upperTiles(width);
  for (let first = 0; first < width; first += pivotBlock) {
    await between();
    const count = Math.min(pivotBlock, width - first);
    const block = [matrix.byteOffset, width, first, count, inverse] as const;
    const failed = workspace.kernels.sweepPivots(...block);
    if (failed !== 0) {
      throw new UsherError(
        "MODEL_DIVERGED",
        `ease: item ${failed - 1} has no finite weights with regularization ${parameters.regularization}`,
        { details: { item: failed - 1 } },
      );
    }
    const args = [...block, left, right, "from", "to"] as const;
    await pool.run({ kernel: "sweepPanel", args, bounds: columns }, between);
    await pool.run({ kernel: "sweepRows", args, bounds: rows }, between);
    run?.onProgress?.((first + count) / (width + pivotBlock), `item ${first + count} of ${width}`);
  }
}

/** Tiles of 8 columns in blocks of 16. */
function evenTiles(width: number): number[] {
  const tiles = width / 8;
  return [...Array.from({ length: Math.ceil(tiles / 16) }, (_, block) => block * 16), tiles];
}

/** Tiles of 8 rows in blocks of equal work over the upper triangle: a block fills threads to the end, and is long enough to use the cache. */
function upperTiles(width: number): number[] {
  const tiles = width / 8;
  const limit = tiles ** 2 / 2 / 24;
  const bounds = [0];
  let work = 0;
  for (let row = 0; row < tiles; row++) {
    work += tiles - row;
    if (work < limit) continue;
    bounds.push(row + 1);
    work = 0;
  }
  if (bounds.at(-1) !== tiles) bounds.push(tiles);
  return bounds;
}

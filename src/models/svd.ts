import type { Interactions } from "../data/interactions.ts";
import { normalStream, seededRandom } from "../data/random.ts";
import { UsherError } from "../errors.ts";
import { paddedWidth } from "../kernels/kernels.ts";
import { openPool, type Pool, threadCount } from "../kernels/pool.ts";
import { bytesOf, createWorkspace } from "../kernels/workspace.ts";
import { breathe } from "./fit-loop.ts";
import { packRows } from "./item-factors.ts";
import type { Algorithm, FitRun, FitShape } from "./model.ts";
import { checkModelData, modelArray } from "./model-data.ts";
import { type Resolved, resolveParameters, seedRule } from "./parameters.ts";
import { gridBytes, gridGroups, placeGrid } from "./rating-grid.ts";
import { type LearnedRatings, ratingModel, ratingModelBytes } from "./rating-model.ts";
import { checkMemory, checkTrainingData, shapeOf } from "./training-data.ts";

const rules = {
  factors: { default: 100, min: 1, max: 1022, integer: true, meaning: "size of each embedding" },
  epochs: { default: 20, min: 1, max: 1000, integer: true, meaning: "times that all ratings are gone over" },
  learningRate: { default: 0.005, min: 1e-9, max: 10, meaning: "how far a rating moves what predicts it" },
  regularization: {
    default: 0.02,
    min: 0,
    max: 1e3,
    meaning: "strength of the penalty on large factors and biases, at every rating",
  },
  initialDeviation: {
    default: 0.1,
    min: 1e-6,
    max: 10,
    meaning: "standard deviation of the first factors",
  },
  foldInRegularization: {
    default: 1.5,
    min: 1e-9,
    max: 1e6,
    meaning: "strength of the penalty on the factors of a user who is folded in, times √ratings",
  },
  seed: seedRule,
} as const;

/** All parameters of SVD. */
export type SvdParameters = Resolved<typeof rules>;

const of = { algorithm: "svd", rules };

/**
 * Biased matrix factorization of ratings by stochastic gradient descent, known as Funk's SVD.
 *
 * Predicts μ + b_u + b_i + p·q. Each rating moves b_u and b_i by γ·(e − λ·b), p by γ·(e·q − λ·p) and q by γ·(e·p − λ·q), with e the error
 * of the prediction, γ the learning rate and λ the regularization. The ratings are gone over in a fixed order of blocks that share no
 * row, so the result does not depend on the number of threads.
 *
 * The rows of users are used in the fit only. A user is known by history: factors and bias are the ridge solution over the history at
 * hand, which predicts better than the fitted row (MovieLens-1M, one fold of five: RMSE 0.864 against 0.874).
 *
 * @throws UsherError `DATA_EMPTY`; `DATA_INVALID`, a rating that is not finite; `MODEL_PARAMETER`; `MODEL_DIVERGED`, naming the epoch;
 *   `MEMORY_EXCEEDED`; `CANCELLED`.
 * Cost: O(epochs · entries · factors) time; `memoryBytes` says how much memory.
 * Source: Koren, Bell, Volinsky 2009, eq. 5; defaults as in Surprise. A fit of one block is checked against NumPy in double precision
 *   (`test/golden/svd.py`).
 */
export const svd: Algorithm = {
  name: of.algorithm,
  purpose: "rating",
  parameters: rules,
  memoryBytes(shape, given) {
    const { factors } = resolveParameters(of, given);
    return fitBytes(shape, factors) + 8 * shape.entryCount + ratingModelBytes(shape.itemCount, factors);
  },
  async fit(interactions, given, run) {
    const parameters = resolveParameters(of, given);
    checkTrainingData(interactions, { algorithm: of.algorithm });
    checkMemory(svd, { interactions, parameters, run });
    await breathe(of.algorithm, run);
    const { factors } = parameters;
    const workspace = createWorkspace({ bytes: fitBytes(shapeOf(interactions), factors) });
    const pool = openPool(workspace, Math.min(gridGroups, threadCount(run?.threads)));
    try {
      return served(await descend(interactions, { workspace, pool, parameters, run }), parameters);
    } finally {
      pool.close();
    }
  },
  load(data) {
    const parameters = checkModelData(data, of);
    const { itemCount } = data;
    const mean = modelArray(data, { name: "mean", type: "f64", length: 1 })[0]!;
    const itemBiases = modelArray(data, { name: "itemBiases", type: "f32", length: itemCount });
    const length = itemCount * parameters.factors;
    const itemFactors = modelArray(data, { name: "itemFactors", type: "f32", length });
    return served({ mean, itemBiases, itemFactors }, parameters);
  },
};

/** The penalty on a folded-in bias, as a share of the one on the factors. */
const biasShare = 0.2;

function served(learned: LearnedRatings, parameters: SvdParameters) {
  const { factors, foldInRegularization } = parameters;
  return ratingModel(learned, {
    algorithm: of.algorithm,
    parameters,
    factors,
    strengthsOf(count) {
      const strength = foldInRegularization * Math.sqrt(count);
      return [strength, biasShare * strength];
    },
  });
}

function fitBytes(shape: FitShape, factors: number): number {
  const { userCount, itemCount } = shape;
  const row = 4 * paddedWidth(factors);
  return bytesOf(...gridBytes(shape), row * userCount, row * itemCount, 4 * userCount, 4 * itemCount);
}

/** Runs all epochs; the users' rows are left behind in the workspace. */
async function descend(
  interactions: Interactions,
  fit: {
    workspace: ReturnType<typeof createWorkspace>;
    pool: Pool;
    parameters: SvdParameters;
    run: FitRun | undefined;
  },
): Promise<LearnedRatings> {
  const { workspace, pool, parameters, run } = fit;
  const { factors, epochs, learningRate, regularization } = parameters;
  const { userCount, itemCount, values } = interactions;
  const width = paddedWidth(factors);
  const grid = placeGrid(workspace, interactions);
  const userRows = workspace.f32(userCount * width);
  const itemRows = workspace.f32(itemCount * width);
  const userBiases = workspace.f32(userCount);
  const itemBiases = workspace.f32(itemCount);
  const normal = normalStream(seededRandom(parameters.seed));
  for (const rows of [userRows, itemRows]) {
    for (let row = 0; row < rows.length; row += width) {
      for (let factor = 0; factor < factors; factor++) {
        rows[row + factor] = normal() * parameters.initialDeviation;
      }
    }
  }
  const mean = values.reduce((sum, rating) => sum + rating, 0) / values.length;
  const ratings = [grid.blockStarts, grid.users, grid.items, grid.values].map((array) => array.byteOffset);
  const rows = [userRows, itemRows, userBiases, itemBiases].map((array) => array.byteOffset);
  const bounds = Array.from({ length: gridGroups + 1 }, (_, group) => group);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let step = 0; step < gridGroups; step++) {
      const args = [
        ...(ratings as [number, number, number, number]),
        ...(rows as [number, number, number, number]),
        ...([width, gridGroups, step, mean, learningRate, regularization, "from", "to"] as const),
      ] as const;
      await pool.run({ kernel: "sgdBlocks", args, bounds }, () => breathe(of.algorithm, run));
    }
    await breathe(of.algorithm, run);
    // a factor that is not finite is seen in the biases it moves, at the latest in the next epoch
    if (!itemBiases.every(Number.isFinite) || (epoch === epochs && !itemRows.every(Number.isFinite))) {
      throw new UsherError(
        "MODEL_DIVERGED",
        `svd: epoch ${epoch} of ${epochs} has no finite factors with learningRate ${learningRate}, regularization ${regularization}`,
        { details: { epoch } },
      );
    }
    run?.onProgress?.(epoch / epochs, `epoch ${epoch} of ${epochs}`);
  }
  const itemFactors = packRows(itemRows, { used: factors, width, rowCount: itemCount });
  return { mean, itemBiases: itemBiases.slice(), itemFactors };
}

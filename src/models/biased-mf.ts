import { type Interactions, transpose } from "../data/interactions.ts";
import { seededRandom } from "../data/random.ts";
import { paddedWidth, scratchFloats } from "../kernels/kernels.ts";
import { openPool, threadCount } from "../kernels/pool.ts";
import { bytesOf, createWorkspace, type Workspace } from "../kernels/workspace.ts";
import { type AlsSide, placeSide, sidesBytes } from "./als-side.ts";
import { alternate, exactSolveBlocks, type HalfStep } from "./fit-loop.ts";
import { packRows } from "./item-factors.ts";
import type { Algorithm, FitShape } from "./model.ts";
import { checkModelData, modelArray } from "./model-data.ts";
import { resolveParameters, seedRule } from "./parameters.ts";
import { type LearnedRatings, ratingModel, ratingModelBytes } from "./rating-model.ts";
import { checkMemory, checkTrainingData, shapeOf } from "./training-data.ts";

const rules = {
  factors: {
    default: 32,
    min: 0,
    max: 1022,
    integer: true,
    meaning: "size of each embedding; 0 leaves the biases alone",
  },
  epochs: { default: 12, min: 1, max: 1000, integer: true, meaning: "times that both sides are solved" },
  regularization: {
    default: 1.4,
    min: 1e-9,
    max: 1e6,
    meaning: "strength λ of the penalty on large factors",
  },
  biasRegularization: {
    default: 1,
    min: 1e-9,
    max: 1e6,
    meaning: "strength of the penalty on large biases",
  },
  regularizationExponent: {
    default: 0.5,
    min: 0,
    max: 2,
    meaning: "how both penalties grow with the ratings in a row: 0 not at all, 1 in proportion",
  },
  seed: seedRule,
} as const;

/** All parameters of biased matrix factorization. */
export type BiasedMfParameters = Readonly<Record<keyof typeof rules, number>>;

const of = { algorithm: "biased-mf", rules };

/**
 * Matrix factorization of ratings with user and item biases, by alternating least squares.
 *
 * Predicts μ + b_u + b_i + p·q and minimizes Σ over ratings (rating − prediction)² + Σ over rows n^ν·(λ·|factors|² + λ_b·bias²), where
 * n is the number of ratings in a row and μ the mean of all. A row's factors and bias are solved together: by a few steps of conjugate
 * gradients from where they stand, in the last epoch exactly. A user is known by history only: scoring solves one row; a user without
 * ratings gets μ + b_i.
 *
 * @throws UsherError `DATA_EMPTY`; `DATA_INVALID`, a rating that is not finite; `MODEL_PARAMETER`; `MODEL_DIVERGED`;
 *   `MEMORY_EXCEEDED`; `CANCELLED`.
 * Cost: O(epochs · entries · factors) time, and once O(entries · factors² + (users + items) · factors³ / 6); `memoryBytes` says how much
 *   memory.
 * Source: Zhou, Wilkinson, Schreiber, Pan 2008 (ALS-WR, eq. 3–5), with the biases of Koren, Bell, Volinsky 2009 (eq. 4) as one
 *   more coordinate beside a constant 1; Takács, Pilászy, Tikk 2011 for the steps. Measured by `bench/rating-5-fold.ts`.
 */
export const biasedMf: Algorithm = {
  name: of.algorithm,
  purpose: "rating",
  parameters: rules,
  memoryBytes(shape, given) {
    const { factors } = resolveParameters(of, given);
    const transposed = shape.entryCount * 8 + shape.itemCount * 8;
    return (
      fitBytes(shape, { factors, threads: threadCount() }) +
      transposed +
      ratingModelBytes(shape.itemCount, factors)
    );
  },
  async fit(interactions, given, run) {
    const parameters = resolveParameters(of, given);
    checkTrainingData(interactions, { algorithm: of.algorithm });
    checkMemory(biasedMf, { interactions, parameters, run });
    const { factors, epochs, regularization, biasRegularization } = parameters;
    const threads = threadCount(run?.threads);
    const fit = startFit(interactions, parameters, threads);
    const pool = openPool(fit.workspace, threads);
    try {
      await alternate({
        algorithm: of.algorithm,
        epochs,
        pool,
        halfSteps: fit.halfSteps,
        remedy: `regularization ${regularization}, biasRegularization ${biasRegularization}`,
        run,
      });
    } finally {
      pool.close();
    }
    const { rows, rowCount } = fit.items;
    const { width, mean } = fit;
    const itemBiases = Float32Array.from(
      { length: rowCount },
      (_, item) => rows[item * width + factors + 1]!,
    );
    const itemFactors = packRows(rows, { used: factors, width, rowCount });
    return served({ mean, itemBiases, itemFactors }, parameters);
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

function served(learned: LearnedRatings, parameters: BiasedMfParameters) {
  const strengthsOf = (count: number) => rowStrengths(count, parameters);
  return ratingModel(learned, {
    algorithm: of.algorithm,
    parameters,
    factors: parameters.factors,
    strengthsOf,
  });
}

/** Strengths of the penalties on the factors and the bias of a row with this many ratings. */
function rowStrengths(
  count: number,
  parameters: BiasedMfParameters,
): readonly [factors: number, bias: number] {
  const scale = count ** parameters.regularizationExponent;
  return [parameters.regularization * scale, parameters.biasRegularization * scale];
}

function fitBytes(shape: FitShape, { factors, threads }: { factors: number; threads: number }): number {
  const width = paddedWidth(factors + 2);
  const biasStrengths = [4 * shape.userCount, 4 * shape.itemCount];
  const squares = [4 * width, 4 * width];
  return bytesOf(
    ...sidesBytes(shape, width),
    ...biasStrengths,
    ...squares,
    4 * threads * scratchFloats(width),
  );
}

/** Everything in linear memory, with random item factors and the two half-steps over it. */
function startFit(interactions: Interactions, parameters: BiasedMfParameters, threads: number) {
  const { factors, seed } = parameters;
  const width = paddedWidth(factors + 2);
  const workspace = createWorkspace({ bytes: fitBytes(shapeOf(interactions), { factors, threads }) });
  const users = placeSide(workspace, interactions, width);
  const items = placeSide(workspace, transpose(interactions), width);
  const mean = users.values.reduce((sum, rating) => sum + rating, 0) / users.values.length;
  const random = seededRandom(seed);
  for (let item = 0; item < items.rowCount; item++) {
    for (let factor = 0; factor < factors; factor++) {
      items.rows[item * width + factor] = (random.normal() * 0.1) / Math.sqrt(factors);
    }
    items.rows[item * width + factors] = 1; // where the user's bias stands
  }
  const scratch = workspace.f32(threads * scratchFloats(width));
  const shared = { mean, scratch, workspace, parameters };
  const userBias = factors;
  const itemBias = factors + 1;
  const halfSteps = [
    halfStep({ side: "user", own: users, other: items, ownBias: userBias, otherBias: itemBias, ...shared }),
    halfStep({ side: "item", own: items, other: users, ownBias: itemBias, otherBias: userBias, ...shared }),
  ];
  return { workspace, width, mean, items, halfSteps };
}

function halfStep(of: {
  side: string;
  own: AlsSide;
  other: AlsSide;
  ownBias: number;
  otherBias: number;
  mean: number;
  scratch: Float32Array;
  workspace: Workspace;
  parameters: BiasedMfParameters;
}): HalfStep {
  const { side, own, other, ownBias, otherBias, mean, scratch, workspace, parameters } = of;
  const width = paddedWidth(parameters.factors + 2);
  const biasRegularization = workspace.f32(own.rowCount);
  for (let row = 0; row < own.rowCount; row++) {
    const [strength, bias] = rowStrengths(own.starts[row + 1]! - own.starts[row]!, parameters);
    own.regularization[row] = strength;
    biasRegularization[row] = bias;
  }
  const squares = workspace.f32(width);
  const bounds = exactSolveBlocks(own.starts, width);
  const rows = [
    ...([own.starts.byteOffset, own.items.byteOffset, own.values.byteOffset, "from", "to"] as const),
    ...([own.rows.byteOffset, other.rows.byteOffset, own.regularization.byteOffset] as const),
    biasRegularization.byteOffset,
  ] as const;
  const model = [width, parameters.factors, mean, ownBias, otherBias] as const;
  return {
    side,
    async prepare() {
      meanSquares(other, squares);
    },
    job: (epoch) => {
      if (epoch === parameters.epochs) {
        return { kernel: "explicitRows", args: [...rows, ...model, "scratch"], bounds, scratch };
      }
      const steps = epoch === 1 ? 3 : 2;
      const args = [...rows, squares.byteOffset, ...model, steps, "scratch"] as const;
      return { kernel: "explicitSteps", args, bounds, scratch };
    },
  };
}

/** Mean square of each float of a side's rows, each row as often as it has entries. */
function meanSquares({ rows, starts, items, rowCount }: AlsSide, squares: Float32Array): void {
  const width = squares.length;
  const sums = new Float64Array(width);
  for (let row = 0; row < rowCount; row++) {
    const entries = starts[row + 1]! - starts[row]!;
    for (let at = 0; at < width; at++) sums[at]! += entries * rows[row * width + at]! ** 2;
  }
  for (let at = 0; at < width; at++) squares[at] = sums[at]! / items.length;
}

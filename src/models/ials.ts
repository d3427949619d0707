import { type Interactions, transpose } from "../data/interactions.ts";
import { seededRandom } from "../data/random.ts";
import { paddedWidth, scratchFloats } from "../kernels/kernels.ts";
import { bytesOf, createWorkspace, type Workspace } from "../kernels/workspace.ts";
import { type AlsSide, placeSide, sidesBytes } from "./als-side.ts";
import { alternate, equalBlocks, type HalfStep } from "./fit-loop.ts";
import { ialsModel, ialsModelBytes, rowStrength } from "./ials-model.ts";
import { packRows } from "./item-factors.ts";
import type { Algorithm, FitShape } from "./model.ts";
import { checkModelData, modelArray } from "./model-data.ts";
import { resolveParameters, seedRule } from "./parameters.ts";
import { checkTrainingData, shapeOf } from "./training-data.ts";

const rules = {
  factors: { default: 64, min: 1, max: 1024, integer: true, meaning: "size of each embedding" },
  epochs: { default: 12, min: 1, max: 1000, integer: true, meaning: "times that both sides are solved" },
  regularization: {
    default: 0.007,
    min: 0,
    max: 1e6,
    meaning: "strength λ of the penalty on large factors",
  },
  unobservedWeight: {
    default: 0.3,
    min: 0,
    max: 1e6,
    meaning:
      "confidence a0 that a pair without interaction is not liked, beside 1 for an interaction of weight 1",
  },
  regularizationExponent: {
    default: 1,
    min: 0,
    max: 2,
    meaning: "how the penalty grows with the weight in a row (ν): 0 not at all, 1 in proportion",
  },
  initialDeviation: {
    default: 0.1,
    min: 1e-6,
    max: 10,
    meaning: "standard deviation of the first item factors, times √factors",
  },
  seed: seedRule,
} as const;

/** All parameters of implicit ALS. */
export type IalsParameters = Readonly<Record<keyof typeof rules, number>>;

const of = { algorithm: "ials", rules };

/**
 * Matrix factorization for implicit feedback, by alternating least squares with exact solves.
 *
 * Minimizes Σ over interactions w·(1 − x·y)² + a0·Σ over *all* cells (x·y)² + Σ over rows λ·(W + a0·N)^ν·|row|², where w is the weight of
 * the interaction (how sure we are that it was liked), W the sum of the weights of a row and N the length of the other side. With
 * weights of 1 this is the formulation of the source. A user is known by history only: scoring solves one row exactly.
 *
 * @throws UsherError `DATA_EMPTY`; `DATA_INVALID`, a weight that is negative or not finite; `MODEL_PARAMETER`; `MODEL_DIVERGED`;
 *   `MEMORY_EXCEEDED`; `CANCELLED`.
 * Cost: O(epochs · (entries · factors² + (users + items) · factors³ / 6)) time; `memoryBytes` says how much memory.
 * Source: Rendle, Krichene, Zhang, Koren 2022, "Revisiting the performance of iALS", eq. 1–4. The published leave-one-out figures
 *   are reached by `bench/ncf-leave-one-out.ts`.
 * @example
 * import { interactionsFromTriples } from "../data/interactions.ts";
 * import { ials } from "./ials.ts";
 * const triples = { users: Int32Array.of(0, 0, 1, 1), items: Int32Array.of(0, 1, 1, 2), values: Float32Array.of(1, 1, 1, 1) };
 * const interactions = interactionsFromTriples(triples, { userCount: 2, itemCount: 3 });
 * const model = await ials.fit(interactions, { factors: 2, seed: 1 });
 * model.itemCount; // → 3
 */
export const ials: Algorithm = {
  name: of.algorithm,
  purpose: "ranking",
  parameters: rules,
  memoryBytes(shape, given) {
    const { factors } = resolveParameters(of, given);
    const transposed = shape.entryCount * 8 + shape.itemCount * 8;
    return fitBytes(shape, factors) + transposed + ialsModelBytes(shape.itemCount, factors);
  },
  async fit(interactions, given, run) {
    const parameters = resolveParameters(of, given);
    checkTrainingData(interactions, { algorithm: of.algorithm, valueMin: 0 });
    const { factors, epochs, regularization, unobservedWeight, regularizationExponent } = parameters;
    const fit = startFit(interactions, parameters);
    await alternate({
      algorithm: of.algorithm,
      epochs,
      halfSteps: fit.halfSteps,
      remedy: `regularization ${regularization}, unobservedWeight ${unobservedWeight}, regularizationExponent ${regularizationExponent}`,
      run,
    });
    const shape = { used: factors, width: fit.width, rowCount: interactions.itemCount };
    return ialsModel(packRows(fit.items.rows, shape), parameters);
  },
  load(data) {
    const parameters = checkModelData(data, of);
    const length = data.itemCount * parameters.factors;
    return ialsModel(modelArray(data, { name: "itemFactors", type: "f32", length }), parameters);
  },
};

function fitBytes(shape: FitShape, factors: number): number {
  const width = paddedWidth(factors);
  return bytesOf(...sidesBytes(shape, width), 4 * width * width, 4 * scratchFloats(width));
}

/** Everything in linear memory, with random item factors and the two half-steps over it. */
function startFit(interactions: Interactions, parameters: IalsParameters) {
  const { factors, initialDeviation, seed } = parameters;
  const width = paddedWidth(factors);
  const workspace = createWorkspace({ bytes: fitBytes(shapeOf(interactions), factors) });
  const users = placeSide(workspace, interactions, width);
  const items = placeSide(workspace, transpose(interactions), width);
  const random = seededRandom(seed);
  for (let item = 0; item < items.rowCount; item++) {
    for (let factor = 0; factor < factors; factor++) {
      items.rows[item * width + factor] = (random.normal() * initialDeviation) / Math.sqrt(factors);
    }
  }
  const gram = workspace.f32(width * width);
  const scratch = workspace.f32(scratchFloats(width));
  const step = (side: string, own: AlsSide, other: AlsSide) =>
    halfStep({ side, own, other, gram, scratch, workspace, parameters });
  return { width, items, halfSteps: [step("user", users, items), step("item", items, users)] };
}

function halfStep(of: {
  side: string;
  own: AlsSide;
  other: AlsSide;
  gram: Float32Array;
  scratch: Float32Array;
  workspace: Workspace;
  parameters: IalsParameters;
}): HalfStep {
  const { side, own, other, gram, scratch, workspace, parameters } = of;
  const { kernels } = workspace;
  const { factors, unobservedWeight } = parameters;
  const width = paddedWidth(factors);
  for (let row = 0; row < own.rowCount; row++) {
    const weights = own.values.subarray(own.starts[row]!, own.starts[row + 1]!);
    own.regularization[row] = rowStrength(weights, other.rowCount, parameters);
  }
  return {
    side,
    bounds: equalBlocks(own.starts, width),
    prepare() {
      kernels.gram(other.rows.byteOffset, other.rowCount, width, gram.byteOffset);
      for (let cell = 0; cell < gram.length; cell++) gram[cell]! *= unobservedWeight;
    },
    solve: (from, to) =>
      kernels.implicitRows(
        ...([own.starts.byteOffset, own.items.byteOffset, own.values.byteOffset, from, to] as const),
        ...([own.rows.byteOffset, other.rows.byteOffset, gram.byteOffset] as const),
        ...([own.regularization.byteOffset, width, factors, scratch.byteOffset] as const),
      ),
  };
}

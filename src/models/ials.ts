import type { Interactions } from "../data/interactions.ts";
import { seededRandom } from "../data/random.ts";
import { paddedWidth } from "../kernels/kernels.ts";
import { openPool, type PoolJob, threadCount } from "../kernels/pool.ts";
import { bytesOf, createWorkspace } from "../kernels/workspace.ts";
import { type ChunkedSide, chunkedSidesBytes, placeSides, type SidesLayout } from "./chunked-sides.ts";
import { alternate, breathe } from "./fit-loop.ts";
import { ialsModel, ialsModelBytes, rowStrength } from "./ials-model.ts";
import { implicitSolver, implicitSolverBytes } from "./implicit-solver.ts";
import type { Algorithm, FitShape } from "./model.ts";
import { checkModelData, modelArray } from "./model-data.ts";
import { resolveParameters, seedRule } from "./parameters.ts";
import { checkMemory, checkTrainingData, shapeOf } from "./training-data.ts";

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
 * Matrix factorization for implicit feedback, by alternating least squares.
 *
 * Minimizes Σ over interactions w·(1 − x·y)² + a0·Σ over *all* cells (x·y)² + Σ over rows λ·(W + a0·N)^ν·|row|², where w is the weight of
 * the interaction (how sure we are that it was liked), W the sum of the weights of a row and N the length of the other side. With
 * weights of 1 this is the formulation of the source. While fitting, a row moves a step or two of preconditioned conjugate gradients
 * an epoch, which ends where exact solutions end; a user is known by history only, and scoring solves one row exactly.
 * With the `js` and `wasm` kernels the model is the same to the bit for any number of threads.
 *
 * @throws UsherError `DATA_EMPTY`; `DATA_INVALID`, a weight that is negative or not finite; `MODEL_PARAMETER`; `MODEL_DIVERGED`;
 *   `MEMORY_EXCEEDED`; `CANCELLED`.
 * Cost: O(epochs · (entries · factors + (users + items) · factors² + factors³)) time; `memoryBytes` says how much memory at most.
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
    const layout = { width: paddedWidth(factors), weighted: true, threads: threadCount() };
    return fitBytes(shape, layout) + ialsModelBytes(shape.itemCount, factors);
  },
  async fit(interactions, given, run) {
    const parameters = resolveParameters(of, given);
    checkTrainingData(interactions, { algorithm: of.algorithm, valueMin: 0 });
    checkMemory(ials, { interactions, parameters, run });
    const { factors, epochs, regularization, unobservedWeight, regularizationExponent } = parameters;
    const threads = threadCount(run?.threads);
    const width = paddedWidth(factors);
    const layout = { width, weighted: isWeighted(interactions) };
    const bytes = fitBytes(shapeOf(interactions), { ...layout, threads });
    const workspace = createWorkspace({ bytes });
    const pool = openPool(workspace, threads);
    try {
      const between = () => breathe(of.algorithm, run);
      const on = { workspace, threads, run: (job: PoolJob) => pool.run(job, between) };
      await between();
      const { users, items } = await placeSides(on, interactions, layout);
      setStrengths(users, items.rowCount, parameters);
      setStrengths(items, users.rowCount, parameters);
      drawFactors(items, width, parameters);
      const shape = { width, rowsMax: Math.max(users.rowCount, items.rowCount), threads };
      const solver = implicitSolver({ ...on, shape, factors, unobservedWeight });
      await alternate({
        algorithm: of.algorithm,
        epochs,
        pool,
        halfSteps: [
          solver.halfStep({ side: "user", own: users, other: items }),
          solver.halfStep({ side: "item", own: items, other: users }),
        ],
        remedy: `regularization ${regularization}, unobservedWeight ${unobservedWeight}, regularizationExponent ${regularizationExponent}`,
        run,
      });
      return ialsModel(itemFactors(items, { factors, width }), parameters);
    } finally {
      pool.close();
    }
  },
  load(data) {
    const parameters = checkModelData(data, of);
    const length = data.itemCount * parameters.factors;
    return ialsModel(modelArray(data, { name: "itemFactors", type: "f32", length }), parameters);
  },
};

/** The factors in the order of the items outside, without padding. */
function itemFactors(
  { order, rows }: ChunkedSide,
  { factors, width }: { factors: number; width: number },
): Float32Array {
  const packed = new Float32Array(order.length * factors);
  for (const [row, item] of order.entries()) {
    packed.set(rows.subarray(row * width, row * width + factors), item * factors);
  }
  return packed;
}

function fitBytes(shape: FitShape, { threads, ...layout }: SidesLayout & { threads: number }): number {
  const rowsMax = Math.max(shape.userCount, shape.itemCount);
  const solver = implicitSolverBytes({ width: layout.width, rowsMax, threads });
  return bytesOf(...chunkedSidesBytes(shape, layout), ...solver);
}

/** Whether any weight is not 1. */
function isWeighted({ values }: Interactions): boolean {
  for (let entry = 0; entry < values.length; entry++) if (values[entry] !== 1) return true;
  return false;
}

function setStrengths(side: ChunkedSide, otherCount: number, parameters: IalsParameters): void {
  for (let row = 0; row < side.rowCount; row++) {
    side.regularization[row] = rowStrength(side.totals[row]!, otherCount, parameters);
  }
}

/** Random factors, drawn item by item; an item that nobody met has none. */
function drawFactors(
  items: ChunkedSide,
  width: number,
  { factors, initialDeviation, seed }: IalsParameters,
): void {
  const random = seededRandom(seed);
  const range = initialDeviation * Math.sqrt(12 / factors); // of uniform numbers with that standard deviation
  const places = new Int32Array(items.rowCount);
  for (const [row, item] of items.order.entries()) places[item] = row;
  for (const row of places) {
    if (items.counts[row] === 0) continue;
    for (let at = row * width; at < row * width + factors; at++)
      items.rows[at] = (random.uniform() - 0.5) * range;
  }
}

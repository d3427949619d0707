import type { History } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import { paddedWidth } from "../kernels/kernels.ts";
import type { IalsParameters } from "./ials.ts";
import {
  cosineWith,
  measureFactors,
  padRows,
  placeHistory,
  scoreRow,
  scoreRows,
  servedBytes,
  serveFactors,
  solveAgain,
} from "./item-factors.ts";
import type { Model } from "./model.ts";
import { checkHistory } from "./training-data.ts";

const algorithm = "ials";

/** Strength of the penalty on a row: λ·(Σ weights + a0·N)^ν, N = length of the other side. */
export function rowStrength(weights: Float32Array, otherCount: number, parameters: IalsParameters): number {
  const { regularization, unobservedWeight, regularizationExponent } = parameters;
  let total = unobservedWeight * otherCount;
  for (const weight of weights) total += weight;
  return regularization * total ** regularizationExponent;
}

/** Bytes of a served model. */
export function ialsModelBytes(itemCount: number, factors: number): number {
  const width = paddedWidth(factors);
  return servedBytes({ itemCount, factors, width }, 4 * width * width) + 4 * itemCount * factors;
}

/**
 * A fitted implicit model: item factors, and the Gram matrix that every fold-in starts from.
 *
 * @param itemFactors Row-major, shape [items × factors].
 */
export function ialsModel(itemFactors: Float32Array, parameters: IalsParameters): Model {
  const { factors } = parameters;
  const itemCount = itemFactors.length / factors;
  const width = paddedWidth(factors);
  const served = serveFactors({ itemCount, factors, width }, 4 * width * width);
  const { rows, vector, starts, items, values, strengths, scratch } = served;
  const { kernels } = served.workspace;
  padRows(itemFactors, rows, { used: factors, width });
  measureFactors(served);
  const gram = served.workspace.f32(width * width);
  kernels.gram(rows.byteOffset, itemCount, width, gram.byteOffset);
  for (let cell = 0; cell < gram.length; cell++) gram[cell]! *= parameters.unobservedWeight;

  const foldIn = (history: History) => {
    checkHistory(history, { algorithm, itemCount, valueMin: 0 });
    placeHistory(served, history);
    strengths[0] = rowStrength(history.values, itemCount, parameters);
    const failed = kernels.implicitRows(
      ...([starts.byteOffset, items.byteOffset, values.byteOffset, 0, 1, vector.byteOffset] as const),
      ...([rows.byteOffset, gram.byteOffset, strengths.byteOffset] as const),
      ...([width, factors, scratch.byteOffset] as const),
    );
    if (failed === 0) return;
    throw new UsherError(
      "MODEL_DIVERGED",
      `${algorithm}: a history has no finite factors; are weights huge?`,
    );
  };

  return {
    algorithm,
    parameters,
    itemCount,
    scoreItems(history, out) {
      foldIn(history);
      scoreRows(served);
      out.set(served.scores);
    },
    scoreChosen(history, items) {
      foldIn(history);
      return Float32Array.from(items, (item) => scoreRow(served, item));
    },
    // score(i) = yᵢᵀ·A⁻¹·Σ wⱼ·yⱼ, so entry j adds wⱼ · yⱼ·(A⁻¹·yᵢ) (Hu, Koren, Volinsky 2008, section 5).
    contributions(history, items) {
      const { items: own, values: weights } = history;
      if (own.length > 0) foldIn(history);
      return Array.from(items, (item) => {
        const terms = new Float32Array(own.length);
        if (own.length === 0) return terms;
        vector.set(rows.subarray(item * width, (item + 1) * width));
        solveAgain(served);
        for (let at = 0; at < own.length; at++) terms[at] = weights[at]! * scoreRow(served, own[at]!);
        return terms;
      });
    },
    similarItems: (item, out) => cosineWith(served, item, out),
    toData: () => ({ algorithm, parameters, itemCount, arrays: { itemFactors } }),
  };
}

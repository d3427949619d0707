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
import type { FactorRows, Model } from "./model.ts";
import { checkHistory } from "./training-data.ts";

const algorithm = "ials";

/** Strength of the penalty on a row: λ·(total + a0·N)^ν, total = sum of its weights, N = length of the other side. */
export function rowStrength(total: number, otherCount: number, parameters: IalsParameters): number {
  const { regularization, unobservedWeight, regularizationExponent } = parameters;
  return regularization * (total + unobservedWeight * otherCount) ** regularizationExponent;
}

const sumOf = (weights: Float32Array) => weights.reduce((sum, weight) => sum + weight, 0);

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
    strengths[0] = rowStrength(sumOf(history.values), itemCount, parameters);
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

  const factorRows: FactorRows = {
    width,
    itemRows: rows,
    offset: 0,
    constants: gram,
    strengthsOf(history) {
      checkHistory(history, { algorithm, itemCount, valueMin: 0 });
      return [rowStrength(sumOf(history.values), itemCount, parameters), 0];
    },
    foldInJob: (at) => ({
      kernel: "implicitRows",
      args: [
        ...([at.starts, at.items, at.values, "from", "to", at.rows, at.itemRows, at.constants] as const),
        ...([at.strengths[0], width, factors, "scratch"] as const),
      ],
      bounds: at.bounds,
      scratch: at.scratch,
    }),
  };

  return {
    algorithm,
    parameters,
    itemCount,
    factorRows,
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

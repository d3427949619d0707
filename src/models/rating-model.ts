import type { History } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import { paddedWidth } from "../kernels/kernels.ts";
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
import type { FactorRows, Model, Parameters } from "./model.ts";
import { checkHistory } from "./training-data.ts";

/** Bytes of a served model. */
export function ratingModelBytes(itemCount: number, factors: number): number {
  return servedBytes({ itemCount, factors, width: paddedWidth(factors + 2) }) + 4 * itemCount * (factors + 1);
}

/** What a fit learned. `itemFactors` is row-major, shape [items × factors]. */
export interface LearnedRatings {
  readonly mean: number;
  readonly itemBiases: Float32Array;
  readonly itemFactors: Float32Array;
}

/** Which algorithm learned it, and how a user is folded in. */
export interface RatingModelOf {
  readonly algorithm: string;
  readonly parameters: Parameters;
  readonly factors: number;
  /** Strengths of the penalties on the factors and the bias of a user with this many ratings. */
  strengthsOf(count: number): readonly [factors: number, bias: number];
}

/**
 * A fitted model that predicts μ + b_u + b_i + p·q; factors and bias of a user are solved exactly from the history at hand.
 *
 * A row in memory holds factors, 1 where the user's bias stands, the item's bias, and padding.
 */
export function ratingModel(learned: LearnedRatings, of: RatingModelOf): Model {
  const { mean, itemBiases, itemFactors } = learned;
  const { algorithm, parameters, factors, strengthsOf } = of;
  const itemCount = itemBiases.length;
  const [userBias, itemBias] = [factors, factors + 1];
  const width = paddedWidth(factors + 2);
  const served = serveFactors({ itemCount, factors, width });
  const { rows, vector, scores, starts, items, values, strengths, scratch } = served;
  if (factors > 0) padRows(itemFactors, rows, { used: factors, width });
  for (let item = 0; item < itemCount; item++) {
    rows[item * width + userBias] = 1;
    rows[item * width + itemBias] = itemBiases[item]!;
  }
  measureFactors(served);

  const foldIn = (history: History) => {
    checkHistory(history, { algorithm, itemCount });
    placeHistory(served, history);
    strengths.set(strengthsOf(history.items.length));
    const failed = served.workspace.kernels.explicitRows(
      ...([starts.byteOffset, items.byteOffset, values.byteOffset, 0, 1, vector.byteOffset] as const),
      ...([rows.byteOffset, strengths.byteOffset, strengths.byteOffset + 4, width, factors, mean] as const),
      ...([userBias, itemBias, scratch.byteOffset] as const),
    );
    if (failed === 0) return;
    throw new UsherError(
      "MODEL_DIVERGED",
      `${algorithm}: a history has no finite factors; are ratings huge?`,
    );
  };

  return {
    algorithm,
    parameters,
    itemCount,
    factorRows: factorRowsOf(of, { rows, width, mean }),
    scoreItems(history, out) {
      foldIn(history);
      scoreRows(served);
      for (let item = 0; item < itemCount; item++) out[item] = scores[item]! + mean;
    },
    scoreChosen(history, items) {
      foldIn(history);
      return Float32Array.from(items, (item) => scoreRow(served, item) + mean);
    },
    // prediction − μ − bᵢ = vᵢᵀ·A⁻¹·Σ tⱼ·vⱼ with vⱼ = (qⱼ, 1) and tⱼ = ratingⱼ − μ − bⱼ, so entry j adds tⱼ · vⱼ·(A⁻¹·vᵢ).
    contributions(history, items) {
      const { items: own, values: ratings } = history;
      if (own.length > 0) foldIn(history);
      return Array.from(items, (item) => {
        const terms = new Float32Array(own.length);
        if (own.length === 0) return terms;
        vector.set(rows.subarray(item * width, (item + 1) * width));
        vector[itemBias] = 0;
        solveAgain(served);
        for (let at = 0; at < own.length; at++) {
          const target = ratings[at]! - mean - itemBiases[own[at]!]!;
          terms[at] = target * scoreRow(served, own[at]!);
        }
        return terms;
      });
    },
    similarItems: (item, out) => cosineWith(served, item, out),
    toData() {
      const arrays = { mean: Float64Array.of(mean), itemBiases, itemFactors };
      return { algorithm, parameters, itemCount, arrays };
    },
  };
}

/** The model for retrieval. */
function factorRowsOf(
  { algorithm, factors, strengthsOf }: RatingModelOf,
  of: { rows: Float32Array; width: number; mean: number },
): FactorRows {
  const { rows, width, mean } = of;
  const itemCount = rows.length / width;
  return {
    width,
    itemRows: rows,
    offset: mean,
    constants: new Float32Array(0),
    strengthsOf(history) {
      checkHistory(history, { algorithm, itemCount });
      return strengthsOf(history.items.length);
    },
    foldInJob: (at) => ({
      kernel: "explicitRows",
      args: [
        ...([at.starts, at.items, at.values, "from", "to", at.rows, at.itemRows] as const),
        ...([...at.strengths, width, factors, mean, factors, factors + 1, "scratch"] as const),
      ],
      bounds: at.bounds,
      scratch: at.scratch,
    }),
  };
}

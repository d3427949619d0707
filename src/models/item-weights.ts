import type { Interactions } from "../data/interactions.ts";

/** How interactions are weighted before items are compared. */
export const weightings = ["plain", "tf-idf", "bm25"] as const;
export type Weighting = (typeof weightings)[number];

/** What a weighting needs; k1 and b are those of BM25. */
export interface WeightingOptions {
  readonly weighting: Weighting;
  readonly k1: number;
  readonly b: number;
}

/**
 * The weight of every entry, where an item is taken as a document and its users as the terms in it.
 *
 * - `plain`: w as it is.
 * - `tf-idf`: √w · idf, with idf(u) = ln(items / (1 + items of u)), at least 0: whoever has much says little.
 * - `bm25`: w·(k1 + 1) / (w + k1·(1 − b + b·W_i/W̄)) · idf, with W_i the sum of an item's weights and W̄ its mean over the items.
 *
 * Source: Robertson, Zaragoza 2009 for BM25; the forms are those of implicit 0.7.3, which the golden test compares with.
 */
export function itemWeights(interactions: Interactions, options: WeightingOptions): Float32Array {
  const { weighting, k1, b } = options;
  const { userCount, itemCount, starts, items, values } = interactions;
  if (weighting === "plain") return values;
  const lengths = new Float64Array(itemCount);
  for (let entry = 0; entry < items.length; entry++) lengths[items[entry]!]! += values[entry]!;
  const mean = lengths.reduce((sum, length) => sum + length, 0) / itemCount || 1;
  const saturation = lengths.map((length) => k1 * (1 - b + (b * length) / mean));
  const weights = new Float32Array(values.length);
  for (let user = 0; user < userCount; user++) {
    const [from, to] = [starts[user]!, starts[user + 1]!];
    let count = 0;
    for (let entry = from; entry < to; entry++) if (values[entry]! > 0) count++;
    const idf = Math.max(0, Math.log(itemCount) - Math.log1p(count));
    for (let entry = from; entry < to; entry++) {
      const value = values[entry]!;
      if (value === 0) continue;
      const share = (value * (k1 + 1)) / (value + saturation[items[entry]!]!);
      weights[entry] = idf * (weighting === "bm25" ? share : Math.sqrt(value));
    }
  }
  return weights;
}

import { biasedMf } from "./biased-mf.ts";
import { ease } from "./ease.ts";
import { ials } from "./ials.ts";
import { itemKnn } from "./item-knn.ts";
import type { Algorithm } from "./model.ts";
import { popularity } from "./popularity.ts";
import { svd } from "./svd.ts";

/** Every algorithm by its name. A new one is a file of its own and a line here. */
export const algorithms: Readonly<Record<string, Algorithm>> = Object.fromEntries(
  [popularity, itemKnn, ease, ials, biasedMf, svd].map((algorithm) => [algorithm.name, algorithm]),
);

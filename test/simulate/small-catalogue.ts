import type { SimulatedItem } from "../../src/simulate/tastes.ts";

const groups = ["Action", "Comedy", "Drama", "Horror"];

/** Items in four groups in turn; the first are the best known. */
export const simulatedItems = (count: number): SimulatedItem[] =>
  Array.from({ length: count }, (_, at) => ({
    itemId: String(at + 1),
    groups: [groups[at % groups.length] as string],
    popularity: Math.floor(1000 / (1 + at)),
  }));

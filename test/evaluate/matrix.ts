import { type Interactions, interactionsFromTriples } from "../../src/data/interactions.ts";

/** A matrix of rows `{ item: value }`. */
export function matrix(rows: Record<number, number>[], itemCount: number): Interactions {
  const entries = rows.flatMap((row, user) =>
    Object.entries(row).map(([item, value]) => ({ user, item: Number(item), value })),
  );
  return interactionsFromTriples(
    {
      users: Int32Array.from(entries, ({ user }) => user),
      items: Int32Array.from(entries, ({ item }) => item),
      values: Float32Array.from(entries, ({ value }) => value),
    },
    { userCount: rows.length, itemCount },
  );
}

/** A matrix of ones from rows of items. */
export function onesOf(rows: readonly (readonly number[])[], itemCount: number): Interactions {
  return matrix(
    rows.map((items) => Object.fromEntries(items.map((item) => [item, 1]))),
    itemCount,
  );
}

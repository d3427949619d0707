import { type Interactions, interactionsFromTriples } from "../../src/data/interactions.ts";

/** The entries of a table [user][item] that are not 0. */
export function matrixOf(table: readonly (readonly number[])[]): Interactions {
  const entries = table.flatMap((row, user) => row.map((value, item) => ({ user, item, value })));
  const kept = entries.filter(({ value }) => value !== 0);
  const triples = {
    users: Int32Array.from(kept, ({ user }) => user),
    items: Int32Array.from(kept, ({ item }) => item),
    values: Float32Array.from(kept, ({ value }) => value),
  };
  return interactionsFromTriples(triples, { userCount: table.length, itemCount: table[0]!.length });
}

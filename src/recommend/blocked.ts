import { unionOf } from "./shelves.ts";

/** Something that keeps items out of a list. */
export interface Restriction {
  /** As an empty answer names it. */
  readonly name: string;
  /** The items that it keeps out, ascending. */
  readonly items: Int32Array;
}

/** All that is kept out together. */
export interface Blocked {
  /** Ascending. Valid until the next call of the same buffers. */
  readonly items: Int32Array;
  /** The restriction after which nothing of the catalogue was left; `undefined` where something is. */
  emptiedBy(): string | undefined;
}

/**
 * Unites restrictions.
 *
 * @param buffers Two, each as long as the catalogue.
 * Cost: O(kept out), for each restriction.
 */
export function blockedBy(
  restrictions: readonly Restriction[],
  { buffers, size }: { buffers: readonly [Int32Array, Int32Array]; size: number },
): Blocked {
  const real = restrictions.filter(({ items }) => items.length > 0);
  let items = real[0]?.items ?? noItems;
  let emptied = items.length === size ? real[0]?.name : undefined;
  for (let at = 1; at < real.length; at++) {
    const { name, items: more } = real[at] as Restriction;
    items = unionOf(items, more, buffers[at % 2] as Int32Array);
    if (items.length === size) emptied ??= name;
  }
  return { items, emptiedBy: () => emptied };
}

const noItems = new Int32Array(0);

import type { Item, LiveCatalogue } from "../data/catalogue.ts";
import { type ItemEdit, itemWith } from "./item-edit.ts";

/** What a write made of an item. */
export interface ItemChange {
  readonly index: number;
  readonly before: Item | undefined;
  readonly after: Item;
}

/** The catalogue of a release under what was written since. */
export interface EditedCatalogue extends LiveCatalogue {
  /** Lays an edit over it. @returns `undefined` where it says nothing of any item. Cost: O(fields). */
  apply(edit: ItemEdit): ItemChange | undefined;
}

/**
 * Lays edits over the items of a release. New items get the indexes from `trainedCount` on, in the order of the edits; a withdrawn one
 * keeps its index.
 *
 * @param source Items of the release, at the indexes of its training set.
 * Cost: O(items + edits).
 */
export function editedCatalogue(source: readonly Item[], edits: Iterable<ItemEdit> = []): EditedCatalogue {
  const items: Item[] = [...source];
  const indexes = new Map(source.map(({ itemId }, index) => [itemId, index]));
  let version = 0;
  const apply = (edit: ItemEdit): ItemChange | undefined => {
    const known = indexes.get(edit.id);
    const before = known === undefined ? undefined : items[known];
    // an item that was added has no source; where it is withdrawn, what it was is kept
    const base =
      known !== undefined && known < source.length ? source[known] : edit.is_deleted ? before : undefined;
    const after = itemWith(base, edit);
    if (!after) return undefined;
    const index = known ?? items.length;
    items[index] = after;
    indexes.set(edit.id, index);
    version++;
    return { index, before, after };
  };
  for (const edit of edits) apply(edit);
  return {
    items,
    trainedCount: source.length,
    get version() {
      return version;
    },
    indexOf: (itemId) => indexes.get(itemId) ?? -1,
    get: (itemId) => items[indexes.get(itemId) ?? -1],
    apply,
  };
}

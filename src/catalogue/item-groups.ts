import type { Item } from "../data/catalogue.ts";
import { foldText } from "../recommend/fold-text.ts";
import { type SortedList, sortedList } from "./sorted-list.ts";

/** Items that have something in common: a genre, or a person. */
export interface ItemGroup {
  /** Folded name. */
  readonly key: string;
  /** As the first item writes it. */
  readonly name: string;
  /** Item indexes. */
  readonly members: Set<number>;
}

/** All groups of one kind, kept up to date item by item. */
export interface ItemGroups {
  /** Case and accents do not matter. */
  of(name: string): ItemGroup | undefined;
  /** In the order of their keys. */
  readonly sorted: SortedList<ItemGroup>;
  change(index: number, before: Item | undefined, after: Item | undefined): void;
}

const byKey = (left: ItemGroup, right: ItemGroup) =>
  left.key < right.key ? -1 : left.key > right.key ? 1 : 0;

/** Groups items by the names that each has. Cost: O(names), and a sort when their order is first asked for. */
export function itemGroups(items: readonly Item[], namesOf: (item: Item) => readonly string[]): ItemGroups {
  const groups = new Map<string, ItemGroup>();
  let sorted: SortedList<ItemGroup> | undefined;
  const add = (index: number, item: Item) => {
    for (const name of namesOf(item)) {
      const key = foldText(name);
      if (key === "") continue;
      const known = groups.get(key);
      if (known) known.members.add(index);
      else {
        const group = { key, name, members: new Set([index]) };
        groups.set(key, group);
        sorted?.add(group);
      }
    }
  };
  const remove = (index: number, item: Item) => {
    for (const name of namesOf(item)) {
      const group = groups.get(foldText(name));
      if (!group) continue;
      group.members.delete(index);
      if (group.members.size > 0) continue;
      groups.delete(group.key);
      sorted?.remove(group);
    }
  };
  for (const [index, item] of items.entries()) add(index, item);
  return {
    of: (name) => groups.get(foldText(name)),
    get sorted() {
      sorted ??= sortedList(groups.values(), byKey);
      return sorted;
    },
    change(index, before, after) {
      if (before) remove(index, before);
      if (after) add(index, after);
    },
  };
}

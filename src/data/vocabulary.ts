/**
 * The translation between ids (strings from outside) and indexes (0..size−1, inside).
 *
 * This is the only place where one becomes the other.
 */
export interface Vocabulary {
  readonly size: number;
  /** All ids, in the order of their indexes. */
  readonly ids: readonly string[];
  /** The index of an id, or −1 where the id is unknown. */
  indexOf(id: string): number;
  /** The id of an index in 0..size−1. */
  idAt(index: number): string;
}

/** @param ids Distinct ids; their position becomes their index. */
export function vocabulary(ids: readonly string[]): Vocabulary {
  const indexes = new Map<string, number>();
  for (let index = 0; index < ids.length; index++) indexes.set(ids[index]!, index);
  return {
    size: ids.length,
    ids,
    indexOf: (id) => indexes.get(id) ?? -1,
    idAt: (index) => ids[index]!,
  };
}

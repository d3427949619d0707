/** Values in ascending order, each once; a change costs a search and a shift. */
export interface SortedList<Value> {
  readonly values: readonly Value[];
  add(value: Value): void;
  /** Takes away the value at the same place; the comparison decides which that is. */
  remove(value: Value): void;
  /** The first place whose value is not before `value`. Cost: O(log length). */
  placeOf(value: Value): number;
}

/** @param values In any order, no two of which compare as equal. Cost: O(n · log n). */
export function sortedList<Value>(
  values: Iterable<Value>,
  compare: (left: Value, right: Value) => number,
): SortedList<Value> {
  const sorted = [...values].sort(compare);
  const placeOf = (value: Value) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(sorted[middle] as Value, value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const isAt = (place: number, value: Value) =>
    place < sorted.length && compare(sorted[place] as Value, value) === 0;
  return {
    values: sorted,
    placeOf,
    add(value) {
      const place = placeOf(value);
      if (isAt(place, value)) sorted[place] = value;
      else sorted.splice(place, 0, value);
    },
    remove(value) {
      const place = placeOf(value);
      if (isAt(place, value)) sorted.splice(place, 1);
    },
  };
}

const rowLength = 64;
let [before, previous, present] = [0, 1, 2].map(() => new Uint8Array(rowLength)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

/**
 * How many letters must be added, taken away, replaced, or exchanged with their neighbour to make one word of another (optimal string
 * alignment), or `max + 1` where it is more than `max`.
 *
 * @param words Of at most 63 UTF-16 units.
 * Cost: O(length · max).
 * @example
 * import { editDistance } from "./edit-distance.ts";
 * editDistance("amelei", "amelie", 2); // → 1
 */
export function editDistance(left: string, right: string, max: number): number {
  if (Math.abs(left.length - right.length) > max) return max + 1;
  for (let column = 0; column <= right.length; column++) previous[column] = column;
  for (let row = 1; row <= left.length; row++) {
    const letter = left.charCodeAt(row - 1);
    // outside this band every distance is above max
    const from = Math.max(1, row - max);
    const to = Math.min(right.length, row + max);
    present[from - 1] = from === 1 ? row : max + 1;
    let least = present[from - 1] as number;
    for (let column = from; column <= to; column++) {
      const other = right.charCodeAt(column - 1);
      const above = column > row + max - 1 ? max + 1 : (previous[column] as number);
      let distance = Math.min(
        (previous[column - 1] as number) + (letter === other ? 0 : 1),
        above + 1,
        (present[column - 1] as number) + 1,
      );
      if (
        row > 1 &&
        column > 1 &&
        letter === right.charCodeAt(column - 2) &&
        left.charCodeAt(row - 2) === other
      ) {
        distance = Math.min(distance, (before[column - 2] as number) + 1);
      }
      present[column] = distance;
      if (distance < least) least = distance;
    }
    if (least > max) return max + 1;
    [before, previous, present] = [previous, present, before];
  }
  return Math.min(previous[right.length] as number, max + 1);
}

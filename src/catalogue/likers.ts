import { type History, historyOf, type Interactions, transpose } from "../data/interactions.ts";
import { weightsOfRatings } from "../data/signals.ts";
import type { TrainingSet } from "../data/training-set.ts";

/** Who liked what, of what a release was trained on. */
export interface Likers {
  /** User indexes, ascending; empty for items that are not in it. */
  of(item: number): Int32Array;
  /** Users who liked both. Cost: O(likers of both). */
  both(left: number, right: number): number;
  /** What a user liked, with weights > 0. */
  likedBy(user: number): History;
}

/** Cost: O(interactions), when it is first asked; 12 bytes for each liked pair. */
export function likersOf(set: TrainingSet): Likers {
  let made: { liked: Interactions; byItem: Interactions } | undefined;
  const read = () => {
    const liked = made?.liked ?? set.weights ?? weightsOfRatings(set.ratings);
    made ??= { liked, byItem: transpose(liked) };
    return made;
  };
  const of = (item: number) => {
    const { starts, items: users } = read().byItem;
    const isKnown = item >= 0 && item + 1 < starts.length;
    return isKnown ? users.subarray(starts[item], starts[item + 1]) : users.subarray(0, 0);
  };
  return {
    of,
    both(left, right) {
      const [some, others] = [of(left), of(right)];
      let [count, at, other] = [0, 0, 0];
      while (at < some.length && other < others.length) {
        const difference = (some[at] as number) - (others[other] as number);
        if (difference === 0) count++;
        if (difference <= 0) at++;
        if (difference >= 0) other++;
      }
      return count;
    },
    likedBy: (user) => historyOf(read().liked, user),
  };
}

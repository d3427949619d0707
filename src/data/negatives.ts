import type { Interactions } from "./interactions.ts";
import { seededRandom } from "./random.ts";

/**
 * Draws, for each user, items that the user has nothing to do with, uniformly and without repetition.
 *
 * @param interactions Everything that is known of the users, the held-out part too.
 * @param options.count Items a user; fewer where a user has nearly all. Default 99, as in the protocol of He et al. 2017.
 * @param options.seed Any integer. Default 0. The draw for a user depends only on the seed, the user's index and row.
 * @returns One array a user, in the order of the draw.
 * Cost: O(entries + users · count) while users have few of the items; each draw that hits one of them is repeated.
 */
export function sampleNegatives(
  interactions: Interactions,
  options: { count?: number; seed?: number } = {},
): Int32Array[] {
  const { count = 99, seed = 0 } = options;
  const { userCount, itemCount, starts, items } = interactions;
  const takenBy = new Int32Array(itemCount).fill(-1);
  return Array.from({ length: userCount }, (_, user) => {
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) takenBy[items[entry]!] = user;
    const free = itemCount - (starts[user + 1]! - starts[user]!);
    const random = seededRandom(seed ^ Math.imul(user + 1, 0x9e3779b1));
    const drawn = new Int32Array(Math.min(count, free));
    for (let at = 0; at < drawn.length; ) {
      const item = random.below(itemCount);
      if (takenBy[item] === user) continue;
      takenBy[item] = user;
      drawn[at++] = item;
    }
    return drawn;
  });
}

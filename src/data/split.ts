import { type Interactions, mapInteractions } from "./interactions.ts";
import { seededRandom, shuffle } from "./random.ts";

/** A training part and the part that is held out from it; same shape, disjoint, together the whole. */
export interface Split {
  readonly train: Interactions;
  readonly test: Interactions;
  /** How many users with held-out entries were split by time, and how many at random. */
  readonly usersByTime: number;
  readonly usersAtRandom: number;
}

/**
 * Holds out a share of each user's entries: the last ones where all entries of the user have a time, else a seeded random choice.
 *
 * A user with n entries gives ⌊n · share⌋ of them, so a user with too few keeps them all. Of entries with the same time the one
 * that stands later in the row counts as the later one. The choice for a user depends only on the seed, the user's index and n.
 *
 * @param options.share In 0..1. Default 0.2.
 * @param options.seed Any integer. Default 0.
 * Cost: O(entries · log(longest row)).
 */
export function splitByUser(
  interactions: Interactions,
  options: { share?: number; seed?: number } = {},
): Split {
  const { share = 0.2, seed = 0 } = options;
  const { userCount, starts, times } = interactions;
  const isHeldOut = new Uint8Array(interactions.items.length);
  let usersByTime = 0;
  let usersAtRandom = 0;
  for (let user = 0; user < userCount; user++) {
    const from = starts[user]!;
    const to = starts[user + 1]!;
    // 0.29 · 100 is 28.999… in binary; the small term makes it the 29 that is meant
    const heldOut = Math.floor((to - from) * share + 1e-9);
    if (heldOut === 0) continue;
    const order = Int32Array.from({ length: to - from }, (_, at) => from + at);
    if (times && isTimed(times, { from, to })) {
      order.sort((left, right) => times[left]! - times[right]! || left - right);
      usersByTime++;
    } else {
      shuffle(order, seededRandom(seed ^ Math.imul(user + 1, 0x9e3779b1)));
      usersAtRandom++;
    }
    for (let at = order.length - heldOut; at < order.length; at++) isHeldOut[order[at]!] = 1;
  }
  const part = (kept: 0 | 1) =>
    mapInteractions(interactions, (value, _user, _item, entry) =>
      isHeldOut[entry] === kept ? value : Number.NaN,
    );
  return { train: part(0), test: part(1), usersByTime, usersAtRandom };
}

function isTimed(times: Float64Array, row: { from: number; to: number }): boolean {
  for (let entry = row.from; entry < row.to; entry++) if (Number.isNaN(times[entry]!)) return false;
  return true;
}

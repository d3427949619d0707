import { historyOf } from "../data/interactions.ts";
import type { TrainingSet } from "../data/training-set.ts";
import type { Model } from "../models/model.ts";
import { bestOf } from "./best-of.ts";
import type { Likers } from "./likers.ts";

/** A user who would probably like an item. */
export interface AudienceMember {
  readonly userId: string;
  readonly rank: number;
  readonly score: number;
}

/** Who would probably like an item; nobody where they are too few to stay anonymous. */
export interface Audience {
  readonly isWithheld: boolean;
  readonly users: readonly AudienceMember[];
}

/** How many users are scored by the model for each that is wanted, and how many at least. */
const [scoredShare, scoredMin] = [4, 100];

/**
 * The users most likely to like an item, of those whom the release knows and who have not consumed it.
 *
 * Those who liked what is similar are found first; the ranker orders them by the score that they would see themselves. For items that
 * the release does not know, what is similar decides alone.
 *
 * @param request.similar Indexes and scores > 0 of similar items.
 * @param request.groupMin With fewer users nothing is told.
 * Cost: the likers of the similar items, and `4k` (at least 100) scores.
 */
export function audienceOf(
  { set, ranker, likers }: { set: TrainingSet; ranker: Model; likers: Likers },
  request: {
    index: number;
    similar: readonly { readonly index: number; readonly score: number }[];
    k: number;
    groupMin: number;
  },
): Audience {
  const { index, similar, k, groupMin } = request;
  const nearness = new Map<number, number>();
  for (const { index: item, score } of similar) {
    for (const user of likers.of(item)) nearness.set(user, (nearness.get(user) ?? 0) + score);
  }
  const isKnown = index < ranker.itemCount;
  const consumed = (user: number) => isKnown && historyOf(set.ratings, user).items.includes(index);
  const nearest = bestOf(Math.max(scoredMin, scoredShare * k));
  let groupSize = 0;
  for (const [user, score] of nearness) {
    if (consumed(user)) continue;
    groupSize++;
    nearest.add(user, score);
  }
  if (groupSize < groupMin) return { isWithheld: true, users: [] };
  const best = bestOf(k);
  for (const { number: user, score } of nearest.taken()) {
    best.add(user, isKnown ? (ranker.scoreChosen(likers.likedBy(user), [index])[0] ?? 0) : score);
  }
  const users = best.taken().map(({ number, score }, at) => ({
    userId: set.users.idAt(number),
    rank: at + 1,
    score: Math.round(score * 1e6) / 1e6,
  }));
  return { isWithheld: false, users };
}

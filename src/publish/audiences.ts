/** The best users of each item, collected user by user. */
export interface Audiences {
  /**
   * Takes the scores of one user, whose index is above those before.
   * @param scores Of every item.
   * @param excluded Items that the user must not be offered for, ascending.
   */
  offer(user: number, scores: Float32Array, excluded: Int32Array): void;
  /** The users of an item, best first; of equal scores the lower index comes first. */
  of(item: number): { readonly user: number; readonly score: number }[];
}

/**
 * @param options.k Users an item at most.
 * @param options.isOffered Items that have an audience at all, by index.
 * Cost: 8 · items · k bytes; a comparison an item and user, and k moves where a user enters.
 */
export function collectAudiences(options: {
  itemCount: number;
  k: number;
  isOffered: (item: number) => boolean;
}): Audiences {
  const { itemCount, k } = options;
  const users = new Int32Array(itemCount * k);
  const best = new Float32Array(itemCount * k);
  const counts = new Int32Array(itemCount);
  /** What a score must exceed to enter; only who scores above 0 is somebody who would like the item. */
  const least = new Float32Array(itemCount);
  for (let item = 0; item < itemCount; item++) {
    if (!options.isOffered(item)) least[item] = Number.POSITIVE_INFINITY;
  }

  const enter = (item: number, user: number, score: number) => {
    const from = item * k;
    const count = counts[item] ?? 0;
    let place = Math.min(count, k - 1);
    while (place > 0 && score > (best[from + place - 1] ?? 0)) {
      best[from + place] = best[from + place - 1] ?? 0;
      users[from + place] = users[from + place - 1] ?? 0;
      place--;
    }
    best[from + place] = score;
    users[from + place] = user;
    if (count < k) counts[item] = count + 1;
    if (counts[item] === k) least[item] = best[from + k - 1] ?? 0;
  };

  return {
    offer: (user, scores, excluded) => {
      let next = 0;
      for (let item = 0; item < itemCount; item++) {
        if (excluded[next] === item) {
          next++;
          continue;
        }
        const score = scores[item] ?? 0;
        if (score > (least[item] ?? 0)) enter(item, user, score);
      }
    },
    of: (item) =>
      Array.from({ length: counts[item] ?? 0 }, (_, at) => ({
        user: users[item * k + at] ?? 0,
        score: best[item * k + at] ?? 0,
      })),
  };
}

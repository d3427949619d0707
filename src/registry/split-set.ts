import { type Interactions, interactionsFromTriples, mapInteractions } from "../data/interactions.ts";
import { weightsOfRatings } from "../data/signals.ts";
import { splitByUser } from "../data/split.ts";
import type { TrainingSet } from "../data/training-set.ts";

/** A training set in two parts: what models are fitted on, and the pairs of user and item that are held out from them. */
export interface SetSplit {
  readonly train: {
    readonly ratings: Interactions;
    /** What rankers learn from. */
    readonly weights: Interactions;
    /** Whether anything there is a sign of liking; if not, `weights` only tells who rated what. */
    readonly isLiked: boolean;
    /** Every pair, also those without weight: what a list must not show again. */
    readonly seen: Interactions;
  };
  readonly test: {
    readonly ratings: Interactions;
    /** Held-out pairs with positive weight: what a list should find. */
    readonly relevant: Interactions;
  };
  /** How many users with held-out pairs were split by time, and how many at random. */
  readonly usersByTime: number;
  readonly usersAtRandom: number;
}

/** What rankers learn from: the weights; where nothing is a sign of liking, who rated what at all. */
export function rankerWeights({ ratings, weights }: Pick<TrainingSet, "ratings" | "weights">): Interactions {
  const known = weights ?? weightsOfRatings(ratings);
  return known.items.length > 0 ? known : mapInteractions(ratings, () => 1);
}

/**
 * Splits a training set by `splitByUser`. A pair that was both rated and watched is on one side with all that is known of it,
 * so that nothing tells a model what it should find.
 *
 * @param options.share Share of each user's pairs that is held out, 0..1.
 * Cost: O(pairs · log(longest row)).
 */
export function splitSet(set: TrainingSet, options: { share: number; seed: number }): SetSplit {
  const { ratings, weights } = set;
  const pairs = weights ? pairsOf(ratings, weights) : ratings;
  const { train, test, usersByTime, usersAtRandom } = splitByUser(pairs, options);
  const part = (of: Interactions, side: Interactions) => (of === pairs ? side : within(of, side));
  const trained = {
    ratings: part(ratings, train),
    ...(weights ? { weights: part(weights, train) } : {}),
  };
  const held = part(ratings, test);
  const liked = trained.weights ?? weightsOfRatings(trained.ratings);
  const isLiked = liked.items.length > 0;
  return {
    train: {
      ratings: trained.ratings,
      weights: rankerWeights({ ...trained, weights: liked }),
      isLiked,
      seen: train,
    },
    test: { ratings: held, relevant: weights ? part(weights, test) : weightsOfRatings(held) },
    usersByTime,
    usersAtRandom,
  };
}

/** All pairs that are in either matrix, each with its newest time. */
function pairsOf(left: Interactions, right: Interactions): Interactions {
  const { userCount, itemCount } = left;
  const length = left.items.length + right.items.length;
  const users = new Int32Array(length);
  const items = new Int32Array(length);
  const times = new Float64Array(length);
  let at = 0;
  for (const matrix of [left, right]) {
    for (let user = 0; user < userCount; user++) {
      for (let entry = matrix.starts[user] ?? 0; entry < (matrix.starts[user + 1] ?? 0); entry++) {
        users[at] = user;
        items[at] = matrix.items[entry] ?? 0;
        times[at++] = matrix.times?.[entry] ?? Number.NaN;
      }
    }
  }
  return interactionsFromTriples(
    { users, items, values: new Float32Array(length).fill(1), times },
    { userCount, itemCount },
  );
}

/** The entries of a matrix whose pair is in another one. */
function within(matrix: Interactions, { starts, items }: Interactions): Interactions {
  const inRow = new Set<number>();
  let row = -1;
  return mapInteractions(matrix, (value, user, item) => {
    if (user !== row) {
      row = user;
      inRow.clear();
      for (let entry = starts[user] ?? 0; entry < (starts[user + 1] ?? 0); entry++)
        inRow.add(items[entry] as number);
    }
    return inRow.has(item) ? value : Number.NaN;
  });
}

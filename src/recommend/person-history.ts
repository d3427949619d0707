import { pairWeightMax } from "../contracts/events.ts";
import { emptyHistory, type History, historyOf } from "../data/interactions.ts";
import { ratingWeight } from "../data/signals.ts";
import type { TrainingSet } from "../data/training-set.ts";
import type { LivePair, LiveView } from "../live/live-view.ts";

/** What is known of a person at the moment of an answer, as item indexes of a catalogue, all ascending. */
export interface PersonHistory {
  /** Ratings 0.5..5 of trained items, for the rater. */
  readonly ratings: History;
  /** Weights > 0 and ≤ 5 of trained items, for the ranker. */
  readonly weights: History;
  /** The same of all items, also of those that no model knows. */
  readonly tastes: History;
  /** Rated, disliked or completed. */
  readonly consumed: Int32Array;
  /** Disliked. */
  readonly denied: Int32Array;
}

interface Pair {
  rating: number | undefined;
  weight: number;
  /** Seconds since 1970 of the rating, `NaN` where unknown. */
  ratingSeconds: number;
  isConsumed: boolean;
  isDenied: boolean;
}

/**
 * Puts together what the release was trained on and what the person did since.
 *
 * A release may have been trained on ratings that came as events, so nothing may count twice: of a pair the newest rating counts
 * alone, whether it is the trained one (weight at age 0) or a live one (its weight decayed); all other live weights are added. A
 * trained rating whose event was retracted is known by item and time, and does not count. Items that the catalogue does not know
 * are left out: they cannot be in an answer either.
 *
 * @param request.userId `undefined` for a visitor without an account. An unknown user has no trained ratings.
 * @param request.indexOf Index of an item, −1 where it has none; from the size of the training set on models do not know it.
 * Cost: O(trained ratings + live pairs · log).
 */
export function personHistory(
  set: TrainingSet,
  request: {
    userId: string | undefined;
    live: LiveView | undefined;
    indexOf?: (itemId: string) => number;
  },
): PersonHistory {
  const { userId, live, indexOf = set.items.indexOf } = request;
  const user = userId === undefined ? -1 : set.users.indexOf(userId);
  if (!live || (live.pairs.length === 0 && live.retractedRatings.length === 0)) {
    return trainedHistory(user < 0 ? emptyHistory : historyOf(set.ratings, user));
  }
  const pairs = new Map<number, Pair>();
  const retracted = new Set(live.retractedRatings.map(({ itemId, tsMs }) => ratingName(itemId, tsMs / 1000)));
  if (user >= 0) {
    const { items, values } = historyOf(set.ratings, user);
    const times = set.ratings.times?.subarray(set.ratings.starts[user]);
    for (let at = 0; at < items.length; at++) {
      const item = items[at] ?? 0;
      const ratingSeconds = times?.[at] ?? Number.NaN;
      if (retracted.size > 0 && retracted.has(ratingName(set.items.idAt(item), ratingSeconds))) continue;
      const rating = values[at] ?? 0;
      pairs.set(item, {
        ...{ rating, weight: ratingWeight(rating), ratingSeconds },
        ...{ isConsumed: true, isDenied: false },
      });
    }
  }
  for (const pair of live.pairs) {
    const item = indexOf(pair.itemId);
    if (item >= 0) pairs.set(item, withLive(pairs.get(item), pair));
  }
  return columnsOf(pairs, set.items.size);
}

/** The same without live events, as most people have none: nothing is copied but the weights. */
function trainedHistory(ratings: History): PersonHistory {
  const items = new Int32Array(ratings.items.length);
  const values = new Float32Array(ratings.items.length);
  let kept = 0;
  for (let at = 0; at < items.length; at++) {
    const weight = ratingWeight(ratings.values[at] ?? 0);
    if (weight === 0) continue;
    items[kept] = ratings.items[at] ?? 0;
    values[kept++] = weight;
  }
  const weights = { items: items.subarray(0, kept), values: values.subarray(0, kept) };
  return { ratings, weights, tastes: weights, consumed: ratings.items, denied: emptyHistory.items };
}

/** Trained times are whole seconds, or have the milliseconds of the event. */
const ratingName = (itemId: string, seconds: number) => `${Math.floor(seconds)} ${itemId}`;

function withLive(trained: Pair | undefined, { weight, rating, isConsumed, isDenied }: LivePair): Pair {
  const flags = { isConsumed: isConsumed || trained !== undefined, isDenied };
  const isOlder = rating && trained && trained.ratingSeconds > rating.tsMs / 1000;
  if (rating && !isOlder) {
    const ratingSeconds = rating.tsMs / 1000;
    return { rating: rating.value, weight: weight + rating.weight, ratingSeconds, ...flags };
  }
  const { rating: value, weight: trainedWeight = 0, ratingSeconds = Number.NaN } = trained ?? {};
  return { rating: value, weight: weight + trainedWeight, ratingSeconds, ...flags };
}

function columnsOf(pairs: ReadonlyMap<number, Pair>, trainedCount: number): PersonHistory {
  const sorted = [...pairs].sort(([left], [right]) => left - right);
  const trained = sorted.filter(([item]) => item < trainedCount);
  const weightsOf = (chosen: typeof sorted) =>
    of(
      chosen.filter(([, { weight }]) => weight > 0),
      ({ weight }) => Math.min(pairWeightMax, weight),
    );
  const of = (chosen: typeof sorted, value: (pair: Pair) => number): History => ({
    items: Int32Array.from(chosen, ([item]) => item),
    values: Float32Array.from(chosen, ([, pair]) => value(pair)),
  });
  return {
    ratings: of(
      trained.filter(([, { rating }]) => rating !== undefined),
      ({ rating = 0 }) => rating,
    ),
    weights: weightsOf(trained),
    tastes: weightsOf(sorted),
    consumed: of(
      sorted.filter(([, { isConsumed, isDenied }]) => isConsumed || isDenied),
      () => 1,
    ).items,
    denied: of(
      sorted.filter(([, { isDenied }]) => isDenied),
      () => 1,
    ).items,
  };
}

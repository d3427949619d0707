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
  const retracted = new Set(live.retractedRatings.map(({ itemId, tsMs }) => ratingName(itemId, tsMs / 1000)));
  const isRetracted = (item: number, seconds: number) =>
    retracted.size > 0 && retracted.has(ratingName(set.items.idAt(item), seconds));
  const trained = user < 0 ? emptyHistory : historyOf(set.ratings, user);
  const times = user < 0 ? undefined : set.ratings.times?.subarray(set.ratings.starts[user]);
  const pairs = live.pairs
    .map((pair) => ({ item: indexOf(pair.itemId), pair }))
    .filter(({ item }) => item >= 0)
    .sort((left, right) => left.item - right.item);
  const columns = new Columns(trained.items.length + pairs.length, set.items.size);
  // both are ascending: walked side by side, most of a long history is copied as it is
  let next = 0;
  for (let at = 0; at < trained.items.length; at++) {
    const item = trained.items[at] ?? 0;
    while ((pairs[next]?.item ?? Number.POSITIVE_INFINITY) < item) columns.addLive(pairs[next++] as LiveItem);
    const ratingSeconds = times?.[at] ?? Number.NaN;
    if (isRetracted(item, ratingSeconds)) continue;
    const rating = trained.values[at] ?? 0;
    if (pairs[next]?.item === item) columns.addLive(pairs[next++] as LiveItem, { rating, ratingSeconds });
    else columns.addTrained(item, rating);
  }
  while (next < pairs.length) columns.addLive(pairs[next++] as LiveItem);
  return columns.history();
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

/** A rating that the release was trained on. */
interface TrainedRating {
  readonly rating: number;
  /** Seconds since 1970, `NaN` where unknown. */
  readonly ratingSeconds: number;
}

/** What a person did with an item, by its index. */
interface LiveItem {
  readonly item: number;
  readonly pair: LivePair;
}

/** Puts a history together; items come ascending. */
class Columns {
  readonly #trainedCount: number;
  readonly #ratings: Column;
  readonly #weights: Column;
  readonly #tastes: Column;
  readonly #consumed: Column;
  readonly #denied: Column;

  constructor(size: number, trainedCount: number) {
    this.#trainedCount = trainedCount;
    [this.#ratings, this.#weights, this.#tastes] = [new Column(size), new Column(size), new Column(size)];
    [this.#consumed, this.#denied] = [new Column(size), new Column(size)];
  }

  addTrained(item: number, rating: number): void {
    this.#ratings.add(item, rating);
    this.#weigh(item, ratingWeight(rating));
    this.#consumed.add(item, 1);
  }

  /** Of two ratings the newer counts alone; other weights are added. */
  addLive({ item, pair }: LiveItem, trained?: TrainedRating): void {
    const { weight, rating, isConsumed, isDenied } = pair;
    const isOlder = rating && trained && trained.ratingSeconds > rating.tsMs / 1000;
    const isOwn = rating !== undefined && !isOlder;
    const value = isOwn ? rating.value : trained?.rating;
    if (item < this.#trainedCount && value !== undefined) this.#ratings.add(item, value);
    this.#weigh(item, weight + (isOwn ? rating.weight : ratingWeight(trained?.rating ?? 0)));
    if (isConsumed || isDenied || trained) this.#consumed.add(item, 1);
    if (isDenied) this.#denied.add(item, 1);
  }

  history(): PersonHistory {
    return {
      ratings: this.#ratings.history(),
      weights: this.#weights.history(),
      tastes: this.#tastes.history(),
      consumed: this.#consumed.history().items,
      denied: this.#denied.history().items,
    };
  }

  #weigh(item: number, weight: number): void {
    if (weight <= 0) return;
    const value = Math.min(pairWeightMax, weight);
    this.#tastes.add(item, value);
    if (item < this.#trainedCount) this.#weights.add(item, value);
  }
}

class Column {
  readonly #items: Int32Array;
  readonly #values: Float32Array;
  #length = 0;

  constructor(size: number) {
    [this.#items, this.#values] = [new Int32Array(size), new Float32Array(size)];
  }

  add(item: number, value: number): void {
    this.#items[this.#length] = item;
    this.#values[this.#length++] = value;
  }

  history(): History {
    return {
      items: this.#items.subarray(0, this.#length),
      values: this.#values.subarray(0, this.#length),
    };
  }
}

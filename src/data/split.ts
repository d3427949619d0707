import { type Interactions, mapInteractions } from "./interactions.ts";
import { numpyRandom } from "./numpy-random.ts";
import { seededRandom, shuffle } from "./random.ts";

/** A training part and the part that is held out from it; same shape, disjoint, together the whole. */
export interface Split {
  readonly train: Interactions;
  readonly test: Interactions;
}

/** A split that was made user by user. */
export interface UserSplit extends Split {
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
): UserSplit {
  const { share = 0.2, seed = 0 } = options;
  // 0.29 · 100 is 28.999… in binary; the small term makes it the 29 that is meant
  return holdOutLast(interactions, { seed, count: (entries) => Math.floor(entries * share + 1e-9) });
}

/**
 * Holds out one entry of each user: the last where all entries of the user have a time, else a seeded random one.
 *
 * @param options.entriesMin A user with fewer entries keeps them all. Default 2, so that no user is left without history.
 * @param options.seed Any integer. Default 0.
 * Cost: O(entries · log(longest row)).
 * Source: the protocol of He et al. 2017, "Neural collaborative filtering", §4.1; `sampleNegatives` draws what an item is ranked among.
 */
export function leaveOneOut(
  interactions: Interactions,
  options: { entriesMin?: number; seed?: number } = {},
): UserSplit {
  const { entriesMin = 2, seed = 0 } = options;
  return holdOutLast(interactions, { seed, count: (entries) => (entries >= entriesMin ? 1 : 0) });
}

function holdOutLast(
  interactions: Interactions,
  options: { seed: number; count: (entries: number) => number },
): UserSplit {
  const { userCount, starts, times } = interactions;
  const isHeldOut = new Uint8Array(interactions.items.length);
  let usersByTime = 0;
  let usersAtRandom = 0;
  for (let user = 0; user < userCount; user++) {
    const from = starts[user]!;
    const to = starts[user + 1]!;
    const heldOut = options.count(to - from);
    if (heldOut === 0) continue;
    const order = Int32Array.from({ length: to - from }, (_, at) => from + at);
    if (times && isTimed(times, { from, to })) {
      order.sort((left, right) => times[left]! - times[right]! || left - right);
      usersByTime++;
    } else {
      shuffle(order, seededRandom(options.seed ^ Math.imul(user + 1, 0x9e3779b1)));
      usersAtRandom++;
    }
    for (let at = order.length - heldOut; at < order.length; at++) isHeldOut[order[at]!] = 1;
  }
  return { ...parted(interactions, isHeldOut), usersByTime, usersAtRandom };
}

function isTimed(times: Float64Array, row: { from: number; to: number }): boolean {
  for (let entry = row.from; entry < row.to; entry++) if (Number.isNaN(times[entry]!)) return false;
  return true;
}

function parted(interactions: Interactions, isHeldOut: Uint8Array): Split {
  const part = (kept: 0 | 1) =>
    mapInteractions(interactions, (value, _user, _item, entry) =>
      isHeldOut[entry] === kept ? value : Number.NaN,
    );
  return { train: part(0), test: part(1) };
}

/**
 * Holds out the latest entries of all users together: what a model that was trained on one day meets on the next.
 *
 * Give `from`, a moment, or `share` of the entries that have a time; entries of the same second stay on one side, the held-out one,
 * so that a share may come out larger. Entries without a time are trained on.
 *
 * @param options.from Seconds since 1970; entries at or after it are held out.
 * @param options.share In 0..1. Default 0.2.
 * @throws RangeError Where the interactions have no times.
 * Cost: O(entries · log(entries)).
 */
export function splitByTime(
  interactions: Interactions,
  options: { from: number } | { share?: number } = {},
): Split {
  const { times } = interactions;
  if (!times) throw new RangeError("splitByTime: expected interactions with times, got none");
  const from = "from" in options ? options.from : latestShare(times, options.share ?? 0.2);
  return parted(
    interactions,
    Uint8Array.from(times, (time) => (time >= from ? 1 : 0)),
  );
}

function latestShare(times: Float64Array, share: number): number {
  const known = times.filter((time) => !Number.isNaN(time)).sort();
  const heldOut = Math.floor(known.length * share + 1e-9);
  return heldOut === 0 ? Number.POSITIVE_INFINITY : known[known.length - heldOut]!;
}

/**
 * Holds out a random share of all entries, whoever they belong to.
 *
 * The draw is that of scikit-learn's `ShuffleSplit` over the entries in the order of the matrix: the first ⌈n · share⌉ of NumPy's
 * permutation.
 *
 * @param options.share In 0..1. Default 0.2.
 * @param options.seed Integer in 0..2³²−1. Default 0.
 * Cost: O(entries).
 */
export function splitAtRandom(
  interactions: Interactions,
  options: { share?: number; seed?: number } = {},
): Split {
  return splitRows(interactions, randomRows(interactions.items.length, options));
}

/**
 * Numbers of the rows that a random split of a list holds out, for data that still are in the order of a file.
 *
 * @param options As for {@link splitAtRandom}.
 * @example
 * import { randomRows } from "usher-recommender";
 * randomRows(5, { share: 0.4, seed: 42 }); // → Int32Array [1, 4]
 */
export function randomRows(count: number, options: { share?: number; seed?: number } = {}): Int32Array {
  const { share = 0.2, seed = 0 } = options;
  const heldOut = Math.ceil(count * share - 1e-9);
  return numpyRandom(seed).permutation(count).slice(0, heldOut);
}

/**
 * k splits, each of which holds out another part of the entries, drawn at random and of equal size but for one.
 *
 * @param options.folds Integer ≥ 2. Default 5.
 * @param options.seed Integer in 0..2³²−1. Default 0.
 * @returns One split a fold; the test parts are disjoint and together the whole.
 * Cost: O(folds · entries).
 */
export function kFolds(interactions: Interactions, options: { folds?: number; seed?: number } = {}): Split[] {
  return foldRows(interactions.items.length, options).map((rows) => splitRows(interactions, rows));
}

/**
 * Numbers of the rows of each fold, for data that still are in the order of a file: the folds that scikit-learn's and Surprise's
 * `KFold(n_splits=folds, shuffle=True, random_state=seed)` make of `count` rows.
 *
 * @param options As for {@link kFolds}.
 * @example
 * import { foldRows } from "usher-recommender";
 * foldRows(5, { folds: 2, seed: 42 }); // → [Int32Array [1, 4, 2], Int32Array [0, 3]]
 */
export function foldRows(count: number, options: { folds?: number; seed?: number } = {}): Int32Array[] {
  const { folds = 5, seed = 0 } = options;
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= count)) {
    throw new RangeError(`folds: expected an integer in 2..${count}, the number of rows, got ${folds}`);
  }
  const order = numpyRandom(seed).permutation(count);
  const small = Math.floor(count / folds);
  const larger = count % folds; // the first folds have one row more
  const start = (fold: number) => fold * small + Math.min(fold, larger);
  return Array.from({ length: folds }, (_, fold) => order.slice(start(fold), start(fold + 1)));
}

function splitRows(interactions: Interactions, rows: Int32Array): Split {
  const isHeldOut = new Uint8Array(interactions.items.length);
  for (let at = 0; at < rows.length; at++) isHeldOut[rows[at]!] = 1;
  return parted(interactions, isHeldOut);
}

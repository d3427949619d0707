import { UsherError } from "../errors.ts";

/**
 * Who did what, as a compressed sparse row matrix of shape [users × items].
 *
 * The entries of user u are at `starts[u] .. starts[u + 1] − 1`, ordered by item, each item at most once.
 */
export interface Interactions {
  readonly userCount: number;
  readonly itemCount: number;
  /** Length userCount + 1. */
  readonly starts: Int32Array;
  /** Item index of each entry. */
  readonly items: Int32Array;
  /** Value of each entry: a rating 0.5..5, or a weight ≥ 0, as the name of the variable says. */
  readonly values: Float32Array;
  /** Seconds since 1970 of each entry, `NaN` where unknown; absent where the source has no times at all. */
  readonly times?: Float64Array;
}

/** One user's row: item indexes and values of the same length. */
export interface History {
  readonly items: Int32Array;
  readonly values: Float32Array;
}

/** Entries as parallel columns, in any order. */
export interface Triples {
  readonly users: Int32Array;
  readonly items: Int32Array;
  readonly values: Float32Array;
  readonly times?: Float64Array;
}

/** A user's row as views on the matrix, nothing copied. */
export function historyOf(interactions: Interactions, user: number): History {
  const from = interactions.starts[user]!;
  const to = interactions.starts[user + 1]!;
  return { items: interactions.items.subarray(from, to), values: interactions.values.subarray(from, to) };
}

/** Indexes of the users whose rows are not empty, ascending. */
export function usersWithEntries({ userCount, starts }: Interactions): Int32Array {
  return Int32Array.from({ length: userCount }, (_, user) => user).filter(
    (user) => starts[user + 1]! > starts[user]!,
  );
}

/** A row without entries. */
export const emptyHistory: History = { items: new Int32Array(0), values: new Float32Array(0) };

/**
 * Builds the matrix from columns. Where a (user, item) pair appears more than once the one with the greatest time counts, then the last.
 *
 * @throws UsherError `DATA_INVALID`: an index out of range, or a value that is not finite.
 * Cost: O(entries · log(longest row)).
 */
export function interactionsFromTriples(
  triples: Triples,
  shape: { userCount: number; itemCount: number },
): Interactions {
  const { users, items, values, times } = triples;
  const { userCount, itemCount } = shape;
  const starts = new Int32Array(userCount + 1);
  for (let entry = 0; entry < users.length; entry++) {
    const user = users[entry]!;
    const item = items[entry]!;
    if (user < 0 || user >= userCount || item < 0 || item >= itemCount) {
      throw new UsherError(
        "DATA_INVALID",
        `interactions: expected indexes below ${userCount} × ${itemCount}, got (${user}, ${item})`,
      );
    }
    if (!Number.isFinite(values[entry]!)) {
      throw new UsherError(
        "DATA_INVALID",
        `interactions: expected a finite value for (${user}, ${item}), got ${values[entry]}`,
      );
    }
    starts[user + 1]!++;
  }
  for (let user = 0; user < userCount; user++) starts[user + 1]! += starts[user]!;
  const order = new Int32Array(users.length);
  const next = starts.slice(0, userCount);
  for (let entry = 0; entry < users.length; entry++) order[next[users[entry]!]!++] = entry;

  const time = (entry: number) => {
    const value = times ? times[entry]! : 0;
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  };
  const keptStarts = new Int32Array(userCount + 1);
  let kept = 0;
  for (let user = 0; user < userCount; user++) {
    // the winner of a pair is sorted last among its equals, and the last of each run is kept
    const row = order
      .subarray(starts[user]!, starts[user + 1]!)
      .sort(
        (left, right) => items[left]! - items[right]! || compare(time(left), time(right)) || left - right,
      );
    for (let at = 0; at < row.length; at++) {
      if (at + 1 < row.length && items[row[at]!] === items[row[at + 1]!]) continue;
      order[kept++] = row[at]!;
    }
    keptStarts[user + 1] = kept;
  }
  const column = <Column extends Int32Array | Float32Array | Float64Array>(
    from: Column,
    to: Column,
  ): Column => {
    for (let at = 0; at < kept; at++) to[at] = from[order[at]!]!;
    return to;
  };
  return {
    userCount,
    itemCount,
    starts: keptStarts,
    items: column(items, new Int32Array(kept)),
    values: column(values, new Float32Array(kept)),
    ...(times ? { times: column(times, new Float64Array(kept)) } : {}),
  };
}

const compare = (left: number, right: number) => (left < right ? -1 : left > right ? 1 : 0);

/** The same matrix by items: shape [items × users], row = item, `items` then holds user indexes. Cost: O(entries). */
export function transpose(interactions: Interactions): Interactions {
  const { userCount, itemCount, starts, items, values } = interactions;
  const flipped = new Int32Array(itemCount + 1);
  for (let entry = 0; entry < items.length; entry++) flipped[items[entry]! + 1]!++;
  for (let item = 0; item < itemCount; item++) flipped[item + 1]! += flipped[item]!;
  const next = flipped.slice(0, itemCount);
  const users = new Int32Array(items.length);
  const flippedValues = new Float32Array(items.length);
  for (let user = 0; user < userCount; user++) {
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) {
      const to = next[items[entry]!]!++;
      users[to] = user;
      flippedValues[to] = values[entry]!;
    }
  }
  return { userCount: itemCount, itemCount: userCount, starts: flipped, items: users, values: flippedValues };
}

/** The entries that a rule keeps, with the value that the rule gives; times are carried along. `NaN` drops the entry. */
export function mapInteractions(
  interactions: Interactions,
  rule: (value: number, user: number, item: number, entry: number) => number,
): Interactions {
  const { userCount, itemCount, starts, items, values, times } = interactions;
  const keptStarts = new Int32Array(userCount + 1);
  const keptItems = new Int32Array(items.length);
  const keptValues = new Float32Array(items.length);
  const keptTimes = times ? new Float64Array(items.length) : undefined;
  let kept = 0;
  for (let user = 0; user < userCount; user++) {
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) {
      const value = rule(values[entry]!, user, items[entry]!, entry);
      if (Number.isNaN(value)) continue;
      keptItems[kept] = items[entry]!;
      keptValues[kept] = value;
      if (keptTimes && times) keptTimes[kept] = times[entry]!;
      kept++;
    }
    keptStarts[user + 1] = kept;
  }
  return {
    userCount,
    itemCount,
    starts: keptStarts,
    items: keptItems.slice(0, kept),
    values: keptValues.slice(0, kept),
    ...(keptTimes ? { times: keptTimes.slice(0, kept) } : {}),
  };
}

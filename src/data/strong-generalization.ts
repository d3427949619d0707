import { type Interactions, mapInteractions } from "./interactions.ts";
import { numpyRandom } from "./numpy-random.ts";

/** Users whom the model has never seen: what it is told about them, and what it must find. Both of shape [users × items]. */
export interface HeldOutUsers {
  /** Index of each row's user in the whole, ascending. */
  readonly users: Int32Array;
  readonly foldIn: Interactions;
  /** Users with fewer than `entriesMin` entries have none. */
  readonly target: Interactions;
}

/** A split by user: nothing of the validation and test users is in the training part. */
export interface StrongSplit {
  /** Shape [training users × items]. */
  readonly train: Interactions;
  /** Index of each training row's user in the whole, ascending. */
  readonly users: Int32Array;
  /** Index of each column's item in the whole, ascending: the items that the training users have. All three parts know only these. */
  readonly items: Int32Array;
  readonly validation: HeldOutUsers;
  readonly test: HeldOutUsers;
}

/** How a split by user is drawn. */
export interface StrongSplitOptions {
  /** Users of the validation part, and as many of the test part. */
  readonly heldOutUsers: number;
  /** Users with fewer entries are left out; held-out users with fewer that are known items get no target. Default 5. */
  readonly entriesMin?: number;
  /** Share of a held-out user's entries that is the target, rounded down. Default 0.2. */
  readonly targetShare?: number;
  /** Integer in 0..2³²−1. Default 98765, that of the source. */
  readonly seed?: number;
}

/**
 * Strong generalization: a model is fitted on some users and judged on others, of whom it is told four fifths.
 *
 * The draws are those of NumPy in the published code, so that the published split comes out: users in the order of their ids, entries
 * of a user in the order of the file (here: by item; equal for MovieLens files that are sorted so), the generator seeded anew for
 * each part.
 *
 * @param interactions Those that count as positive; filter ratings before.
 * @throws RangeError Where fewer than 2 · heldOutUsers + 1 users have enough entries.
 * Cost: O(entries).
 * Source: Liang, Krishnan, Hoffman, Jebara 2018, "Variational autoencoders for collaborative filtering", §4.1. Checked against a NumPy
 *   program (`test/golden/splits.py`).
 */
export function strongGeneralization(interactions: Interactions, options: StrongSplitOptions): StrongSplit {
  const { heldOutUsers, entriesMin = 5, targetShare = 0.2, seed = 98765 } = options;
  const { userCount, starts } = interactions;
  const able = Int32Array.from({ length: userCount }, (_, user) => user).filter(
    (user) => starts[user + 1]! - starts[user]! >= entriesMin,
  );
  const trainCount = able.length - 2 * heldOutUsers;
  if (!(Number.isInteger(heldOutUsers) && heldOutUsers > 0 && trainCount > 0)) {
    throw new RangeError(
      `strongGeneralization: expected heldOutUsers in 1..${Math.floor((able.length - 1) / 2)}, got ${heldOutUsers}; ${able.length} users have at least ${entriesMin} entries`,
    );
  }
  const order = numpyRandom(seed)
    .permutation(able.length)
    .map((at) => able[at]!);
  const users = order.slice(0, trainCount).sort();
  const known = knownItems(interactions, users);
  const draw = { entriesMin, targetShare, seed };
  return {
    train: rowsOf(interactions, { users, known }),
    users,
    items: known.items,
    validation: heldOut(
      interactions,
      { users: order.slice(trainCount, trainCount + heldOutUsers).sort(), known },
      draw,
    ),
    test: heldOut(interactions, { users: order.slice(trainCount + heldOutUsers).sort(), known }, draw),
  };
}

/** The items of the training part: their indexes in the whole, and the column of each item of the whole, −1 where it is none. */
interface KnownItems {
  readonly items: Int32Array;
  readonly columns: Int32Array;
}

function knownItems({ itemCount, starts, items }: Interactions, users: Int32Array): KnownItems {
  const isKnown = new Uint8Array(itemCount);
  for (const user of users) {
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) isKnown[items[entry]!] = 1;
  }
  const columns = new Int32Array(itemCount).fill(-1);
  let count = 0;
  for (let item = 0; item < itemCount; item++) if (isKnown[item]) columns[item] = count++;
  return { items: Int32Array.from(isKnown.keys()).filter((item) => isKnown[item]), columns };
}

/** Rows of some users, columns of the known items. */
function rowsOf(interactions: Interactions, of: { users: Int32Array; known: KnownItems }): Interactions {
  const { users, known } = of;
  const { starts, items, values, times } = interactions;
  const kept: number[] = [];
  const keptStarts = new Int32Array(users.length + 1);
  for (const [row, user] of users.entries()) {
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) {
      if (known.columns[items[entry]!]! >= 0) kept.push(entry);
    }
    keptStarts[row + 1] = kept.length;
  }
  return {
    userCount: users.length,
    itemCount: known.items.length,
    starts: keptStarts,
    items: Int32Array.from(kept, (entry) => known.columns[items[entry]!]!),
    values: Float32Array.from(kept, (entry) => values[entry]!),
    ...(times ? { times: Float64Array.from(kept, (entry) => times[entry]!) } : {}),
  };
}

function heldOut(
  interactions: Interactions,
  of: { users: Int32Array; known: KnownItems },
  draw: Required<Pick<StrongSplitOptions, "entriesMin" | "targetShare" | "seed">>,
): HeldOutUsers {
  const rows = rowsOf(interactions, of);
  const random = numpyRandom(draw.seed);
  const isTarget = new Uint8Array(rows.items.length);
  for (let row = 0; row < rows.userCount; row++) {
    const from = rows.starts[row]!;
    const count = rows.starts[row + 1]! - from;
    if (count < draw.entriesMin) continue;
    const chosen = random.permutation(count).subarray(0, Math.floor(draw.targetShare * count));
    for (const at of chosen) isTarget[from + at] = 1;
  }
  const part = (kept: 0 | 1) =>
    mapInteractions(rows, (value, _row, _item, entry) => (isTarget[entry] === kept ? value : Number.NaN));
  return { users: of.users, foldIn: part(0), target: part(1) };
}

import { type Interactions, mapInteractions } from "../data/interactions.ts";
import { judgeLists, type RankingEvaluation } from "./ranking.ts";

/**
 * A part of what is evaluated: some users, or some items.
 *
 * A slice of users has their whole lists. A slice of items asks how well the held-out items among them are found: the lists stay
 * as they are, other held-out items count as misses, and users without a held-out item of the slice are left out.
 */
export interface Slice {
  /** Such as `new users`, `long tail`, `genre Comedy`. */
  readonly name: string;
  readonly hasUser?: (user: number) => boolean;
  readonly hasItem?: (item: number) => boolean;
}

/**
 * The same evaluation over one slice. Nothing is scored again.
 *
 * @param whole.relevant The held-out pairs that the evaluation was made with.
 * Cost: O(users · k + relevant entries).
 */
export function evaluateSlice(
  whole: { evaluation: RankingEvaluation; relevant: Interactions },
  slice: Slice,
): RankingEvaluation {
  const { evaluation, relevant } = whole;
  const { hasUser = () => true, hasItem } = slice;
  const inSlice = hasItem
    ? mapInteractions(relevant, (value, _user, item) => (hasItem(item) ? value : Number.NaN))
    : relevant;
  const kept: number[] = [];
  for (const [at, user] of evaluation.users.entries())
    if (hasUser(user) && inSlice.starts[user + 1]! > inSlice.starts[user]!) kept.push(at);
  const pick = (figures: Float64Array) => Float64Array.from(kept, (at) => figures[at]!);
  const { k, itemCount, users, lists, novelty, diversity, auc } = evaluation;
  return judgeLists({
    k,
    itemCount,
    users: Int32Array.from(kept, (at) => users[at]!),
    lists: kept.map((at) => lists[at]!),
    relevant: inSlice,
    novelty: pick(novelty),
    ...(diversity ? { diversity: pick(diversity) } : {}),
    // the area was taken over all held-out items, so it says nothing about some of them
    ...(auc && !hasItem ? { auc: pick(auc) } : {}),
  });
}

/** Share of the users that count as new and as heavy, and share of the interactions that the head of the catalogue has. */
const [edgeShare, headShare] = [0.2, 0.8];

/**
 * New users: the fifth of the users with the fewest training entries; heavy users: the fifth with the most. Users with as many as the
 * last one of a fifth belong to it too, so that where all have the same number all are in both.
 *
 * @param train Shape [users × items]; users without entries are in neither.
 * Cost: O(users · log(users)).
 */
export function userSlices({ starts }: Interactions): Slice[] {
  const counts = Int32Array.from(starts.subarray(1), (end, user) => end - starts[user]!);
  const sorted = counts.filter((count) => count > 0).sort();
  const edge = Math.max(1, Math.floor(sorted.length * edgeShare)) - 1;
  const [few, many] = [sorted[edge] ?? 0, sorted[sorted.length - 1 - edge] ?? 0];
  return [
    { name: "new users", hasUser: (user) => counts[user]! > 0 && counts[user]! <= few },
    { name: "heavy users", hasUser: (user) => counts[user]! > 0 && counts[user]! >= many },
  ];
}

/**
 * The long tail: all items but the most popular ones that together have four fifths of the training entries.
 *
 * @param train Shape [users × items].
 * Cost: O(entries + items · log(items)).
 */
export function longTail({ itemCount, items }: Interactions): Slice {
  const counts = new Int32Array(itemCount);
  for (let entry = 0; entry < items.length; entry++) counts[items[entry]!]!++;
  const order = Int32Array.from(counts.keys()).sort((left, right) => counts[right]! - counts[left]!);
  const isHead = new Uint8Array(itemCount);
  let covered = 0;
  for (let at = 0; at < itemCount && covered < headShare * items.length; at++) {
    isHead[order[at]!] = 1;
    covered += counts[order[at]!]!;
  }
  return { name: "long tail", hasItem: (item) => isHead[item] === 0 };
}

/**
 * One slice of items a group, such as a genre, by name.
 *
 * @param groups Names of the groups that each item belongs to, by item index.
 * @param prefix Word before each name. Default `genre`.
 */
export function groupSlices(groups: readonly (readonly string[])[], prefix = "genre"): Slice[] {
  const names = [...new Set(groups.flat())].sort();
  return names.map((name) => {
    const isIn = Uint8Array.from(groups, (own) => (own.includes(name) ? 1 : 0));
    return { name: `${prefix} ${name}`, hasItem: (item) => isIn[item] === 1 };
  });
}

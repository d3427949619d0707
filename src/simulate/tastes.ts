import { type Random, seededRandom } from "../data/random.ts";

/** An item as simulated users see it. */
export interface SimulatedItem {
  readonly itemId: string;
  /** What tastes are about: genres. An item without any belongs to a group of its own kind. */
  readonly groups: readonly string[];
  /** How well known it is, ≥ 0; only ratios count. */
  readonly popularity: number;
}

/** What a simulated user likes, planted: nothing of it is ever sent. */
export interface PlantedTaste {
  readonly userId: string;
  /** Groups that the user loves, one or two. */
  readonly loved: readonly string[];
  /** Groups that the user dislikes, at most one. */
  readonly hated: readonly string[];
}

/** Whether groups hold enough items to be loved: this share of the catalogue. */
const groupShareMin = 0.02;
/** Without such groups items are divided into so many by their ids. */
const madeGroups = 8;
/** How far chance moves the liking of one item by one user. */
const ownSpread = 0.25;

/** The tastes of all users: a function of the items, their number and the seed. */
export interface Tastes {
  of(user: number): PlantedTaste;
  /** How much a user likes an item: about 1 for a loved group, about −1 for a hated one, about 0 for the others. */
  liking(user: number, item: number): number;
}

/**
 * Plants a taste in each user: one or two loved groups of items and, for two users of three, a hated one. Large groups are loved
 * more often.
 *
 * Cost: O(items) at first; O(groups) a user, when asked.
 */
export function plantTastes(of: {
  items: readonly SimulatedItem[];
  userIdOf: (user: number) => string;
  seed: number;
}): Tastes {
  const groupsOf = groupsOfItems(of.items);
  const sizes = new Map<string, number>();
  for (const groups of groupsOf) for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const names = [...sizes.keys()]
    .filter((name) => (sizes.get(name) ?? 0) >= groupShareMin * of.items.length)
    .sort();
  const weights = names.map((name) => Math.sqrt(sizes.get(name) ?? 0));
  const known = new Map<number, PlantedTaste>();
  const make = (user: number): PlantedTaste => {
    const random = seededRandom(mixed(of.seed, user));
    const left = [...names];
    const take = () => {
      const at = drawWeighted(
        left.map((name) => weights[names.indexOf(name)] as number),
        random,
      );
      return left.splice(at, 1);
    };
    const loved = [...take(), ...(random.uniform() < 0.4 && left.length > 2 ? take() : [])];
    const hated = random.uniform() < 2 / 3 && left.length > 0 ? take() : [];
    return { userId: of.userIdOf(user), loved, hated };
  };
  const tasteOf = (user: number) => {
    const taste = known.get(user) ?? make(user);
    known.set(user, taste);
    return taste;
  };
  return {
    of: tasteOf,
    liking: (user, item) => {
      const { loved, hated } = tasteOf(user);
      const groups = groupsOf[item] ?? [];
      const isIn = (list: readonly string[]) => (groups.some((group) => list.includes(group)) ? 1 : 0);
      const own = ownSpread * seededRandom(mixed(mixed(of.seed, user), item)).normal();
      return isIn(loved) - isIn(hated) + own;
    },
  };
}

/** The groups of each item; made ones where the catalogue has none that is large enough. */
function groupsOfItems(items: readonly SimulatedItem[]): readonly (readonly string[])[] {
  const hasGroups = items.filter(({ groups }) => groups.length > 0).length > items.length / 2;
  if (hasGroups) return items.map(({ groups }) => groups);
  return items.map(({ itemId }) => {
    let hash = 0;
    for (let at = 0; at < itemId.length; at++) hash = (Math.imul(hash, 31) + itemId.charCodeAt(at)) | 0;
    return [`group ${(hash >>> 0) % madeGroups}`];
  });
}

/** One number of two, so that each pair has a stream of its own. */
export const mixed = (left: number, right: number): number =>
  Math.imul(Math.imul(left, 0x9e3779b1) ^ (right + 0x7f4a7c15), 0x85ebca6b) | 0;

/** An index, drawn in proportion to its weight; weights ≥ 0, at least one above 0. Cost: O(weights). */
export function drawWeighted(weights: readonly number[], random: Random): number {
  let rest = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  return found < 0 ? weights.length - 1 : found;
}

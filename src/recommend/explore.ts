import { hash } from "node:crypto";
import { seededRandom } from "../data/random.ts";
import type { Asked, Candidate } from "./asked.ts";
import type { Plan } from "./plan.ts";
import { holds } from "./shelves.ts";

/**
 * Tries something at some places, and says of each item how probable it was there.
 *
 * At each place that no pin and no promotion has, with the probability `share`, the item that would stand there gives way to one that
 * is drawn uniformly, without repetition, from those that may be tried. So an item that was not tried stood there with the probability
 * 1 − share, and one that was with share / (number of items that may be tried). Where fewer may be tried than there are places, only
 * as many of the last places take part, so that these probabilities are exact. The same request id draws the same.
 *
 * @param list The page as it would be. Its candidates are given their probability, the same for every seed.
 * @param of.rest Other candidates, none of them on the page.
 * @param of.seed What is drawn from; without it nothing is tried.
 */
export function explore(
  list: readonly Candidate[],
  of: { plan: Plan; asked: Asked; rest: readonly Candidate[]; seed: string | undefined },
): readonly Candidate[] {
  const { plan, asked, rest, seed } = of;
  const { share = 0 } = plan.document.exploration ?? {};
  const tried = share > 0 && seed !== undefined ? triable(list, { asked, rest }) : [];
  if (tried.length === 0) return list;
  const open = list.flatMap((candidate, at) => (candidate.placed ? [] : [at])).slice(-tried.length);
  const random = seededRandom(seedOf(seed ?? ""));
  const result = [...list];
  const { length } = tried;
  for (const at of open) {
    (list[at] as Candidate).propensity = 1 - share;
    if (random.uniform() >= share) continue;
    const drawn = tried.splice(random.below(tried.length), 1)[0] as Candidate;
    // a copy: on a page that is remembered the next request draws from the same
    result[at] = { ...drawn, placed: "exploration", propensity: share / length };
  }
  return result;
}

/** What may be tried, in the order of indexes: items added since the release was trained, and other candidates. */
function triable(
  list: readonly Candidate[],
  { asked, rest }: { asked: Asked; rest: readonly Candidate[] },
): Candidate[] {
  const { offer, blocked, shelf } = asked;
  if (rest.length === 0 && (shelf.at(-1) ?? 0) < offer.trainedCount) return [];
  const found = new Map(rest.filter(({ placed }) => !placed).map((candidate) => [candidate.item, candidate]));
  for (let at = shelf.length - 1; at >= 0 && (shelf[at] ?? 0) >= offer.trainedCount; at--) {
    const item = shelf[at] ?? 0;
    if (!found.has(item) && !holds(blocked, item))
      found.set(item, { item, source: "new", score: 0, evidence: -1 });
  }
  for (const { item } of list) found.delete(item);
  return [...found.values()].sort((left, right) => left.item - right.item);
}

const seedOf = (text: string) => hash("sha256", text, "buffer").readUInt32LE(0);

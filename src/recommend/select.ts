import type { groupFields } from "../contracts/surfaces.ts";
import type { Item } from "../data/catalogue.ts";
import type { Asked, Candidate, Placed } from "./asked.ts";
import { calibration, genreShares } from "./calibrate.ts";
import { foldedOnce } from "./fold-text.ts";
import { noIndexes, type Offer } from "./offer.ts";
import type { Plan } from "./plan.ts";
import { holds } from "./shelves.ts";

type GroupField = (typeof groupFields)[number];

/** The groups that an item is in, by field. */
const groupsOf: Readonly<Record<GroupField, (item: Item) => readonly (string | number)[]>> = {
  genre: ({ genres }) => genres.map(foldedOnce),
  person: ({ people = [] }) => people.map(({ name }) => foldedOnce(name)),
  year: ({ releaseYear }) => (releaseYear === undefined ? [] : [releaseYear]),
  decade: ({ releaseYear }) => (releaseYear === undefined ? [] : [Math.floor(releaseYear / 10)]),
  language: ({ language }) => (language === undefined ? [] : [foldedOnce(language)]),
};

/** Most candidates that a promotion brings in beside those that are candidates anyhow. */
const promotedMax = 200;

/**
 * Brings items that a rule wants in a place among the candidates, so that they are scored like all others, and marks them.
 *
 * A blocked item is not brought in: never-lists, filters and what a person has consumed come before pins and promotions. An item
 * whose pin is for a later page waits for it.
 */
export function withPlaced(
  candidates: readonly Candidate[],
  { plan, asked }: { plan: Plan; asked: Asked },
): Candidate[] {
  const { offer, blocked, offset, k } = asked;
  const { pins = [] } = plan.document.rules ?? {};
  if (pins.length === 0 && plan.promotion.share === 0) return [...candidates];
  const placed = new Map<number, Placed>();
  const waiting = new Set<number>();
  for (const { item_id, position } of pins) {
    const item = offer.indexOf(item_id);
    if (item < 0 || holds(blocked, item) || position <= offset || placed.has(item)) continue;
    if (position > offset + k) waiting.add(item);
    else placed.set(item, "pin");
  }
  for (const item of promotedItems(plan, asked)) {
    if (!placed.has(item) && !waiting.has(item)) placed.set(item, "promotion");
  }
  const isNew = new Map(placed);
  const all: Candidate[] = [];
  for (const candidate of candidates) {
    if (waiting.has(candidate.item)) continue;
    const place = placed.get(candidate.item);
    if (place) candidate.placed = place;
    isNew.delete(candidate.item);
    all.push(candidate);
  }
  for (const [item, place] of isNew) {
    all.push({ item, source: "top", score: 0, evidence: -1, placed: place, isOfRule: true });
  }
  return all;
}

function promotedItems({ promotion }: Plan, { offer, blocked, shelf, context }: Asked): number[] {
  if (promotion.share === 0) return [];
  const named = promotion.items.map(offer.indexOf).filter((item) => item >= 0 && !holds(blocked, item));
  const failing = promotion.filter ? offer.failing(promotion.filter, context) : noIndexes;
  const found = promotion.filter
    ? Array.from(shelf).filter((item) => !holds(failing, item) && !holds(blocked, item))
    : [];
  return [...new Set([...named, ...found])].slice(0, promotedMax);
}

/**
 * Fills the places of a page: pins at theirs, promotions spread over their share, then the others by score, difference and
 * proportion, with at most n of a group.
 *
 * Where rules contradict each other, the earlier wins: pins (in the order of the document; where a place is taken, the next free
 * one), promotions, at most n per group, diversity and calibration. Pins and promotions count in their groups and are never dropped for them.
 */
export function select(
  candidates: readonly Candidate[],
  { plan, asked }: { plan: Plan; asked: Asked },
): Candidate[] {
  const { offset, k, offer } = asked;
  const { rules = {}, diversity = 0, calibration: likeness = 0 } = plan.document;
  const places: (Candidate | undefined)[] = new Array(Math.min(k, candidates.length)).fill(undefined);
  const byItem = new Map(candidates.map((candidate) => [candidate.item, candidate]));
  for (const { item_id, position } of rules.pins ?? []) {
    const candidate = byItem.get(offer.indexOf(item_id));
    if (candidate?.placed !== "pin" || places.includes(candidate)) continue;
    const free = places.indexOf(undefined, Math.max(0, position - offset - 1));
    if (free >= 0) places[free] = candidate;
  }
  placePromotions(candidates, { places, share: plan.promotion.share });
  const groups = groupCounts(offer, rules.max_per ?? []);
  for (const candidate of places) if (candidate) groups.add(candidate.item);
  const left = candidates.filter((candidate) => !places.includes(candidate) && !candidate.isOfRule);
  const isPreferring = diversity + likeness > 0;
  const picker = isPreferring ? preferredFirst(left, { plan, asked, places }) : inOrder(left);
  for (let at = 0; at < places.length; at++) {
    if (places[at]) continue;
    const next = picker((candidate) => groups.hasRoom(candidate.item));
    if (!next) break;
    delete next.placed; // what a rule found no place for, and its score did
    places[at] = next;
    groups.add(next.item);
  }
  return places.filter((candidate) => candidate !== undefined);
}

function placePromotions(
  candidates: readonly Candidate[],
  { places, share }: { places: (Candidate | undefined)[]; share: number },
): void {
  const promoted = candidates.flatMap(({ placed }, own) => (placed === "promotion" ? [own] : []));
  const count = Math.min(promoted.length, Math.floor(share * places.length + 1e-9));
  for (let at = 0; at < count; at++) {
    const own = promoted[at] ?? 0; // no rule for an item moves it down
    const wanted = Math.min(own, Math.floor(((at + 0.5) * places.length) / count));
    const behind = places.indexOf(undefined, wanted);
    const free = behind >= 0 ? behind : places.indexOf(undefined);
    if (free >= 0) places[free] = candidates[own];
  }
}

function groupCounts(offer: Offer, limits: readonly { readonly field: GroupField; readonly n: number }[]) {
  const counted = limits.map(({ field, n }) => ({
    groupsOf: groupsOf[field],
    n,
    counts: new Map<string | number, number>(),
  }));
  const itemAt = (index: number) => offer.items[index] as Item;
  return {
    hasRoom: (index: number) =>
      counted.every((limit) =>
        limit.groupsOf(itemAt(index)).every((group) => (limit.counts.get(group) ?? 0) < limit.n),
      ),
    add: (index: number) => {
      for (const limit of counted) {
        for (const group of limit.groupsOf(itemAt(index)))
          limit.counts.set(group, (limit.counts.get(group) ?? 0) + 1);
      }
    },
  };
}

/** Gives the next candidate that may stand in the list, once. */
type Picker = (mayStand: (candidate: Candidate) => boolean) => Candidate | undefined;

function inOrder(candidates: readonly Candidate[]): Picker {
  let next = 0;
  // groups only fill up: what had no room once has none later
  return (mayStand) => {
    while (next < candidates.length) {
      const candidate = candidates[next++] as Candidate;
      if (mayStand(candidate)) return candidate;
    }
    return undefined;
  };
}

/** What speaks against a candidate beside its score, ≤ 0; it changes with each item that stands. */
interface Preference {
  worth(at: number): number;
  stands(item: number): void;
}

/**
 * The next is the one that is worth most: (1 − calibration) · ((1 − diversity) · score − diversity · similarity) − calibration ·
 * divergence, with the score from 0 to 1 over the candidates, and of equal ones the first. A greedy choice, as both sources do it.
 */
function preferredFirst(
  candidates: readonly Candidate[],
  of: { plan: Plan; asked: Asked; places: readonly (Candidate | undefined)[] },
): Picker {
  const { diversity = 0, calibration: likeness = 0 } = of.plan.document;
  const scores = candidates.map(({ score }) => score);
  const least = Math.min(...scores);
  const span = Math.max(...scores) - least || 1;
  const left = candidates.map((_, at) => at);
  const others: readonly (readonly [weight: number, Preference])[] = [
    ...(diversity > 0
      ? [[(1 - likeness) * diversity, difference(candidates, { left, ...of.asked })] as const]
      : []),
    ...(likeness > 0 ? [[likeness, proportion(candidates, of.asked)] as const] : []),
  ];
  const scoreWeight = (1 - likeness) * (1 - diversity);
  const worth = (at: number) => {
    let sum = (scoreWeight * ((scores[at] ?? 0) - least)) / span;
    for (const [weight, preference] of others) sum += weight * preference.worth(at);
    return sum;
  };
  const stands = (item: number) => {
    for (const [, preference] of others) preference.stands(item);
  };
  for (const candidate of of.places) if (candidate) stands(candidate.item);
  return (mayStand) => {
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    left.forEach((at, place) => {
      if (!mayStand(candidates[at] as Candidate)) return;
      const found = worth(at);
      if (best < 0 || found > most) [best, most] = [place, found];
    });
    if (best < 0) return undefined;
    const chosen = candidates[left.splice(best, 1)[0] ?? 0] as Candidate;
    stands(chosen.item);
    return chosen;
  };
}

/**
 * Against an item speaks its likeness of content to the nearest one that stands already (maximal marginal relevance).
 *
 * @param of.left Places of the candidates that do not stand yet.
 * Source: Carbonell and Goldstein 1998.
 */
function difference(
  candidates: readonly Candidate[],
  { left, offer }: { left: readonly number[]; offer: Offer },
): Preference {
  const nearest = new Float64Array(candidates.length);
  return {
    worth: (at) => -(nearest[at] ?? 0),
    stands: (item) => {
      for (const at of left) {
        const { item: other } = candidates[at] as Candidate;
        nearest[at] = Math.max(nearest[at] ?? 0, offer.content.similarity(other, item));
      }
    },
  };
}

/** Against an item speaks how far the genres of the list would be from those of the person's history with it. */
function proportion(candidates: readonly Candidate[], { offer, person }: Asked): Preference {
  const list = calibration(genreShares(person.tastes, offer.items));
  return {
    worth: (at) => -list.divergenceWith(offer.items[(candidates[at] as Candidate).item]),
    stands: (item) => list.add(offer.items[item]),
  };
}

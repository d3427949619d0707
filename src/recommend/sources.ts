import type { SourceName } from "../contracts/surfaces.ts";
import { recommendItems, type ScoredItems, similarTo } from "../models/recommend.ts";
import type { Asked, Candidate } from "./asked.ts";
import { foldedOnce } from "./fold-text.ts";
import { holds, unionOf } from "./shelves.ts";

/**
 * Gives its best items, best first, none of them blocked; `undefined` where it can say nothing for this person, so that a surface
 * without another source falls back.
 */
export type Source = (asked: Asked, limit: number) => Candidate[] | undefined;

/** Of so many items that a person liked last the similar ones are looked for. */
const recentMax = 5;

/** Every source of candidates. */
export const sources: Readonly<Record<SourceName, Source>> = {
  model: ({ person, release, blocked }, limit) => {
    const { weights: history } = person;
    if (history.items.length === 0) return undefined;
    const excluded = upTo(blocked, release.ranker.itemCount);
    return candidatesOf("model", recommendItems(release.ranker, { history, k: limit, excluded }));
  },
  "similar-to-recent": (asked, limit) => {
    const recent = recentLikes(asked, recentMax);
    if (recent.length === 0) return undefined;
    const best = new Map<number, Candidate>();
    for (const item of recent) {
      for (const found of similarCandidates(asked, { item, limit, source: "similar-to-recent" })) {
        const known = best.get(found.item);
        if (!known || known.score < found.score) best.set(found.item, found);
      }
    }
    return [...best.values()].sort(byScore).slice(0, limit);
  },
  "similar-to-item": (asked, limit) =>
    asked.about === undefined
      ? undefined
      : similarCandidates(asked, { item: asked.about, limit, source: "similar-to-item" }),
  content: ({ person, offer, blocked }, limit) => {
    if (person.tastes.items.length === 0) return undefined;
    return bestOf(offer.content.nearnessTo(person.tastes), {
      source: "content",
      blocked,
      limit,
      evidence: -1,
    });
  },
  trending: ({ trending, offer, blocked }, limit) => {
    if (!trending) return undefined;
    const found: Candidate[] = [];
    for (const { itemId, score, actionCount } of trending.items) {
      if (found.length === limit) break;
      const item = offer.indexOf(itemId);
      if (item < 0 || holds(blocked, item)) continue;
      found.push({ item, source: "trending", score, evidence: actionCount });
    }
    return found;
  },
  new: ({ offer, blocked, person }, limit) => {
    const nearness = isAnythingAdded(offer) ? offer.content.nearnessTo(person.tastes) : undefined;
    const found = firstOf(offer.newest, {
      source: "new",
      blocked,
      limit,
      score: (item) => offer.released(item) ?? 0,
    });
    if (!nearness) return found;
    // of what was added since, that comes first which is nearest to the person
    const added = (item: number) => (item >= offer.trainedCount ? 1 + (nearness[item] ?? 0) : 0);
    return found.sort((left, right) => added(right.item) - added(left.item));
  },
  popular: ({ offer, blocked }, limit) =>
    firstOf(offer.popular, {
      source: "popular",
      blocked,
      limit,
      score: (item) => offer.rated.ratingsOf(item).count,
    }),
  top: (asked, limit) => {
    const { offer, shelf, blocked } = asked;
    const wishes = wishesOf(asked);
    // what meets the most wishes comes first
    const byFit: Candidate[][] = Array.from({ length: wishes.length + 1 }, () => []);
    for (const { itemIndex: item, score } of offer.ranked(shelf)) {
      if (byFit.at(-1)?.length === limit) break;
      if (holds(blocked, item)) continue;
      const met = wishes.filter((isMet) => isMet(item)).length;
      byFit[met]?.push({ item, source: "top", score, evidence: -1 });
    }
    return byFit.reverse().flat().slice(0, limit);
  },
  continue: ({ live, offer, blocked }, limit) => {
    const found: Candidate[] = [];
    for (const { itemId, progress } of live?.continuing ?? []) {
      if (found.length === limit) break;
      const item = offer.indexOf(itemId);
      if (item < 0 || holds(blocked, item)) continue;
      found.push({ item, source: "continue", score: progress, evidence: progress });
    }
    return found;
  },
};

/** What a newcomer wishes of an item: one of the genres or people, and one of the languages that they chose. */
function wishesOf({ chosen: { names, languages }, offer }: Asked): ((item: number) => boolean)[] {
  const [wanted, spoken] = [new Set(names.map(foldedOnce)), new Set(languages.map(languageOf))];
  const isNamed = (index: number) => {
    const { genres = [], people = [] } = offer.items[index] ?? {};
    return (
      genres.some((genre) => wanted.has(foldedOnce(genre))) ||
      people.some(({ name }) => wanted.has(foldedOnce(name)))
    );
  };
  const isSpoken = (index: number) => spoken.has(languageOf(offer.items[index]?.language ?? ""));
  return [...(wanted.size > 0 ? [isNamed] : []), ...(spoken.size > 0 ? [isSpoken] : [])];
}

/** A language without its region: `pt` of `pt-BR`. */
const languageOf = (text: string) => foldedOnce(text).split(/[-_]/)[0] ?? "";

const isAnythingAdded = ({ items, trainedCount }: Asked["offer"]) => items.length > trainedCount;
export const byScore = (left: Candidate, right: Candidate) =>
  right.score - left.score || left.item - right.item;

/** The part of an ascending list that lies below an index. */
export function upTo(indexes: Int32Array, end: number): Int32Array {
  let length = indexes.length;
  while (length > 0 && (indexes[length - 1] ?? 0) >= end) length--;
  return length === indexes.length ? indexes : indexes.subarray(0, length);
}

function candidatesOf(source: SourceName, { items, scores }: ScoredItems, evidence = -1): Candidate[] {
  return Array.from(items, (item, at) => ({ item, source, score: scores[at] ?? 0, evidence }));
}

/** Items like one: by the model where it knows the item, else by content. */
function similarCandidates(
  { release, offer, blocked }: Asked,
  { item, limit, source }: { item: number; limit: number; source: SourceName },
): Candidate[] {
  if (item < offer.trainedCount) {
    const excluded = unionOf(
      upTo(blocked, offer.trainedCount),
      Int32Array.of(item),
      new Int32Array(offer.trainedCount),
    );
    const found = candidatesOf(source, similarTo(release.ranker, item, limit, excluded), item);
    return found.filter(({ score }) => score > 0);
  }
  const nearness = offer.content.nearnessTo({ items: Int32Array.of(item), values: Float32Array.of(1) });
  nearness[item] = 0;
  return bestOf(nearness, { source, blocked, limit, evidence: item });
}

/** The items that a person liked last and the model knows, the newest first. */
export function recentLikes({ person, live, release, offer, context }: Asked, count: number): number[] {
  const lastAt = new Map(live?.pairs.map(({ itemId, lastTsMs = 0 }) => [offer.indexOf(itemId), lastTsMs]));
  const { items, values } = person.weights;
  const { ratings, users } = release.set;
  const user = ratings.times && context.userId !== undefined ? users.indexOf(context.userId) : -1;
  if (user >= 0) {
    for (let at = ratings.starts[user] ?? 0; at < (ratings.starts[user + 1] ?? 0); at++) {
      const item = ratings.items[at] ?? 0;
      lastAt.set(item, Math.max(lastAt.get(item) ?? 0, (ratings.times?.[at] ?? 0) * 1000));
    }
  }
  return Array.from(items, (item, at) => ({ item, at: lastAt.get(item) ?? 0, weight: values[at] ?? 0 }))
    .sort((left, right) => right.at - left.at || right.weight - left.weight || left.item - right.item)
    .slice(0, count)
    .map(({ item }) => item);
}

/** The first of a ready order that are not blocked. */
function firstOf(
  order: Int32Array,
  of: { source: SourceName; blocked: Int32Array; limit: number; score: (item: number) => number },
): Candidate[] {
  const found: Candidate[] = [];
  for (const item of order) {
    if (found.length === of.limit) break;
    if (!holds(of.blocked, item))
      found.push({ item, source: of.source, score: of.score(item), evidence: -1 });
  }
  return found;
}

/** The greatest positive values whose items are not blocked. Cost: O(items + found · log found). */
function bestOf(
  values: Float32Array,
  of: { source: SourceName; blocked: Int32Array; limit: number; evidence: number },
): Candidate[] {
  const found: Candidate[] = [];
  let next = 0;
  for (let item = 0; item < values.length; item++) {
    if (of.blocked[next] === item) next++;
    else if ((values[item] ?? 0) > 0) {
      found.push({ item, source: of.source, score: values[item] ?? 0, evidence: of.evidence });
    }
  }
  return found.sort(byScore).slice(0, of.limit);
}

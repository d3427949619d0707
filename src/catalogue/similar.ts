import type { Item, Person } from "../data/catalogue.ts";
import type { Model } from "../models/model.ts";
import { similarTo } from "../models/recommend.ts";
import type { Content } from "../recommend/content.ts";
import { foldText } from "../recommend/fold-text.ts";
import type { Likers } from "./likers.ts";
import type { EditedCatalogue } from "./live-catalogue.ts";

/** Fewer common users than this are not told: they could be known by name. */
export const sharedUsersMin = 5;

/** What two items have in common. */
export interface Shared {
  readonly people: readonly Person[];
  readonly genres: readonly string[];
  /** Users who liked both, and their share of those who liked either; absent below {@link sharedUsersMin}. */
  readonly audience?: { readonly users: number; readonly share: number };
}

/** An item that resembles another, and how. */
export interface SimilarItem {
  readonly item: Item;
  readonly rank: number;
  readonly score: number;
  /** Found by what people like, or, for what no model knows yet, by what the items are. */
  readonly source: "audience" | "content";
  readonly shared: Shared;
  readonly text: string;
}

/** What similarity is made of. */
export interface SimilarityParts {
  readonly catalogue: EditedCatalogue;
  readonly ranker: Model;
  readonly likers: Likers;
  /** How the items of the catalogue resemble each other now. */
  readonly content: () => Content;
}

interface Scored {
  readonly index: number;
  readonly score: number;
  readonly source: SimilarItem["source"];
}

/**
 * Items like one: by the model, then, where that knows too few, by what is known of them.
 *
 * @param request.index Of a shown item. @param request.accepts Which others may be in it.
 * Cost: one look of the model at all items; where that knows too few, {@link Content.nearnessTo} beside it.
 */
export function similarItems(
  parts: SimilarityParts,
  request: { index: number; k: number; accepts: (item: Item) => boolean },
): SimilarItem[] {
  const { index, k, accepts } = request;
  const { catalogue } = parts;
  const chosen: Scored[] = [];
  const taken = new Set([index]);
  for (const candidates of [trainedLike, contentLike]) {
    if (chosen.length >= k) break;
    for (const one of candidates(parts, index)) {
      if (chosen.length >= k) break;
      const item = catalogue.items[one.index];
      if (taken.has(one.index) || !item || !accepts(item)) continue;
      taken.add(one.index);
      chosen.push(one);
    }
  }
  const of = catalogue.items[index] as Item;
  return chosen.map(({ index: other, score, source }, at) => {
    const item = catalogue.items[other] as Item;
    const shared = sharedBy(parts, { of, item, indexes: [index, other] });
    return { item, rank: at + 1, score: round(score, 1e6), source, shared, text: textOf(shared, source) };
  });
}

const round = (value: number, steps: number) => Math.round(value * steps) / steps;

/** What the model finds, the best first; nothing for an item that it does not know. */
function* trainedLike({ catalogue, ranker }: SimilarityParts, index: number): Generator<Scored> {
  if (index >= catalogue.trainedCount) return;
  const { items, scores } = similarTo(ranker, index, catalogue.trainedCount);
  for (const [at, other] of items.entries()) {
    const score = round(scores[at] ?? 0, 1e6);
    if (score <= 0) return;
    yield { index: other, score, source: "audience" };
  }
}

/** What is nearest by genres, people, decade, language and words, the nearest first. */
function* contentLike({ content }: SimilarityParts, index: number): Generator<Scored> {
  const nearness = content().nearnessTo({ items: Int32Array.of(index), values: Float32Array.of(1) });
  const found = Array.from(nearness, (score, other) => ({ index: other, score }))
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score || left.index - right.index);
  for (const one of found) yield { ...one, source: "content" };
}

function sharedBy(
  { likers }: SimilarityParts,
  { of, item, indexes: [left, right] }: { of: Item; item: Item; indexes: readonly [number, number] },
): Shared {
  const foldedIn = (names: readonly string[]) => new Set(names.map(foldText));
  const [genres, people] = [foldedIn(of.genres), foldedIn((of.people ?? []).map(({ name }) => name))];
  const users = likers.both(left, right);
  const either = likers.of(left).length + likers.of(right).length - users;
  return {
    people: (item.people ?? []).filter(({ name }) => people.has(foldText(name))),
    genres: item.genres.filter((genre) => genres.has(foldText(genre))),
    ...(users < sharedUsersMin ? {} : { audience: { users, share: round(users / either, 1e4) } }),
  };
}

/** `47 people liked both; Tom Hanks; Comedy and Drama`. */
function textOf({ people, genres, audience }: Shared, source: SimilarItem["source"]): string {
  const names = [...new Set(people.map(({ name }) => name))];
  const parts = [
    ...(audience ? [`${audience.users} people liked both`] : []),
    ...(names.length > 0 ? [listed(names)] : []),
    ...(genres.length > 0 ? [listed(genres)] : []),
  ];
  if (parts.length > 0) return parts.join("; ");
  return source === "audience" ? "liked by similar people" : "similar";
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3);
  if (names.length > 3) return `${shown.join(", ")} and ${names.length - 3} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

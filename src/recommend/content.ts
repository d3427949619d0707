import type { Item } from "../data/catalogue.ts";
import type { History } from "../data/interactions.ts";
import { foldedOnce, foldText } from "./fold-text.ts";

/** What an item is about, as numbered traits with weights; the weights have length 1 as a vector. */
interface Traits {
  readonly traits: Int32Array;
  readonly weights: Float32Array;
}

/** How items resemble each other by what is known of them: genres, people, decade, language, words. */
export interface Content {
  /** Cosine of two items by index, 0..1. Cost: O(their traits). */
  similarity(left: number, right: number): number;
  /**
   * How near every item is to what a person likes: the cosine to the weighted sum of their items, 0..1, by item index. Valid until
   * the next call. Cost: O(items that share a trait · shared traits).
   */
  nearnessTo(tastes: History): Float32Array;
}

const peopleMax = 6;
/** So many of the strongest items of a history say what a person likes. */
const tastesMax = 50;
/** Of the words of a description so many count. */
const wordsMax = 60;

/** Which traits an item has, and how much each kind counts beside its rarity. */
const kinds: readonly { readonly weight: number; of(item: Item): readonly string[] }[] = [
  { weight: 1, of: ({ genres }) => genres.map((genre) => `g:${foldedOnce(genre)}`) },
  {
    weight: 0.8,
    of: ({ people = [] }) => people.slice(0, peopleMax).map(({ name }) => `p:${foldedOnce(name)}`),
  },
  {
    weight: 0.4,
    of: ({ releaseYear }) => (releaseYear === undefined ? [] : [`d:${Math.floor(releaseYear / 10)}`]),
  },
  { weight: 0.4, of: ({ language }) => (language === undefined ? [] : [`l:${foldedOnce(language)}`]) },
  {
    weight: 0.3,
    of: ({ title, description = "" }) => wordsOf(`${title} ${description}`).map((word) => `w:${word}`),
  },
];

const wordsOf = (text: string) => [
  ...new Set((foldText(text.slice(0, 2000)).match(/\p{L}{3,}/gu) ?? []).slice(0, wordsMax)),
];

/** Items that are looked at before others may have their turn. */
const stepItems = 256;

/**
 * Knows of a catalogue how rare each trait is, and compares items by it (TF-IDF, cosine).
 *
 * Rarity is that of the first catalogue; vectors are made anew only for items that changed, so a write costs little.
 */
export class ContentModel {
  readonly #names = new Map<string, number>();
  readonly #rarity: number[] = [];
  readonly #vectors = new WeakMap<Item, Traits>();
  #rarityOfNew = 0;

  private constructor() {}

  /** Learns a catalogue at once. Cost: O(words of all items), some 10 µs an item; the event loop stands still meanwhile. */
  static learnt(items: readonly (Item | undefined)[]): ContentModel {
    const model = new ContentModel();
    for (const _ of model.#learn(items));
    return model;
  }

  /** The same while others have their turns. @param turn Awaited between steps. */
  static async learntInTurns(
    items: readonly (Item | undefined)[],
    turn: () => Promise<unknown>,
  ): Promise<ContentModel> {
    const model = new ContentModel();
    for (const _ of model.#learn(items)) await turn();
    return model;
  }

  /** Counts traits, then makes the vectors; yields after each step. */
  *#learn(items: readonly (Item | undefined)[]): Generator<void> {
    const known = items.filter((item) => item !== undefined && !item.isPlaceholder) as readonly Item[];
    const counts = new Map<string, number>();
    for (const [at, item] of known.entries()) {
      for (const kind of kinds)
        for (const name of kind.of(item)) counts.set(name, (counts.get(name) ?? 0) + 1);
      if (at % stepItems === 0) yield;
    }
    const total = known.length;
    this.#rarityOfNew = Math.log(total + 2);
    for (const [name, count] of counts) {
      if (count === 1) continue; // shared by nobody: such names come back with a new item that has them
      this.#names.set(name, this.#rarity.length);
      this.#rarity.push(Math.log((total + 1) / count));
    }
    for (const [at, item] of known.entries()) {
      this.#vectorOf(item);
      if (at % stepItems === 0) yield;
    }
  }

  /** The present items as they are compared. Cost: O(traits of changed items + all traits). */
  of(items: readonly (Item | undefined)[]): Content {
    return new ItemContent(items.map((item) => (item && !item.isPlaceholder ? this.#vectorOf(item) : empty)));
  }

  #vectorOf(item: Item): Traits {
    const known = this.#vectors.get(item);
    if (known) return known;
    const entries: [trait: number, weight: number][] = [];
    for (const { weight, of } of kinds) {
      for (const name of new Set(of(item))) {
        const trait = this.#traitOf(name);
        entries.push([trait, weight * (this.#rarity[trait] ?? 0)]);
      }
    }
    entries.sort(([left], [right]) => left - right);
    const length = Math.sqrt(entries.reduce((sum, [, weight]) => sum + weight * weight, 0)) || 1;
    const vector = {
      traits: Int32Array.from(entries, ([trait]) => trait),
      weights: Float32Array.from(entries, ([, weight]) => weight / length),
    };
    this.#vectors.set(item, vector);
    return vector;
  }

  #traitOf(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    this.#names.set(name, this.#rarity.length);
    return this.#rarity.push(this.#rarityOfNew) - 1;
  }
}

const empty: Traits = { traits: new Int32Array(0), weights: new Float32Array(0) };

class ItemContent implements Content {
  readonly #vectors: readonly Traits[];
  readonly #nearness: Float32Array;
  /** Of each trait the items that have it, and how much; made when a person is first compared with all. */
  #postings: { starts: Int32Array; items: Int32Array; weights: Float32Array } | undefined;

  constructor(vectors: readonly Traits[]) {
    this.#vectors = vectors;
    this.#nearness = new Float32Array(vectors.length);
  }

  similarity(left: number, right: number): number {
    const [one, other] = [this.#vectors[left] ?? empty, this.#vectors[right] ?? empty];
    let sum = 0;
    let at = 0;
    for (let here = 0; here < one.traits.length; here++) {
      const trait = one.traits[here] ?? 0;
      while (at < other.traits.length && (other.traits[at] ?? 0) < trait) at++;
      if (other.traits[at] === trait) sum += (one.weights[here] ?? 0) * (other.weights[at] ?? 0);
    }
    return Math.min(1, sum);
  }

  nearnessTo(tastes: History): Float32Array {
    this.#nearness.fill(0);
    const profile = this.#profileOf(tastes);
    const length = Math.sqrt([...profile.values()].reduce((sum, weight) => sum + weight * weight, 0));
    if (length === 0) return this.#nearness;
    this.#postings ??= postingsOf(this.#vectors);
    const { starts, items, weights } = this.#postings;
    for (const [trait, liked] of profile) {
      const factor = liked / length;
      for (let at = starts[trait] ?? 0; at < (starts[trait + 1] ?? 0); at++) {
        const item = items[at] ?? 0;
        this.#nearness[item] = (this.#nearness[item] ?? 0) + factor * (weights[at] ?? 0);
      }
    }
    return this.#nearness;
  }

  #profileOf({ items, values }: History): Map<number, number> {
    const strongest = Array.from(items, (item, at) => ({ item, weight: values[at] ?? 0 }))
      .sort((left, right) => right.weight - left.weight || left.item - right.item)
      .slice(0, tastesMax);
    const profile = new Map<number, number>();
    for (const { item, weight } of strongest) {
      const { traits, weights } = this.#vectors[item] ?? empty;
      traits.forEach((trait, at) => {
        profile.set(trait, (profile.get(trait) ?? 0) + weight * (weights[at] ?? 0));
      });
    }
    return profile;
  }
}

function postingsOf(vectors: readonly Traits[]) {
  let traitCount = 0;
  for (const { traits } of vectors) traitCount = Math.max(traitCount, (traits.at(-1) ?? -1) + 1);
  const starts = new Int32Array(traitCount + 2);
  for (const { traits } of vectors)
    for (const trait of traits) starts[trait + 2] = (starts[trait + 2] ?? 0) + 1;
  for (let trait = 2; trait < starts.length; trait++)
    starts[trait] = (starts[trait] ?? 0) + (starts[trait - 1] ?? 0);
  const items = new Int32Array(starts.at(-1) ?? 0);
  const weights = new Float32Array(items.length);
  vectors.forEach((vector, item) => {
    vector.traits.forEach((trait, at) => {
      const place = starts[trait + 1] ?? 0;
      starts[trait + 1] = place + 1;
      items[place] = item;
      weights[place] = vector.weights[at] ?? 0;
    });
  });
  return { starts, items, weights };
}

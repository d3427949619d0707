import { foldText } from "../recommend/fold-text.ts";
import { bestOf } from "./best-of.ts";
import {
  type CatalogSearch,
  queryWords,
  type SearchDocument,
  type SearchField,
  type SearchHit,
  type SearchOptions,
  type Suggestion,
  searchFields,
  wordsOf,
} from "./search.ts";
import { type NearTerm, type TermIndex, termIndex } from "./term-index.ts";

/** Fields are two bits of a posting. */
const fieldBits = 2;
const fieldMask = 3;
const fieldWeights = [3, 2, 0.6] as const;
/** How much a long field counts less: of BM25, for words that appear once. */
const [saturation, lengthShare] = [1.2, 0.75];
/** Terms that one word of a query may stand for. */
const [beginningsMax, nearMax] = [100, 50];
/** Most hits whose titles are compared with the whole query. */
const titlesCompared = 200;
/** Share of the words of a query that a hit must hold, where any does. */
const wordsShare = 0.6;

/** A word with so many places is meant as it is. */
const frequentMin = 500;
/** From this length on a word that is known may be meant to be one a typo away. */
const knownMin = 5;
/** Typos that a word may have. */
const typosOf = (word: string) => (word.length < 3 ? 0 : word.length < 7 ? 1 : 2);

/**
 * Full-text search in memory: the terms of all documents, and where each appears (document and field).
 *
 * Near words are found by looking at all terms of about the same length, of which a comparison of the letters that they have at all
 * leaves few.
 *
 * Cost: a query looks at the terms and at the places of those that are near; a change costs the places of the document's words.
 * Memory: 8 bytes a place, about 200 a term.
 */
export function memorySearch(documents: Iterable<SearchDocument> = []): CatalogSearch {
  const search = new MemorySearch();
  for (const document of documents) search.put(document);
  return search;
}

class MemorySearch implements CatalogSearch {
  readonly #slots = new Map<string, number>();
  readonly #documents: (SearchDocument | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #terms: TermIndex = termIndex([]);
  /** By term: places (document · 4 + field), ascending. */
  readonly #places: number[][] = [];
  /** Words of each field, by place. */
  readonly #lengths: number[] = [];
  readonly #lengthSums = [0, 0, 0];
  /** By document: what the present word, and all words, have given so far; their fields as bits. All 0 between two queries. */
  #ofWord = new Float64Array(0);
  #total = new Float64Array(0);
  #wordCount = new Uint8Array(0);
  #fields = new Uint8Array(0);

  async index(changes: Parameters<CatalogSearch["index"]>[0]): Promise<void> {
    for (const { id, document } of changes) {
      if (document) this.put(document);
      else this.#remove(id);
    }
  }

  put(document: SearchDocument): void {
    this.#remove(document.id);
    const slot = this.#free.pop() ?? this.#documents.length;
    this.#slots.set(document.id, slot);
    this.#documents[slot] = document;
    searchFields.forEach((_, field) => {
      const words = fieldWords(document, field);
      const place = (slot << fieldBits) | field;
      this.#lengths[place] = words.length;
      this.#lengthSums[field] = (this.#lengthSums[field] as number) + words.length;
      for (const word of new Set(words)) {
        const term = this.#terms.add(word);
        const places = this.#places[term] ?? [];
        this.#places[term] = places;
        if (places.length === 0 || (places.at(-1) as number) < place) places.push(place);
        else places.splice(lowerBound(places, place), 0, place);
      }
    });
  }

  #remove(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    const document = this.#documents[slot] as SearchDocument;
    searchFields.forEach((_, field) => {
      const words = fieldWords(document, field);
      const place = (slot << fieldBits) | field;
      this.#lengthSums[field] = (this.#lengthSums[field] as number) - words.length;
      for (const word of new Set(words)) {
        const places = this.#places[this.#terms.indexOf(word)] as number[];
        places.splice(lowerBound(places, place), 1);
      }
    });
    this.#slots.delete(id);
    this.#documents[slot] = undefined;
    this.#free.push(slot);
  }

  async search(query: string, options: SearchOptions): Promise<readonly SearchHit[]> {
    return this.#find(query, { ...options, fields: searchFields.length, isTyping: false });
  }

  async suggest(text: string, { limit, accepts }: SearchOptions): Promise<readonly Suggestion[]> {
    const hits = this.#find(text, {
      limit: 5 * limit,
      ...(accepts ? { accepts } : {}),
      fields: 2,
      isTyping: true,
    });
    const words = queryWords(text);
    const found = new Map<string, Suggestion>();
    for (const { id, matched } of hits) {
      const document = this.#documents[this.#slots.get(id) as number] as SearchDocument;
      const { title, people } = document;
      if (matched.includes("title")) keepFirst(found, { text: title, kind: "title", id });
      if (!matched.includes("people")) continue;
      for (const name of people) {
        const own = wordsOf(name);
        if (words.every((word) => own.some((one) => one.startsWith(word)))) {
          keepFirst(found, { text: name, kind: "person" });
        }
      }
    }
    return [...found.values()].slice(0, limit);
  }

  #find(query: string, options: SearchOptions & { fields: number; isTyping: boolean }): SearchHit[] {
    const words = queryWords(query);
    if (words.length === 0) return [];
    this.#makeRoom();
    const touched: number[] = [];
    try {
      words.forEach((word, at) => {
        const isLast = at === words.length - 1;
        this.#lookFor(word, { touched, fields: options.fields, isLast, isTyping: options.isTyping });
      });
      return this.#best(touched, { ...options, words, query: foldText(query) });
    } finally {
      for (const slot of touched) {
        this.#total[slot] = 0;
        this.#wordCount[slot] = 0;
        this.#fields[slot] = 0;
      }
    }
  }

  #makeRoom(): void {
    const { length } = this.#documents;
    if (this.#total.length >= length) return;
    const size = Math.ceil(length * 1.2) + 1000;
    this.#ofWord = new Float64Array(size);
    this.#total = new Float64Array(size);
    this.#wordCount = new Uint8Array(size);
    this.#fields = new Uint8Array(size);
  }

  /** Adds to each document what the best place of one word, or of a word near it, is worth. */
  #lookFor(
    word: string,
    of: { touched: number[]; fields: number; isLast: boolean; isTyping: boolean },
  ): void {
    const near = this.#nearTerms(word, of);
    if (near.length === 0) return;
    const nearest = near[0]?.closeness;
    const known = near.filter(({ closeness }) => closeness === nearest);
    const count = Math.max(...known.map(({ term }) => (this.#places[term] as number[]).length));
    const rarity = Math.log(1 + (this.#slots.size + 0.5) / (count + 0.5));
    const norms = this.#lengthSums.map((sum) => sum / Math.max(1, this.#slots.size) || 1);
    const found: number[] = [];
    for (const { term, closeness } of near) {
      for (const place of this.#places[term] as number[]) {
        const field = place & fieldMask;
        if (field >= of.fields) continue;
        const slot = place >> fieldBits;
        const length = (this.#lengths[place] as number) / (norms[field] as number);
        const worth =
          ((fieldWeights[field] as number) * closeness * rarity * (1 + saturation)) /
          (1 + saturation * (1 - lengthShare + lengthShare * length));
        this.#fields[slot] = (this.#fields[slot] as number) | (1 << field);
        if (this.#ofWord[slot] === 0) found.push(slot);
        if (worth > (this.#ofWord[slot] as number)) this.#ofWord[slot] = worth;
      }
    }
    for (const slot of found) {
      if (this.#wordCount[slot] === 0) of.touched.push(slot);
      this.#wordCount[slot] = (this.#wordCount[slot] as number) + 1;
      this.#total[slot] = (this.#total[slot] as number) + (this.#ofWord[slot] as number);
      this.#ofWord[slot] = 0;
    }
  }

  /** The terms that a word may mean, the nearest first. */
  #nearTerms(word: string, { isLast, isTyping }: { isLast: boolean; isTyping: boolean }): NearTerm[] {
    const near: NearTerm[] = [];
    const uses = (term: number) => (this.#places[term] as number[]).length;
    const exact = this.#terms.indexOf(word);
    const isKnown = exact >= 0 && uses(exact) > 0;
    if (isKnown) near.push({ term: exact, closeness: 1 });
    if (isKnown && !isTyping && uses(exact) > frequentMin) return near;
    const most = (terms: readonly number[], limit: number) =>
      terms.length <= limit
        ? terms
        : [...terms].sort((left, right) => uses(right) - uses(left)).slice(0, limit);
    if (isLast && (isTyping || word.length >= 3)) {
      const closeness = isTyping ? 0.95 : isKnown ? 0.45 : 0.75;
      for (const term of most(this.#terms.beginningWith(word), beginningsMax)) near.push({ term, closeness });
    }
    const typos = !isKnown ? typosOf(word) : word.length < knownMin ? 0 : 1;
    if (typos > 0) {
      const found = this.#terms.near(word, typos).filter(({ term }) => uses(term) > 0);
      found.sort((left, right) => left.typos - right.typos || uses(right.term) - uses(left.term));
      for (const { term, typos: count } of found.slice(0, nearMax)) {
        near.push({ term, closeness: (isKnown ? 0.4 : 0.8) * (1 - count / word.length) });
      }
    }
    return near.filter(({ term }) => uses(term) > 0).sort((left, right) => right.closeness - left.closeness);
  }

  #best(
    touched: readonly number[],
    of: SearchOptions & { words: readonly string[]; query: string },
  ): SearchHit[] {
    const { words, query, limit, accepts } = of;
    let wordsFound = 0;
    for (const slot of touched) wordsFound = Math.max(wordsFound, this.#wordCount[slot] as number);
    const wordsMin = Math.min(wordsFound, Math.ceil(wordsShare * words.length));
    const best = bestOf(Math.max(limit, titlesCompared));
    for (const slot of touched) {
      const found = this.#wordCount[slot] as number;
      if (found < wordsMin) continue;
      const { id, popularity } = this.#documents[slot] as SearchDocument;
      const share = found / words.length;
      const score =
        (this.#total[slot] as number) * share * share * (1 + 0.15 * Math.log10(1 + Math.max(0, popularity)));
      if (best.wants(score) && (accepts === undefined || accepts(id))) best.add(slot, score);
    }
    const hits = best.taken().map(({ number: slot, score }) => {
      const { id, title } = this.#documents[slot] as SearchDocument;
      const matched = searchFields.filter((_, field) => ((this.#fields[slot] as number) >> field) & 1);
      return { id, score: round(score * titleBonus(foldText(title), query)), matched };
    });
    return hits.sort((left, right) => right.score - left.score).slice(0, limit);
  }
}

const round = (value: number) => Math.round(value * 1e4) / 1e4;

/** The query is the title, but for a year behind it; or its beginning. */
function titleBonus(title: string, query: string): number {
  if (!title.startsWith(query)) return 1;
  return /^(\s*\(.*\))?$/.test(title.slice(query.length)) ? 2 : 1.2;
}

function fieldWords(document: SearchDocument, field: number): string[] {
  const name = searchFields[field] as SearchField;
  return name === "people" ? document.people.flatMap(wordsOf) : wordsOf(document[name]);
}

function lowerBound(places: readonly number[], place: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle] as number) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keepFirst(found: Map<string, Suggestion>, suggestion: Suggestion): void {
  const key = `${suggestion.kind} ${foldText(suggestion.text)}`;
  if (!found.has(key)) found.set(key, suggestion);
}

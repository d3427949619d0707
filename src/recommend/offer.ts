import { type Catalogue, type Item, isShown, type LiveCatalogue, type Viewpoint } from "../data/catalogue.ts";
import type { Interactions } from "../data/interactions.ts";
import type { Vocabulary } from "../data/vocabulary.ts";
import { turns } from "../turns.ts";
import { type Content, ContentModel } from "./content.ts";
import type { Filter } from "./filter/compile.ts";
import type { AskedContext } from "./filter/fields.ts";
import { type Shelves, shelves } from "./shelves.ts";
import { imdbTopList, type TopItem, type TopList, topList } from "./top-list.ts";

/** How long preparing goes on before others get their turn, ms. */
const turnMs = 4;
/** Filters whose answers are remembered. */
const filtersMax = 100;

/**
 * What may be shown now: the items of a release and those added since, sorted for serving.
 *
 * Everything here is made of one version of the catalogue, most of it when it is first asked for.
 */
export class Offer {
  readonly items: readonly (Item | undefined)[];
  readonly trainedCount: number;
  readonly shelves: Shelves;
  /** By the ratings of the release. */
  readonly rated: TopList;
  readonly indexOf: (itemId: string) => number;
  readonly #content: () => Content;
  /** Items that are shown at some times or places only. */
  readonly #conditional: readonly number[];
  readonly #failing = new Map<string, Int32Array>();
  readonly #ranked = new Map<Int32Array, readonly TopItem[]>();
  #best: { list: TopList; isImdb: boolean } | undefined;
  #newest: Int32Array | undefined;
  #popular: Int32Array | undefined;

  constructor(of: {
    items: readonly (Item | undefined)[];
    trainedCount: number;
    indexOf: (itemId: string) => number;
    rated: TopList;
    content: () => ContentModel;
  }) {
    this.items = of.items;
    this.trainedCount = of.trainedCount;
    this.indexOf = of.indexOf;
    this.rated = of.rated;
    this.shelves = shelves(of.items);
    let content: Content | undefined;
    this.#content = () => {
      content ??= of.content().of(of.items);
      return content;
    };
    this.#conditional = Array.from(this.shelves.all.items).filter((index) => {
      const { availableFrom, availableUntil, countries } = of.items[index] ?? {};
      return availableFrom !== undefined || availableUntil !== undefined || countries !== undefined;
    });
  }

  get content(): Content {
    return this.#content();
  }

  /** Whether every item is shown at all times and places, or never. */
  get isTimeless(): boolean {
    return this.#conditional.length === 0;
  }

  /** The items that are known, ascending, but not shown at this time and place. */
  unavailable(at: Viewpoint): Int32Array {
    if (this.#conditional.length === 0) return noIndexes;
    return Int32Array.from(this.#conditional.filter((index) => !isShown(this.items[index], at)));
  }

  /** Whether an item may be shown at this time and place. */
  isShown(index: number, at: Viewpoint): boolean {
    return isShown(this.items[index], at);
  }

  /** The items that a filter does not let pass, ascending. Cost: O(items), once where the filter looks at items alone. */
  failing(filter: Filter, asked: AskedContext): Int32Array {
    const known = filter.isOfItemsOnly ? this.#failing.get(filter.program) : undefined;
    if (known) return known;
    const failing: number[] = [];
    for (const index of this.shelves.all.items) {
      const item = this.items[index];
      if (!item || !filter.passes(item, asked)) failing.push(index);
    }
    const result = Int32Array.from(failing);
    if (filter.isOfItemsOnly) {
      if (this.#failing.size >= filtersMax) this.#failing.clear();
      this.#failing.set(filter.program, result);
    }
    return result;
  }

  /** The best rated: by IMDb where the catalogue has its votes, else by the ratings here. */
  get best(): { list: TopList; isImdb: boolean } {
    const imdb = this.#best ? undefined : imdbTopList(this.items);
    this.#best ??= imdb ? { list: imdb, isImdb: true } : { list: this.rated, isImdb: false };
    return this.#best;
  }

  /** The best rated of a shelf, best first. */
  ranked(shelf: Int32Array): readonly TopItem[] {
    const known = this.#ranked.get(shelf);
    if (known) return known;
    const ranked = this.best.list.rank(shelf);
    this.#ranked.set(shelf, ranked);
    return ranked;
  }

  /** Shown items by their release, the newest first; items added since the release was trained before all others. */
  get newest(): Int32Array {
    const time = (index: number) => this.released(index) ?? Number.NEGATIVE_INFINITY;
    const isAdded = (index: number) => (index >= this.trainedCount ? 1 : 0);
    this.#newest ??= this.shelves.all.items
      .slice()
      .sort((left, right) => isAdded(right) - isAdded(left) || time(right) - time(left) || left - right);
    return this.#newest;
  }

  /** Shown items by the number of their ratings, the most rated first. */
  get popular(): Int32Array {
    const votes = (index: number) => this.rated.ratingsOf(index).count;
    this.#popular ??= this.shelves.all.items
      .slice()
      .sort((left, right) => votes(right) - votes(left) || left - right);
    return this.#popular;
  }

  /** When an item was released, as a year with its fraction; `undefined` where nobody knows. */
  released(index: number): number | undefined {
    const { releaseDate, releaseYear } = this.items[index] ?? {};
    const [, year, month = "1"] = /^(\d{4})-(\d\d)/.exec(releaseDate ?? "") ?? [];
    return year === undefined ? releaseYear : Number(year) + (Number(month) - 1) / 12;
  }
}

export const noIndexes = new Int32Array(0);

/**
 * Keeps the offer of a catalogue as it is now.
 *
 * @param of.catalogue A live one; or that of a release alone, which never changes.
 * @returns `now`: the present offer, made anew where the catalogue has another version. `prepare`: makes what a first question would wait
 * for, in turns.
 */
export function presentOffer(of: {
  catalogue: Catalogue | LiveCatalogue;
  vocabulary: Vocabulary;
  ratings: Interactions;
}): { now: () => Offer; prepare: () => Promise<void> } {
  const { catalogue, vocabulary, ratings } = of;
  const rated = topList(ratings);
  let model: ContentModel | undefined;
  const content = () => {
    model ??= ContentModel.learnt(catalogue.items);
    return model;
  };
  const live = "indexOf" in catalogue ? catalogue : undefined;
  const make = () =>
    new Offer({
      items: live ? live.items : vocabulary.ids.map((id) => catalogue.get(id)),
      trainedCount: vocabulary.size,
      indexOf: live ? (id) => live.indexOf(id) : vocabulary.indexOf,
      ...{ rated, content },
    });
  let offer = make();
  let version = live?.version;
  return {
    now: () => {
      if (version === live?.version) return offer;
      version = live?.version;
      offer = make();
      return offer;
    },
    prepare: async () => {
      const learnt = await ContentModel.learntInTurns(catalogue.items, turns({ turnMs }));
      model ??= learnt;
    },
  };
}

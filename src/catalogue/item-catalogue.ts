import type { ListOrder } from "../contracts/catalogue-http.ts";
import { type Item, isShown, unknownItem, type Viewpoint } from "../data/catalogue.ts";
import type { TrainingSet } from "../data/training-set.ts";
import { UsherError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import type { Content } from "../recommend/content.ts";
import { readCursor, writeCursor } from "../recommend/cursor.ts";
import { foldText } from "../recommend/fold-text.ts";
import { turns } from "../turns.ts";
import { type Audience, audienceOf } from "./audience.ts";
import type { ItemEdit } from "./item-edit.ts";
import { type ItemGroup, itemGroups } from "./item-groups.ts";
import { comparePlaces, type ItemPage, itemList, pageOf } from "./item-list.ts";
import { likersOf } from "./likers.ts";
import type { EditedCatalogue } from "./live-catalogue.ts";
import { memorySearch } from "./memory-search.ts";
import type { CatalogSearch, SearchDocument, SearchHit, Suggestion } from "./search.ts";
import { type SimilarItem, similarItems } from "./similar.ts";

/** What is wanted of the catalogue. Filters that are absent let everything through; names are compared without case and accents. */
export interface ItemListing {
  readonly query?: string | undefined;
  readonly genre?: string | undefined;
  readonly person?: string | undefined;
  readonly language?: string | undefined;
  /** These alone, in whatever order. */
  readonly ids?: readonly string[] | undefined;
  readonly year?: number | undefined;
  /** First and last year, both included. */
  readonly yearFrom?: number | undefined;
  readonly yearTo?: number | undefined;
  /** Default: `relevance` with a query, else `popularity`. */
  readonly sort?: ListOrder | undefined;
  /** 1..200. */
  readonly pageSize: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** An item that a search found. */
export interface FoundItem extends Omit<SearchHit, "id"> {
  readonly item: Item;
  readonly rank: number;
}

/** Somebody who took part in items, and in how many that are shown. */
export interface PersonSummary {
  readonly name: string;
  readonly roles: readonly string[];
  readonly itemCount: number;
}

/** Everything that is asked of the catalogue that serves. Who asks sees what may be shown at that moment and place. */
export interface ItemCatalogue {
  readonly catalogue: EditedCatalogue;
  /**
   * One page of a listing; with a query those 1,000 that fit it best.
   * @throws UsherError `PARAMETER_INVALID`: a cursor of another listing, or `relevance` without a query.
   */
  page(listing: ItemListing, viewpoint: Viewpoint): Promise<ItemPage>;
  /** A shown item, or `undefined`. */
  get(itemId: string, viewpoint: Viewpoint): Item | undefined;
  search(asked: { query: string; k: number }, viewpoint: Viewpoint): Promise<readonly FoundItem[]>;
  suggest(asked: { query: string; k: number }, viewpoint: Viewpoint): Promise<readonly Suggestion[]>;
  /** @throws UsherError `ITEM_UNKNOWN`. */
  similar(asked: { itemId: string; k: number }, viewpoint: Viewpoint): readonly SimilarItem[];
  /** @throws UsherError `ITEM_UNKNOWN`. */
  audience(asked: { itemId: string; k: number; groupMin: number }): Audience;
  /** By name. @throws UsherError `PARAMETER_INVALID`: a cursor of another listing. */
  people(
    asked: { query?: string | undefined; pageSize: number; cursor?: string | undefined },
    viewpoint: Viewpoint,
  ): { items: readonly PersonSummary[]; nextCursor?: string };
  /** By name. Cost: O(genres of all items). */
  genres(viewpoint: Viewpoint): readonly { readonly genre: string; readonly itemCount: number }[];
  /** Lays an edit over it; the next answer follows. Cost: that of the item's own words and names, not of the catalogue. */
  apply(edit: ItemEdit): void;
  /** Makes the search index, giving way to other work; whoever searches before waits for it. */
  prepare(): Promise<void>;
}

/** Most items that a query of a listing finds. */
const queryItemsMax = 1000;
/** How long the search index is filled before others get their turn. */
const turnMs = 8;
/** Similar items whose likers are looked at for an audience. */
const audienceItems = 50;

const namesOfPeople = (item: Item) => (item.people ?? []).map(({ name }) => name);

/** What a search knows of an item; nothing of one that is never shown. */
function documentOf(item: Item): SearchDocument | undefined {
  if (item.isPlaceholder || item.isHidden) return undefined;
  const { itemId: id, title, description = "", ratingCount: popularity } = item;
  return { id, title, people: namesOfPeople(item), description, popularity };
}

/**
 * Makes a catalogue listable and searchable.
 *
 * @param parts.content How the items of the catalogue resemble each other now.
 * @param parts.search Default: in memory.
 * Cost: O(names); the search index O(words), the orders O(items · log items), when they are first asked for.
 */
export function itemCatalogue(parts: {
  catalogue: EditedCatalogue;
  set: TrainingSet;
  ranker: Model;
  content: () => Content;
  search?: CatalogSearch;
}): ItemCatalogue {
  return new IndexedCatalogue(parts);
}

class IndexedCatalogue implements ItemCatalogue {
  readonly catalogue: EditedCatalogue;
  readonly #set: TrainingSet;
  readonly #ranker: Model;
  readonly #content: () => Content;
  readonly #list;
  readonly #genres;
  readonly #people;
  readonly #likers;
  readonly #search: CatalogSearch;
  #filled: Promise<void> | undefined;

  constructor(parts: Parameters<typeof itemCatalogue>[0]) {
    this.catalogue = parts.catalogue;
    this.#set = parts.set;
    this.#ranker = parts.ranker;
    this.#content = parts.content;
    this.#search = parts.search ?? memorySearch();
    this.#list = itemList(this.catalogue);
    this.#genres = itemGroups(this.catalogue.items, ({ genres }) => genres);
    this.#people = itemGroups(this.catalogue.items, namesOfPeople);
    this.#likers = likersOf(this.#set);
  }

  get(itemId: string, viewpoint: Viewpoint): Item | undefined {
    const item = this.catalogue.get(itemId);
    return isShown(item, viewpoint) ? item : undefined;
  }

  async page(listing: ItemListing, viewpoint: Viewpoint): Promise<ItemPage> {
    const { query, pageSize, cursor, sort = query === undefined ? "popularity" : "relevance" } = listing;
    const filters = [listing.genre, listing.person, listing.language].map((name) => name && foldText(name));
    const years = [listing.year, listing.yearFrom, listing.yearTo];
    const ids = listing.ids && [...listing.ids].sort();
    const name = JSON.stringify([foldText(query ?? ""), ...filters, ...years, viewpoint.country, sort, ids]);
    const fits = this.#filterOf(listing, viewpoint);
    if (sort === "relevance" && query === undefined) {
      throw new UsherError("PARAMETER_INVALID", "sort: expected a query with relevance, got none", {
        details: { field: "sort" },
      });
    }
    if (query === undefined || sort === "relevance") {
      if (query !== undefined) return this.#byRelevance(query, { name, fits, pageSize, cursor });
      const order = sort as Exclude<ListOrder, "relevance">;
      return this.#list.page({ order, accepts: fits, name, pageSize, cursor });
    }
    const found = new Set((await this.#hits(query, { fits, limit: queryItemsMax })).map(({ id }) => id));
    const accepts = ({ itemId }: Item) => found.has(itemId);
    return this.#list.page({ order: sort, accepts, name, pageSize, cursor });
  }

  async #byRelevance(
    query: string,
    page: { name: string; fits: Fits; pageSize: number; cursor: string | undefined },
  ): Promise<ItemPage> {
    const from = page.cursor === undefined ? undefined : readCursor(page.cursor, page.name);
    const hits = await this.#hits(query, { fits: page.fits, limit: queryItemsMax });
    const found = hits
      .map(({ id, score }) => ({
        item: this.catalogue.get(id) as Item,
        place: { key: -score, itemId: id },
      }))
      .sort((left, right) => comparePlaces(left.place, right.place))
      .filter(({ place }) => !from || comparePlaces(place, from) > 0);
    return pageOf(found.slice(0, page.pageSize + 1), page);
  }

  /** Which items a listing lets through. */
  #filterOf(listing: ItemListing, viewpoint: Viewpoint): Fits {
    const groups = [
      ...(listing.genre === undefined ? [] : [this.#genres.of(listing.genre)]),
      ...(listing.person === undefined ? [] : [this.#people.of(listing.person)]),
    ];
    if (groups.includes(undefined)) return () => false;
    const members = groups.map((group) => (group as ItemGroup).members);
    const { year, yearFrom = Number.NEGATIVE_INFINITY, yearTo = Number.POSITIVE_INFINITY } = listing;
    const asksYear = listing.yearFrom !== undefined || listing.yearTo !== undefined;
    const language = listing.language && foldText(listing.language);
    const ids = listing.ids && new Set(listing.ids);
    return (item, index) => {
      if (ids && !ids.has(item.itemId)) return false;
      const { releaseYear } = item;
      if (year !== undefined && releaseYear !== year) return false;
      if (asksYear && !(releaseYear !== undefined && releaseYear >= yearFrom && releaseYear <= yearTo))
        return false;
      if (language !== undefined && foldText(item.language ?? "") !== language) return false;
      return members.every((group) => group.has(index)) && isShown(item, viewpoint);
    };
  }

  async #hits(query: string, of: { fits: Fits; limit: number }): Promise<readonly SearchHit[]> {
    await this.prepare();
    return this.#search.search(query, { limit: of.limit, accepts: this.#accepts(of.fits) });
  }

  #accepts(fits: Fits): (id: string) => boolean {
    return (id) => {
      const index = this.catalogue.indexOf(id);
      const item = this.catalogue.items[index];
      return item !== undefined && fits(item, index);
    };
  }

  prepare(): Promise<void> {
    this.#filled ??= this.#fill();
    return this.#filled;
  }

  async #fill(): Promise<void> {
    const { items } = this.catalogue; // grows where items are added meanwhile
    const turn = turns({ turnMs });
    for (let index = 0; index < items.length; index++) {
      const document = documentOf(items[index] as Item);
      if (document) await this.#search.index([{ id: document.id, document }]);
      await turn();
    }
  }

  async search({ query, k }: { query: string; k: number }, viewpoint: Viewpoint): Promise<FoundItem[]> {
    const hits = await this.#hits(query, { fits: (item) => isShown(item, viewpoint), limit: k });
    return hits.map(({ id, ...hit }, at) => ({
      item: this.catalogue.get(id) as Item,
      rank: at + 1,
      ...hit,
    }));
  }

  async suggest(asked: { query: string; k: number }, viewpoint: Viewpoint): Promise<readonly Suggestion[]> {
    const { query, k } = asked;
    await this.prepare();
    const accepts = this.#accepts((item) => isShown(item, viewpoint));
    return this.#search.suggest(query, { limit: k, accepts });
  }

  similar({ itemId, k }: { itemId: string; k: number }, viewpoint: Viewpoint): readonly SimilarItem[] {
    if (!this.get(itemId, viewpoint)) throw unknownItem(itemId);
    const index = this.catalogue.indexOf(itemId);
    return similarItems(this.#similarity(), { index, k, accepts: (item) => isShown(item, viewpoint) });
  }

  #similarity() {
    return {
      ...{ catalogue: this.catalogue, ranker: this.#ranker },
      ...{ likers: this.#likers, content: this.#content },
    };
  }

  audience({ itemId, k, groupMin }: { itemId: string; k: number; groupMin: number }): Audience {
    const item = this.catalogue.get(itemId);
    if (!item || item.isPlaceholder) throw unknownItem(itemId);
    const index = this.catalogue.indexOf(itemId);
    const asked = { index, k: audienceItems, accepts: () => true };
    const similar = similarItems(this.#similarity(), asked).map((one) => ({
      index: this.catalogue.indexOf(one.item.itemId),
      score: one.score,
    }));
    const [set, ranker, likers] = [this.#set, this.#ranker, this.#likers];
    return audienceOf({ set, ranker, likers }, { index, similar, k, groupMin });
  }

  people(
    {
      query,
      pageSize,
      cursor,
    }: { query?: string | undefined; pageSize: number; cursor?: string | undefined },
    viewpoint: Viewpoint,
  ) {
    const wanted = foldText(query ?? "");
    const listing = JSON.stringify(["people", wanted, viewpoint.country]);
    const { sorted } = this.#people;
    const from = cursor === undefined ? undefined : readCursor(cursor, listing).itemId;
    const found: PersonSummary[] = [];
    let lastKey = "";
    const start = from === undefined ? 0 : sorted.placeOf({ key: from } as ItemGroup);
    for (let at = start; at < sorted.values.length; at++) {
      const group = sorted.values[at] as ItemGroup;
      if (group.key === from || !group.key.includes(wanted)) continue;
      const summary = this.#summary(group, viewpoint);
      if (!summary) continue;
      if (found.length === pageSize) {
        return { items: found, nextCursor: writeCursor({ key: 0, itemId: lastKey }, listing) };
      }
      found.push(summary);
      lastKey = group.key;
    }
    return { items: found };
  }

  #summary({ key, name, members }: ItemGroup, viewpoint: Viewpoint): PersonSummary | undefined {
    const roles = new Set<string>();
    let itemCount = 0;
    for (const index of members) {
      const item = this.catalogue.items[index];
      if (!isShown(item, viewpoint)) continue;
      itemCount++;
      for (const person of item.people ?? []) if (foldText(person.name) === key) roles.add(person.role);
    }
    return itemCount === 0 ? undefined : { name, roles: [...roles].filter(Boolean).sort(), itemCount };
  }

  genres(viewpoint: Viewpoint) {
    return this.#genres.sorted.values.flatMap(({ name, members }) => {
      let itemCount = 0;
      for (const index of members) if (isShown(this.catalogue.items[index], viewpoint)) itemCount++;
      return itemCount === 0 ? [] : [{ genre: name, itemCount }];
    });
  }

  apply(edit: ItemEdit): void {
    const change = this.catalogue.apply(edit);
    if (!change) return;
    const { index, before, after } = change;
    this.#list.change(change);
    this.#genres.change(index, before, after);
    this.#people.change(index, before, after);
    const document = documentOf(after);
    // in memory it is done when this returns; one that is filled later gets the item as it is then
    if (this.#filled) void this.#search.index([{ id: after.itemId, ...(document ? { document } : {}) }]);
  }
}

type Fits = (item: Item, index: number) => boolean;

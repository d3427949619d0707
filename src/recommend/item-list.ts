import type { ItemOrder } from "../contracts/http.ts";
import type { Catalogue, Item } from "../data/catalogue.ts";
import { type Place, readCursor, writeCursor } from "./cursor.ts";
import { foldText } from "./fold-text.ts";

/** What is wanted of the catalogue. Filters that are absent let everything through. */
export interface ItemListing {
  /** Part of the title; case and accents do not matter. */
  readonly query?: string | undefined;
  readonly genre?: string | undefined;
  readonly year?: number | undefined;
  readonly sort: ItemOrder;
  /** 1..200. */
  readonly pageSize: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** One page; `nextCursor` is absent on the last one. */
export interface ItemPage {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

/** The catalogue as it is listed and searched. */
export interface ItemList {
  /** @throws UsherError `PARAMETER_INVALID`: a cursor that does not belong to this listing. Cost: O(items). */
  page(listing: ItemListing): ItemPage;
  /** A shown item, or `undefined`. */
  get(itemId: string): Item | undefined;
}

interface Entry {
  readonly item: Item;
  readonly title: string;
  readonly genres: readonly string[];
}

/** How much of a title decides its place, in UTF-16 units. Bounds the cursor to what `GET /v1/items` takes. */
const titleKeyLength = 128;

/** Ascending keys: most rated first, newest first, by title. Equal keys are ordered by id. */
const keys: Readonly<Record<ItemOrder, (entry: Entry) => string | number>> = {
  popularity: ({ item }) => -item.ratingCount,
  release_year: ({ item }) => -(item.releaseYear ?? 0),
  // a cursor holds the key, and its length is bounded; ties go to the id
  title: ({ title }) => title.slice(0, titleKeyLength),
  item_id: () => 0,
};

/** Whole numbers before other ids, and by their value. */
export function compareIds(left: string, right: string): number {
  const leftIsWhole = /^\d+$/.test(left);
  if (leftIsWhole !== /^\d+$/.test(right)) return leftIsWhole ? -1 : 1;
  if (leftIsWhole && left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

function comparePlaces(left: Place, right: Place): number {
  if (left.key !== right.key) return left.key < right.key ? -1 : 1;
  return compareIds(left.itemId, right.itemId);
}

/**
 * Makes the catalogue listable. Placeholders and hidden items are left out.
 *
 * Cost: O(items), and O(items · log items) when an order is first asked for.
 */
export function itemList(catalogue: Catalogue): ItemList {
  const entries: Entry[] = catalogue.items
    .filter((item) => !item.isPlaceholder && !item.isHidden)
    .map((item) => ({ item, title: foldText(item.title), genres: item.genres.map(foldText) }));
  const orders = new Map<ItemOrder, readonly Entry[]>();
  const placeOf = (entry: Entry, sort: ItemOrder): Place => ({
    key: keys[sort](entry),
    itemId: entry.item.itemId,
  });
  const inOrder = (sort: ItemOrder) => {
    const known = orders.get(sort);
    if (known) return known;
    const sorted = entries
      .map((entry) => ({ entry, place: placeOf(entry, sort) }))
      .sort((left, right) => comparePlaces(left.place, right.place))
      .map(({ entry }) => entry);
    orders.set(sort, sorted);
    return sorted;
  };

  const page = ({ query, genre, year, sort, pageSize, cursor }: ItemListing): ItemPage => {
    const wantedTitle = foldText(query ?? "");
    const wantedGenre = genre === undefined ? undefined : foldText(genre);
    const listing = JSON.stringify([wantedTitle, wantedGenre, year, sort]);
    const from = cursor === undefined ? undefined : readCursor(cursor, listing);
    const found: Entry[] = [];
    for (const entry of inOrder(sort)) {
      if (year !== undefined && entry.item.releaseYear !== year) continue;
      if (wantedGenre !== undefined && !entry.genres.includes(wantedGenre)) continue;
      if (!entry.title.includes(wantedTitle)) continue;
      if (from && comparePlaces(placeOf(entry, sort), from) <= 0) continue;
      found.push(entry);
      if (found.length > pageSize) break; // one more than is shown says that there is a next page
    }
    const items = found.slice(0, pageSize).map(({ item }) => item);
    const last = found[pageSize - 1];
    if (found.length <= pageSize || !last) return { items };
    return { items, nextCursor: writeCursor(placeOf(last, sort), listing) };
  };
  const get = (itemId: string) => {
    const item = catalogue.get(itemId);
    return item && !item.isPlaceholder && !item.isHidden ? item : undefined;
  };
  return { page, get };
}

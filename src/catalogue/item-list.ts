import type { ItemOrder } from "../contracts/http.ts";
import type { Item, LiveCatalogue } from "../data/catalogue.ts";
import { type Place, readCursor, writeCursor } from "../recommend/cursor.ts";
import { foldText } from "../recommend/fold-text.ts";
import type { ItemChange } from "./live-catalogue.ts";
import { type SortedList, sortedList } from "./sorted-list.ts";

/** What is wanted of the catalogue. */
export interface Listing {
  readonly order: ItemOrder;
  /** Which items are in it. */
  accepts(item: Item, index: number): boolean;
  /** What decides `accepts`, as text: a cursor is good for the same listing only. */
  readonly name: string;
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

/** The catalogue in each of its orders. */
export interface ItemList {
  /** @throws UsherError `PARAMETER_INVALID`: a cursor that does not belong to this listing. Cost: O(items behind the cursor). */
  page(listing: Listing): ItemPage;
  /** Moves an item to where it belongs now. Cost: O(log items) and a shift, for each order in use. */
  change(change: ItemChange): void;
}

interface Entry {
  readonly place: Place;
  readonly item: Item;
  readonly index: number;
}

/** How much of a title decides its place, in UTF-16 units. Bounds the cursor to what `GET /v1/items` takes. */
const titleKeyLength = 128;

/** Where items of unknown year stand: behind all others. JSON, and so a cursor, knows no infinity. */
const unknownYear = -1e6;

/** Ascending keys: most rated first, newest first, by title. Equal keys are ordered by id. */
const keys: Readonly<Record<ItemOrder, (item: Item) => string | number>> = {
  popularity: (item) => -item.ratingCount,
  release_year: (item) => -(item.releaseYear ?? unknownYear),
  // a cursor holds the key, and its length is bounded; ties go to the id
  title: (item) => foldText(item.title).slice(0, titleKeyLength),
  item_id: () => 0,
};
/** Whole numbers before other ids, and by their value. */
export function compareIds(left: string, right: string): number {
  const leftIsWhole = /^\d+$/.test(left);
  if (leftIsWhole !== /^\d+$/.test(right)) return leftIsWhole ? -1 : 1;
  if (leftIsWhole && left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

export function comparePlaces(left: Place, right: Place): number {
  if (left.key !== right.key) return left.key < right.key ? -1 : 1;
  return compareIds(left.itemId, right.itemId);
}

const byPlace = (left: Entry, right: Entry) => comparePlaces(left.place, right.place);

/**
 * Makes a catalogue listable. What may be shown is for `accepts` to say.
 *
 * Cost: O(items · log items) when an order is first asked for.
 */
export function itemList(catalogue: Pick<LiveCatalogue, "items">): ItemList {
  const orders = new Map<ItemOrder, SortedList<Entry>>();
  const entryOf = (item: Item, index: number, order: ItemOrder): Entry => ({
    place: { key: keys[order](item), itemId: item.itemId },
    item,
    index,
  });
  const inOrder = (order: ItemOrder) => {
    const known = orders.get(order);
    if (known) return known;
    const entries = catalogue.items.map((item, index) => entryOf(item, index, order));
    const sorted = sortedList(entries, byPlace);
    orders.set(order, sorted);
    return sorted;
  };
  return {
    page({ order, accepts, name, pageSize, cursor }) {
      const sorted = inOrder(order);
      const from = cursor === undefined ? undefined : readCursor(cursor, name);
      const found: Entry[] = [];
      for (let at = from ? placeBehind(sorted, from) : 0; at < sorted.values.length; at++) {
        const entry = sorted.values[at] as Entry;
        if (!accepts(entry.item, entry.index)) continue;
        found.push(entry);
        if (found.length > pageSize) break; // one more than is shown says that there is a next page
      }
      return pageOf(found, { name, pageSize });
    },
    change({ index, before, after }) {
      for (const [order, sorted] of orders) {
        if (before) sorted.remove(entryOf(before, index, order));
        sorted.add(entryOf(after, index, order));
      }
    },
  };
}

function placeBehind(sorted: SortedList<Entry>, from: Place): number {
  const at = sorted.placeOf({ place: from } as Entry);
  const there = sorted.values[at];
  return there && comparePlaces(there.place, from) === 0 ? at + 1 : at;
}

/** The page of items that were found in the order of their places. @param found One more than a page holds where there is a next one. */
export function pageOf(
  found: readonly { readonly item: Item; readonly place: Place }[],
  { name, pageSize }: Pick<Listing, "name" | "pageSize">,
): ItemPage {
  const items = found.slice(0, pageSize).map(({ item }) => item);
  const last = found[pageSize - 1];
  if (found.length <= pageSize || !last) return { items };
  return { items, nextCursor: writeCursor(last.place, name) };
}

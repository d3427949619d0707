import { describe, expect, it } from "vitest";
import { ItemsQuery } from "../../src/contracts/http.ts";
import { catalogue } from "../../src/data/catalogue.ts";
import { writeCursor } from "../../src/recommend/cursor.ts";
import { compareIds, type ItemListing, itemList } from "../../src/recommend/item-list.ts";
import { films, smallCatalogue } from "./small-release.ts";

const list = itemList(smallCatalogue);
const base: ItemListing = { sort: "item_id", pageSize: 200 };
const idsOf = (listing: Partial<ItemListing>, from = list) =>
  from.page({ ...base, ...listing }).items.map(({ itemId }) => itemId);

function everyPage(listing: ItemListing, from = list): string[] {
  const page = from.page(listing);
  const ids = page.items.map(({ itemId }) => itemId);
  return page.nextCursor ? [...ids, ...everyPage({ ...listing, cursor: page.nextCursor }, from)] : ids;
}

describe("itemList", () => {
  it("orders", () => {
    expect(idsOf({})).toEqual(["1", "2", "3", "4", "5", "8", "10", "YWJj/+==", "tt|9", "été"]);
    expect(idsOf({ sort: "title" }).slice(0, 3)).toEqual(["4", "5", "3"]); // Alien, Aliens, Amélie
    expect(idsOf({ sort: "release_year" }).slice(0, 3)).toEqual(["3", "YWJj/+==", "8"]);
    expect(idsOf({ sort: "popularity" }).slice(0, 4)).toEqual(["1", "2", "4", "5"]);
  });
  it("filters", () => {
    expect(idsOf({ query: "AMELIE" })).toEqual(["3"]);
    expect(idsOf({ query: "alien" })).toEqual(["4", "5"]);
    expect(idsOf({ query: "no such title" })).toEqual([]);
    expect(idsOf({ genre: "sci-fi" })).toEqual(["4", "5"]);
    expect(idsOf({ year: 1995 })).toEqual(["1", "2", "10"]);
    expect(idsOf({ year: 1995, genre: "Crime", query: "cas" })).toEqual(["10"]);
  });
  it("hides placeholders and hidden items, also by id", () => {
    expect(list.get("6")).toBeUndefined();
    expect(list.get("7")).toBeUndefined();
    expect(list.get("8")?.title).toBe("Fargo (1996)");
  });
  it.each(["popularity", "release_year", "title", "item_id"] as const)(
    "gives every item once over the pages, by %s",
    (sort) => {
      for (const pageSize of [1, 3, 10, 200]) expect(everyPage({ sort, pageSize })).toEqual(idsOf({ sort }));
    },
  );
  it("has no cursor where the last page is exactly full", () => {
    expect(list.page({ ...base, pageSize: 10 }).nextCursor).toBeUndefined();
    expect(list.page({ ...base, pageSize: 9 }).nextCursor).toBeDefined();
  });
});

describe("long titles", () => {
  const worst = ["é".repeat(500), "電".repeat(500), "\u0001".repeat(500), "😀".repeat(200), '"'.repeat(500)];
  const alike = catalogue(
    worst.flatMap((title) =>
      ["1", "2", '"'.repeat(128)].map((tail, at) => ({
        ...films[0]!,
        itemId: `${title.codePointAt(0)}${tail}`.slice(0, 128),
        title: title + at,
      })),
    ),
  );
  it("give every item once, with cursors that the server takes back", () => {
    const long = itemList(alike);
    const listing = { sort: "title", pageSize: 1 } as const;
    expect(everyPage(listing, long).sort()).toEqual(alike.items.map(({ itemId }) => itemId).sort());
    const longest = (cursor?: string): number => {
      const { nextCursor } = long.page({ ...listing, cursor });
      return nextCursor ? Math.max(nextCursor.length, longest(nextCursor)) : 0;
    };
    expect(longest()).toBeLessThanOrEqual(
      (ItemsQuery.properties.cursor as { maxLength?: number }).maxLength!,
    );
  });
});

describe("cursor", () => {
  const first = list.page({ ...base, pageSize: 3 });
  it("goes on at its place when items before it, and the item itself, are gone", () => {
    const fewer = itemList(catalogue(films.filter(({ itemId }) => itemId !== "1" && itemId !== "3")));
    expect(idsOf({ cursor: first.nextCursor! }, fewer)[0]).toBe("4");
  });
  it.each([
    ["altered", `A${first.nextCursor!.slice(1)}`],
    ["cut", first.nextCursor!.slice(0, -1)],
    ["none", "hello"],
    ["empty", "."],
    ["without a place", writeCursor({ key: null as never, itemId: "1" }, '["",null,null,"item_id"]')],
  ])("that is %s is refused", (_, cursor) => {
    expect(() => list.page({ ...base, cursor })).toThrow(
      expect.objectContaining({ code: "PARAMETER_INVALID" }),
    );
  });
  it("of another listing is refused", () => {
    for (const other of [{ sort: "title" as const }, { year: 1995 }, { genre: "Crime" }, { query: "a" }]) {
      expect(() => list.page({ ...base, ...other, cursor: first.nextCursor })).toThrow(/other filters/);
    }
  });
});

it("compareIds puts whole numbers first, by value", () => {
  expect(["b", "10", "9", "a", "100", "2x"].sort(compareIds)).toEqual(["9", "10", "100", "2x", "a", "b"]);
});

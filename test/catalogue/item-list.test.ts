import { describe, expect, it } from "vitest";
import { type ItemListing, itemCatalogue } from "../../src/catalogue/item-catalogue.ts";
import { compareIds } from "../../src/catalogue/item-list.ts";
import { editedCatalogue } from "../../src/catalogue/live-catalogue.ts";
import { ListQuery } from "../../src/contracts/catalogue-http.ts";
import type { Item } from "../../src/data/catalogue.ts";
import { ContentModel } from "../../src/recommend/content.ts";
import { writeCursor } from "../../src/recommend/cursor.ts";
import { films, smallCatalogue, smallRelease } from "../recommend/small-release.ts";
import { editOf } from "./parts.ts";

const { set, ranker } = smallRelease;
const content = () => ContentModel.learnt(films).of(films);
const listOf = (items: readonly Item[]) =>
  itemCatalogue({ catalogue: editedCatalogue(items), set, ranker, content });
const list = listOf(smallCatalogue.items);
const here = { nowMs: Date.parse("2026-01-01T00:00:00Z") };
const base: ItemListing = { sort: "item_id", pageSize: 200 };
const idsOf = async (listing: Partial<ItemListing>, from = list) =>
  (await from.page({ ...base, ...listing }, here)).items.map(({ itemId }) => itemId);

async function everyPage(listing: ItemListing, from = list): Promise<string[]> {
  const page = await from.page(listing, here);
  const ids = page.items.map(({ itemId }) => itemId);
  return page.nextCursor
    ? [...ids, ...(await everyPage({ ...listing, cursor: page.nextCursor }, from))]
    : ids;
}

describe("a listing", () => {
  it("orders", async () => {
    expect(await idsOf({})).toEqual(["1", "2", "3", "4", "5", "8", "10", "YWJj/+==", "tt|9", "été"]);
    expect((await idsOf({ sort: "title" })).slice(0, 3)).toEqual(["4", "5", "3"]); // Alien, Aliens, Amélie
    expect((await idsOf({ sort: "release_year" })).slice(0, 3)).toEqual(["3", "YWJj/+==", "8"]);
    expect((await idsOf({ sort: "popularity" })).slice(0, 4)).toEqual(["1", "2", "4", "5"]);
  });
  it("filters", async () => {
    expect(await idsOf({ query: "AMELIE" })).toEqual(["3"]);
    expect(await idsOf({ query: "alien" })).toEqual(["4", "5"]);
    expect(await idsOf({ query: "zzzzzz" })).toEqual([]);
    expect(await idsOf({ genre: "sci-fi" })).toEqual(["4", "5"]);
    expect(await idsOf({ year: 1995 })).toEqual(["1", "2", "10"]);
    expect(await idsOf({ yearFrom: 1979, yearTo: 1986 })).toEqual(["4", "5"]);
    expect(await idsOf({ yearFrom: 2000 })).toEqual(["3"]);
    expect(await idsOf({ year: 1995, genre: "Crime", query: "casin" })).toEqual(["10"]);
    expect(await idsOf({ person: "nobody" })).toEqual([]);
    expect(await idsOf({ ids: ["tt|9", "2", "2", "nowhere"] })).toEqual(["2", "tt|9"]);
    expect(await idsOf({ ids: ["1", "2", "4"], year: 1995 })).toEqual(["1", "2"]);
    expect(await idsOf({ ids: ["1", "4"], query: "alien", sort: "relevance" })).toEqual(["4"]);
    expect(await idsOf({ ids: [] })).toEqual([]);
    expect(await everyPage({ ...base, ids: ["5", "1", "3"], pageSize: 2 })).toEqual(["1", "3", "5"]);
  });
  it("finds people and languages without case and accents", async () => {
    const [amelie = films[0]!] = films.filter(({ itemId }) => itemId === "3");
    const people = [{ name: "Audrey Tautou", role: "actor" }];
    const some = listOf([{ ...amelie, people, language: "Français" }, films[0]!]);
    expect(await idsOf({ person: "audrey TAUTOU" }, some)).toEqual(["3"]);
    expect(await idsOf({ language: "francais" }, some)).toEqual(["3"]);
    expect(await idsOf({ query: "tautou" }, some)).toEqual(["3"]);
  });
  it("hides placeholders, hidden items, and what is not available here and now, also by id", async () => {
    const [film = films[0]!] = films;
    const some = listOf([
      { ...film, itemId: "early", availableFrom: here.nowMs + 1 },
      { ...film, itemId: "late", availableUntil: here.nowMs },
      { ...film, itemId: "just", availableFrom: here.nowMs, availableUntil: here.nowMs + 1 },
      { ...film, itemId: "german", countries: ["DE"] },
    ]);
    expect(await idsOf({}, some)).toEqual(["just"]);
    expect((await some.page(base, { ...here, country: "DE" })).items).toHaveLength(2);
    for (const id of ["6", "7"]) expect(list.get(id, here)).toBeUndefined();
    for (const id of ["early", "late", "german"]) expect(some.get(id, here)).toBeUndefined();
    expect(list.get("8", here)?.title).toBe("Fargo (1996)");
  });
  it.each(["popularity", "release_year", "title", "item_id"] as const)(
    "gives every item once over the pages, by %s",
    async (sort) => {
      for (const pageSize of [1, 3, 10, 200])
        expect(await everyPage({ sort, pageSize })).toEqual(await idsOf({ sort }));
    },
  );
  it("gives every match once over the pages, by relevance, which needs a query", async () => {
    const all = await idsOf({ query: "1995", sort: undefined });
    expect(all.sort()).toEqual(["1", "10", "2"]);
    expect((await everyPage({ query: "1995", pageSize: 1 })).sort()).toEqual(all);
    await expect(list.page({ sort: "relevance", pageSize: 1 }, here)).rejects.toThrow("expected a query");
  });
  it("has no cursor where the last page is exactly full", async () => {
    expect((await list.page({ ...base, pageSize: 10 }, here)).nextCursor).toBeUndefined();
    expect((await list.page({ ...base, pageSize: 9 }, here)).nextCursor).toBeDefined();
  });
  it("follows a write in every order that is in use, in groups and in the search", async () => {
    const some = listOf(smallCatalogue.items);
    for (const sort of ["popularity", "release_year", "title", "item_id"] as const)
      await idsOf({ sort }, some);
    await idsOf({ query: "heat" }, some);
    some.apply(editOf("2", { fields: { title: "Zodiac", release_year: 2100, genres: ["Mystery"] } }));
    some.apply(
      editOf("new", { is_whole: true, fields: { title: "A first", people: [{ name: "Ida", role: "" }] } }),
    );
    some.apply(editOf("5", { is_deleted: true }));
    expect((await idsOf({ sort: "release_year" }, some))[0]).toBe("2");
    expect((await idsOf({ sort: "title" }, some))[0]).toBe("new");
    expect((await idsOf({ sort: "title" }, some)).at(-1)).toBe("2");
    expect(await idsOf({ genre: "mystery" }, some)).toEqual(["2"]);
    expect(await idsOf({ query: "heat" }, some)).toEqual([]);
    expect(await idsOf({ query: "zodiak" }, some)).toEqual(["2"]);
    expect(await idsOf({ query: "ida" }, some)).toEqual(["new"]);
    expect(await idsOf({ query: "aliens" }, some)).toEqual(["4"]);
    for (const sort of ["popularity", "release_year", "title", "item_id"] as const)
      expect((await idsOf({ sort }, some)).sort()).toEqual((await idsOf({}, some)).sort());
    expect(some.people({ pageSize: 5 }, here).items).toEqual([{ name: "Ida", roles: [], itemCount: 1 }]);
    expect(some.genres(here).map(({ genre }) => genre)).not.toContain("Nothing");
  });
});

describe("long titles", () => {
  const worst = ["é".repeat(500), "電".repeat(500), "\u0001".repeat(500), "😀".repeat(200), '"'.repeat(500)];
  const alike = worst.flatMap((title) =>
    ["1", "2", '"'.repeat(128)].map((tail, at) => ({
      ...films[0]!,
      itemId: `${title.codePointAt(0)}${tail}`.slice(0, 128),
      title: title + at,
    })),
  );
  it("give every item once, with cursors that the server takes back", async () => {
    const long = listOf(alike);
    const listing = { sort: "title", pageSize: 1 } as const;
    expect((await everyPage(listing, long)).sort()).toEqual(alike.map(({ itemId }) => itemId).sort());
    const longest = async (cursor?: string): Promise<number> => {
      const { nextCursor } = await long.page({ ...listing, cursor }, here);
      return nextCursor ? Math.max(nextCursor.length, await longest(nextCursor)) : 0;
    };
    expect(await longest()).toBeLessThanOrEqual(
      (ListQuery.properties.cursor as { maxLength?: number }).maxLength!,
    );
  });
});

describe("cursor", async () => {
  const first = await list.page({ ...base, pageSize: 3 }, here);
  const cursor = first.nextCursor as string;
  it("goes on at its place when items before it, and the item itself, are gone", async () => {
    const fewer = listOf(films.filter(({ itemId }) => itemId !== "1" && itemId !== "3"));
    expect((await idsOf({ cursor }, fewer))[0]).toBe("4");
  });
  it.each([
    ["altered", `A${cursor.slice(1)}`],
    ["cut", cursor.slice(0, -1)],
    ["none", "hello"],
    ["empty", "."],
    ["without a place", writeCursor({ key: null as never, itemId: "1" }, "x")],
  ])("that is %s is refused", async (_, forged) => {
    await expect(list.page({ ...base, cursor: forged }, here)).rejects.toMatchObject({
      code: "PARAMETER_INVALID",
    });
    expect(() => list.people({ pageSize: 1, cursor: forged }, here)).toThrow("cursor: expected");
  });
  it("of another listing is refused", async () => {
    const others = [
      ...[{ sort: "title" as const }, { year: 1995 }, { genre: "Crime" }, { query: "a" }, { person: "a" }],
      ...[{ yearFrom: 1 }, { yearTo: 1 }, { language: "a" }],
    ];
    for (const other of others) {
      await expect(list.page({ ...base, ...other, cursor }, here)).rejects.toThrow(/other filters/);
    }
    await expect(list.page({ ...base, cursor }, { ...here, country: "DE" })).rejects.toThrow(/other filters/);
  });
});

it("compareIds puts whole numbers first, by value", () => {
  expect(["b", "10", "9", "a", "100", "2x"].sort(compareIds)).toEqual(["9", "10", "100", "2x", "a", "b"]);
});

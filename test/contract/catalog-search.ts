import { beforeAll, describe, expect, it } from "vitest";
import type { CatalogSearch, SearchDocument } from "../../src/catalogue/search.ts";

const document = (id: string, title: string, more: Partial<SearchDocument> = {}): SearchDocument => ({
  ...{ id, title, people: [], description: "", popularity: 0 },
  ...more,
});
const documents: readonly SearchDocument[] = [
  document("amelie", "Amélie", { people: ["Audrey Tautou", "Jean-Pierre Jeunet"], popularity: 500 }),
  document("alien", "Alien", { people: ["Sigourney Weaver"], description: "In space.", popularity: 900 }),
  document("aliens", "Aliens", { people: ["Sigourney Weaver"], popularity: 700 }),
  document("heat", "Heat", { people: ["Al Pacino", "Robert De Niro"], popularity: 300 }),
  document("heat-book", "In the Heat of the Night", { popularity: 300 }),
  document("warm", "Warm", { description: "Nothing but heat.", popularity: 300 }),
  document("casino", "Casino (1995)", { people: ["Robert De Niro"], popularity: 400 }),
  document("eiga", "映画の夜", { popularity: 10 }),
  document("straße", "Straße des 17. Juni"),
  document("hidden", "Heathers"),
];

/** What every search of a catalogue does. @param make A new, empty one. */
export function catalogSearchContract(name: string, make: () => Promise<CatalogSearch>): void {
  describe(name, () => {
    let search: CatalogSearch;
    const index = (...all: readonly SearchDocument[]) =>
      search.index(all.map((one) => ({ id: one.id, document: one })));
    beforeAll(async () => {
      search = await make();
      await index(...documents);
    });
    const found = async (query: string, limit = 10) =>
      (await search.search(query, { limit })).map(({ id }) => id);

    it.each([
      ["case and accents", "AMELIE", "amelie"],
      ["letters that fold to two", "strasse", "straße"],
      ["a letter left out", "amlie", "amelie"],
      ["a letter too much", "amellie", "amelie"],
      ["another letter", "casimo", "casino"],
      ["two letters exchanged", "csaino", "casino"],
      ["two typos in a long word", "sigurnei", "alien"],
      ["the beginning of the last word", "casi", "casino"],
      ["a person", "audrey tautou", "amelie"],
      ["a script without spaces", "夜", "eiga"],
      ["words of title and person", "heat pacino", "heat"],
      ["words in another order", "niro de robert heat", "heat"],
      ["a word of the description", "space", "alien"],
    ])("finds by %s", async (_, query, id) => {
      expect((await found(query))[0]).toBe(id);
    });
    it("puts the title that is the query first, then titles that hold it, then descriptions", async () => {
      expect((await found("heat")).filter((id) => id !== "hidden")).toEqual(["heat", "heat-book", "warm"]);
    });
    it("puts of equals the more popular first", async () => {
      expect((await found("sigourney weaver")).slice(0, 2)).toEqual(["alien", "aliens"]);
    });
    it("does not forgive a typo in two letters, nor find what no document holds", async () => {
      expect(await found("zz")).toEqual([]);
      expect(await found("xylophone")).toEqual([]);
    });
    it.each(["", " ", "?!", "'; DROP --", "*", "a".repeat(5000), "(((", "\u0000", "\\", "%_", "{}", "🎬"])(
      "answers %j with a list",
      async (query) => {
        expect(await found(query)).toEqual(expect.any(Array));
        expect(await search.suggest(query, { limit: 3 })).toEqual(expect.any(Array));
      },
    );
    it("says where it found, keeps to the limit and to what is accepted; scores fall", async () => {
      const hits = await search.search("heat", {
        limit: 2,
        accepts: (id) => !["heat", "hidden"].includes(id),
      });
      expect(hits.map(({ id }) => id)).toEqual(["heat-book", "warm"]);
      expect(hits.map(({ matched }) => matched)).toEqual([["title"], ["description"]]);
      expect(hits[0]!.score).toBeGreaterThan(hits[1]!.score);
      expect(hits[1]!.score).toBeGreaterThan(0);
    });
    it("suggests titles and people, each once", async () => {
      expect(await search.suggest("ali", { limit: 2 })).toEqual([
        { text: "Alien", kind: "title", id: "alien" },
        { text: "Aliens", kind: "title", id: "aliens" },
      ]);
      expect(await search.suggest("robert d", { limit: 5 })).toEqual([
        { text: "Robert De Niro", kind: "person" },
      ]);
      const accepts = (id: string) => id !== "alien";
      expect((await search.suggest("ali", { limit: 1, accepts }))[0]?.id).toBe("aliens");
    });
    it("follows a change and a removal at once, however often they come", async () => {
      for (let time = 0; time < 3; time++) {
        await index(document("new", "Zebra crossing"));
        await index(document("new", "Giraffe"));
        expect(await found("zebra")).toEqual([]);
        expect(await found("girafe")).toEqual(["new"]);
        await search.index([{ id: "new" }, { id: "never there" }]);
        expect(await found("giraffe")).toEqual([]);
      }
      expect((await found("amelie"))[0]).toBe("amelie");
    });
  });
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CatalogueEdits, openCatalogueEdits } from "../../src/catalogue/catalogue-edits.ts";
import type { ItemWrite } from "../../src/catalogue/item-edit.ts";
import { editedCatalogue } from "../../src/catalogue/live-catalogue.ts";
import type { BuildRecord } from "../../src/contracts/quality.ts";
import { bronzeEditsTable, type TableName } from "../../src/contracts/tables.ts";
import type { Item } from "../../src/data/catalogue.ts";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake } from "../../src/lake/build.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { readCatalogue, readTrainingSet } from "../../src/lake/read.ts";
import { sunkRevision } from "../../src/lake/received-edits.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { itemsSelect, ratingsSelect, smallImport } from "./small-import.ts";

let folder: string;
let engine: Engine;
let lake: Lake;
let edits: CatalogueEdits;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-edits-"));
  engine = await openDuckdb({ threads: 2 });
  lake = openLake(folder, engine);
  edits = await openCatalogueEdits({ store: memoryStateStore() });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const linkRows = ["1", "2", "3"].map((id) => `('${id}', 'imdb', '000000${id}')`);
const imported = smallImport({
  links: `SELECT 'l' AS source_file, 1 AS line, * FROM (VALUES ${linkRows.join(", ")}) AS v (item_id, source, source_id)`,
  items: itemsSelect(["1", "2", "3"].map((item) => ({ item, title: `Film ${item}`, genres: ["Drama"] }))),
  ratings: ratingsSelect([
    { user: "1", item: "1", rating: "4", time: "1000000000" },
    { user: "2", item: "2", rating: "5", time: "1000000000" },
    { user: "2", item: "later", rating: "5", time: "1000000000" },
  ]),
});
const build = () => buildLake({ lake, engine, imports: [imported], edits });
const read = async (record: BuildRecord, table: TableName, columns: string) =>
  engine.rows(`SELECT ${columns} FROM ${await lake.relation(table, record.tables[table])} ORDER BY ALL`);
const write = (id: string, write: ItemWrite) => edits.writeItems([{ id, write }]);
const byId = (items: readonly Item[]) =>
  [...items].sort((left, right) => (left.itemId < right.itemId ? -1 : 1));

describe("a build with writes", () => {
  it("gives the same catalogue as the writes over the build before, and again with them laid over itself", async () => {
    const before = await readCatalogue(lake, engine, await build());
    await write("1", {
      how: "patch",
      fields: { title: "Film one", genres: ["Comedy", "Drama"], description: null },
    });
    await write("2", { how: "delete" });
    await write("3", {
      how: "put",
      fields: {
        ...{
          title: "Größe\u0007".slice(0, 5),
          people: [{ name: "Ann \"A\" 'B'", role: "author" }],
          countries: ["DE"],
        },
        ...{ release_date: "2001-02-03", imdb_rating: 7.5, imdb_votes: 12, language: "de" },
        ...{ available_from: "2020-01-01T12:00:00+02:00", available_until: "2030-01-01T00:00:00.500Z" },
        ...{ poster_url: "https://example.org/a.png", features: { pages: "300" } },
        links: { tmdb: "7", site: "https://example.org/3" },
      },
    });
    await write("later", { how: "put", fields: { title: "Known now", release_year: -400 } });
    await write("new", { how: "put", fields: { title: "New", description: "<b>שלום</b> ' ; \\ \n" } });
    await write("nobody", { how: "patch", fields: { title: "of no source" } });
    await write("gone", { how: "put", fields: { title: "Gone" } });
    await write("gone", { how: "delete" });
    await write("3", { how: "patch", fields: { is_hidden: true } });
    await write("later", { how: "patch", fields: { links: { imdb: "0000009" } } });

    const overlay = editedCatalogue(before.items, edits.items());
    const record = await build();
    const after = await readCatalogue(lake, engine, record);
    const again = editedCatalogue(after.items, edits.items());
    const ids = ["1", "2", "3", "later", "new"];
    expect(byId(after.items).map(({ itemId }) => itemId)).toEqual(ids);
    expect(byId(again.items)).toEqual(byId(after.items));
    // an item that was withdrawn before any release had it is in neither
    expect(byId(overlay.items)).toEqual(byId(after.items));
    expect(again.trainedCount).toBe(again.items.length);
    expect(record.placeholders).toBe(0);
    expect(after.get("new")).toMatchObject({
      title: "New",
      description: "<b>שלום</b> ' ; \\ \n",
      isHidden: false,
    });
    expect([after.get("2")?.isHidden, after.get("3")?.isHidden]).toEqual([true, true]);
    // an id elsewhere belongs to the item that was written last; what was not written keeps its links
    expect(await read(record, "silver_item_links", "*")).toEqual([
      { item_id: "1", source: "imdb", source_id: "0000001" },
      { item_id: "2", source: "imdb", source_id: "0000002" },
      { item_id: "3", source: "site", source_id: "https://example.org/3" },
      { item_id: "3", source: "tmdb", source_id: "7" },
      { item_id: "later", source: "imdb", source_id: "0000009" },
    ]);
    expect(after.get("later")).toMatchObject({ isPlaceholder: false, ratingCount: 1, releaseYear: -400 });
    expect((await readTrainingSet(lake, engine, record)).items.ids).toContain("new");
  });

  it("reports writes that have no item, and remembers how far it read", async () => {
    const record = await build();
    const version = record.inputs?.[bronzeEditsTable];
    expect(await sunkRevision(lake, version)).toBe(edits.revision);
    expect(record.warnings).toContainEqual(
      expect.stringContaining(`${bronzeEditsTable}: check consistency failed for 2 of 7`),
    );
    // without a further write there is no further version
    expect((await build()).inputs?.[bronzeEditsTable]).toBe(version);
  });

  it("takes features and countries of users, known and new", async () => {
    const now = { how: "put", fields: { features: { age: "25-34" }, country: "DE" } } as const;
    await edits.writeUser({ id: "1", write: now });
    await edits.writeUser({
      id: "ann",
      write: { how: "put", fields: { features: { mood: "calm", age: "9" } } },
    });
    await edits.writeUser({ id: "ann", write: { how: "patch", fields: { features: { age: null } } } });
    const rows = await read(await build(), "silver_users", "user_id, features, country");
    expect(rows).toEqual([
      { user_id: "1", features: { age: "25-34" }, country: "DE" },
      { user_id: "2", features: {}, country: null },
      { user_id: "ann", features: { mood: "calm" }, country: null },
    ]);
  });

  it("is the same as ever without a store, from what is in bronze", async () => {
    const record = await buildLake({ lake, engine, imports: [imported] });
    expect((await readCatalogue(lake, engine, record)).get("1")?.title).toBe("Film one");
  });
});

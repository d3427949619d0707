import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fingerprintOfSource } from "../../src/sources/fingerprint.ts";
import { validateFolder } from "../../src/sources/validate-folder.ts";
import { type ImportBench, importBench } from "./import-bench.ts";

let bench: ImportBench;
beforeAll(async () => {
  bench = await importBench();
});
afterAll(() => bench.close());

const books = new URL("../../examples/books/", import.meta.url);
const mapping = {
  ratings: { file: "r.csv", user_id: "who", item_id: "what", rating: "stars", scale: { min: 1, max: 10 } },
  items: { file: "i.csv", item_id: "what", title: "name", genres: "kinds" },
};
const files = {
  "r.csv": "who,what,stars\na,1,10\nb,1,1\nc,1,7.4\nd,1,11\ne,1,zero\n",
  "i.csv": "what,name,kinds\n1,One,A|B\n",
};
const imported = async (document: unknown, more = {}) => {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return bench.import(await bench.files({ ...files, "mapping.json": text, ...more }), undefined, "csv");
};

describe("a mapping document", () => {
  test("brings the columns of the books to fields: lists, people, features, prefixes, years, times", async () => {
    const done = await bench.import(books.pathname, undefined, "csv");
    expect((await bench.staged(done, "items"))[0]).toEqual({
      ...{
        source_file: "books.csv",
        line: 2,
        item_id: "book:b01",
        title: "Pride and Prejudice",
        release_year: 1813,
      },
      ...{
        genres: ["Romance", "Classic"],
        people: [{ name: "Jane Austen", role: "author" }],
        language: "en",
      },
      description: "Five sisters, a proud visitor and a first impression that was wrong.",
      features: { Pages: "150" },
    });
    expect((await bench.staged(done, "users"))[0]).toEqual({
      ...{ source_file: "readers.csv", line: 2, user_id: "reader01", country: "DE" },
      features: { "Age group": "under 25" },
    });
    const [first] = await bench.staged(done, "ratings");
    const [, line = ""] = (await readFile(new URL("reviews.csv", books), "utf8")).split("\n");
    const [reader, book, stars, when = ""] = line.split(";");
    expect(first).toMatchObject({
      user_id: reader,
      item_id: `book:${book}`,
      rating_text: stars,
      rating: Number(stars) / 2,
    });
    expect(first).toMatchObject({ rating_ts: when.replace("Z", ".000Z") });
  });

  test("brings ratings to the internal scale; what is outside its own is left to the quality rules", async () => {
    const done = await imported(mapping);
    const ratings = await bench.staged(done, "ratings", "user_id, rating, rating_ts");
    expect(ratings.map(({ rating }) => rating)).toEqual([5, 0.5, 3.5, 99, null]);
  });

  test("is kept with the originals, is in the manifest, and tells one data set from another", async () => {
    const text = JSON.stringify(mapping);
    const folder = await bench.files({ ...files, "mapping.json": text });
    const done = await bench.import(folder, undefined, "csv");
    expect(done.manifest.files.map(({ filename }) => filename)).toEqual(["r.csv", "i.csv", "mapping.json"]);
    const originals = dirname(done.manifestPath);
    expect(await readFile(join(originals, "mapping.json"), "utf8")).toBe(text);
    expect((await validateFolder(originals)).problems).toEqual([]);
    const spec = { source: "csv", location: folder } as const;
    expect(await fingerprintOfSource(spec)).toBe(done.fingerprint);
    await writeFile(join(folder, "mapping.json"), text.replace('"max":10', '"max":20'));
    expect(await fingerprintOfSource(spec)).not.toBe(done.fingerprint);
    await writeFile(join(originals, "mapping.json"), "{}");
    expect((await validateFolder(originals)).problems.join()).toContain("mapping.json: expected SHA-256");
  });

  test("says how rows are counted when its files are validated, whatever they are called", async () => {
    const ratings = { file: "r.txt", delimiter: ";", user_id: "who", item_id: "what", rating: "stars" };
    const folder = await bench.files({
      "r.txt": 'who;what;stars;note\na;1;4;"two\nlines"\nb;1;3;x\n',
      "mapping.json": JSON.stringify({ ratings }),
    });
    const done = await bench.import(folder, undefined, "csv");
    expect(done.manifest.files[0]).toMatchObject({ filename: "r.txt", row_count: 2 });
    expect((await validateFolder(dirname(done.manifestPath))).problems).toEqual([]);
  });

  test.each([
    ["no JSON", "{", "expected JSON"],
    ["no ratings", { items: mapping.items }, "ratings: expected a JSON object, got nothing"],
    [
      "an unknown field",
      { ...mapping, items: { ...mapping.items, genre: "kinds" } },
      "got an unknown name; did you mean genres?",
    ],
    [
      "a column that the file does not have",
      { ...mapping, items: { ...mapping.items, genres: "kind" } },
      'items.genres: expected a column of i.csv, got "kind"; did you mean kinds?; the file has what, name, kinds',
    ],
    [
      "an author's column that is not there",
      { ...mapping, items: { ...mapping.items, people: [{ column: "author", role: "author" }] } },
      'items.people[0]: expected a column of i.csv, got "author"',
    ],
    [
      "a file of another folder",
      { ratings: { ...mapping.ratings, file: "../r.csv" } },
      "ratings.file: expected",
    ],
    ["a scale without an end", { ratings: { ...mapping.ratings, scale: {} } }, "ratings.scale.max"],
  ])("with %s is refused with what is wrong", async (_, document, message) => {
    await expect(imported(document)).rejects.toMatchObject({
      code: "MAPPING_INVALID",
      message: expect.stringContaining(message),
    });
  });
  test("that names a file which is not there is refused", async () => {
    const lost = { ratings: { ...mapping.ratings, file: "lost.csv" } };
    await expect(imported(lost)).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  });
});

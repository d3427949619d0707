import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ImportBench, importBench } from "./import-bench.ts";

let bench: ImportBench;
beforeAll(async () => {
  bench = await importBench();
});
afterAll(() => bench.close());

const imported = async (files: Record<string, string>, ratingsFile?: string) =>
  bench.import(await bench.files(files), ratingsFile, "csv");

describe("a catalogue of one's own", () => {
  test("has ratings with times in seconds or as ISO 8601, and items with what is known of them", async () => {
    const done = await imported({
      "ratings.csv": [
        "timestamp,user_id,rating,item_id",
        "964982703,ann,4.5,song 1",
        "2000-07-30T18:45:03.000Z,bob,3.0,song 2",
        "2000-07-30T20:45:03+02:00,cid,3.5,song 2",
        "yesterday,dan,3.5,song 2",
      ].join("\n"),
      "items.csv":
        'item_id,title,genres,release_year,mood\nsong 1,"One, two",Jazz|Swing,1959,calm\nsong 2,Three,,unknown,\n',
    });
    expect(
      await bench.staged(done, "ratings", "user_id, item_id, rating, rating_ts, rating_ts_text"),
    ).toEqual([
      row("ann", "song 1", 4.5, "964982703"),
      row("bob", "song 2", 3, "2000-07-30T18:45:03.000Z"),
      row("cid", "song 2", 3.5, "2000-07-30T20:45:03+02:00"),
      { ...row("dan", "song 2", 3.5, "yesterday"), rating_ts: null },
    ]);
    expect(await bench.staged(done, "items", "item_id, title, genres, release_year")).toEqual([
      { item_id: "song 1", title: "One, two", genres: ["Jazz", "Swing"], release_year: 1959 },
      { item_id: "song 2", title: "Three", genres: [], release_year: null },
    ]);
    expect(done.manifest.files.map(({ filename }) => filename)).toEqual(["ratings.csv", "items.csv"]);
  });

  const row = (user_id: string, item_id: string, rating: number, rating_ts_text: string) => ({
    ...{ user_id, item_id, rating, rating_ts_text },
    rating_ts: "2000-07-30T18:45:03.000Z",
  });

  test("without a catalogue has the rated items, each once, with its id as its title", async () => {
    const done = await imported({ "ratings.csv": "user_id,item_id,rating\na,x,4\nb,y,3\nc,x,5\nd,,5\n" });
    expect(await bench.staged(done, "items")).toEqual([
      { source_file: "ratings.csv", line: 2, item_id: "x", title: "x" },
      { source_file: "ratings.csv", line: 3, item_id: "y", title: "y" },
    ]);
  });

  test("may have its ratings under another name", async () => {
    const done = await imported({ "mine.csv": "user_id,item_id,rating\na,x,4\n" }, "mine.csv");
    expect(await bench.staged(done, "ratings", "user_id, rating_ts")).toEqual([
      { user_id: "a", rating_ts: null },
    ]);
  });

  test.each([
    [
      "no ratings",
      { "items.csv": "item_id,title\nx,X\n" },
      "SOURCE_UNKNOWN",
      "expected ratings and items of your own: ratings.csv",
    ],
    [
      "columns of MovieLens",
      { "ratings.csv": "userId,movieId,rating\n1,2,3\n" },
      "SOURCE_COLUMN_MISSING",
      "missing: user_id, item_id",
    ],
    [
      "two files of ratings",
      { "ratings.csv": "x", "ratings-2.csv": "x" },
      "SOURCE_AMBIGUOUS",
      "csv: expected one ratings file",
    ],
    ["no row", { "ratings.csv": "user_id,item_id,rating\n" }, "SOURCE_DAMAGED", "the file has no rows"],
    ["no byte", { "ratings.csv": "" }, "DATA_EMPTY", "the file is empty"],
  ])("is refused with %s", async (_, files, code, message) => {
    await expect(imported(files)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

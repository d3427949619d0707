import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ImportBench, importBench, latin1, smallCsv } from "./import-bench.ts";

let bench: ImportBench;
beforeAll(async () => {
  bench = await importBench();
});
afterAll(() => bench.close());

describe("CSV (latest-small, 25M)", () => {
  test("with CRLF, a byte order mark, quotes and columns in another order", async () => {
    const imported = await bench.import(
      await bench.files({
        "ratings.csv": "\ufefftimestamp,rating,movieId,userId\r\n964982703,4.5,10,7\r\n",
        "movies.csv": [
          "title,movieId,genres",
          '"Misérables, Les (1995)",73,Drama|War',
          '"Say ""Anything""... (1989) (1990)",74,(no genres listed)',
          "Babylon 5,75,",
          "Death Note: Desu nôto (2006–2007),76,Crime",
          " Spaces Kept (2001) ,77,Drama",
        ].join("\r\n"),
        "links.csv": "movieId,imdbId,tmdbId\r\n73,0113828,4415\r\n74,0098258,\r\n",
        "tags.csv": 'userId,movieId,tag,timestamp\r\n7,73,"long, sad",1445714994\r\n',
      }),
    );
    expect(await bench.staged(imported, "ratings", "user_id, item_id, rating, rating_ts")).toEqual([
      { user_id: "7", item_id: "10", rating: 4.5, rating_ts: "2000-07-30T18:45:03.000Z" },
    ]);
    expect(await bench.staged(imported, "items", "item_id, title, release_year, genres")).toEqual([
      { item_id: "73", title: "Misérables, Les (1995)", release_year: 1995, genres: ["Drama", "War"] },
      { item_id: "74", title: 'Say "Anything"... (1989) (1990)', release_year: 1990, genres: [] },
      { item_id: "75", title: "Babylon 5", release_year: null, genres: [] },
      { item_id: "76", title: "Death Note: Desu nôto (2006–2007)", release_year: null, genres: ["Crime"] },
      { item_id: "77", title: " Spaces Kept (2001) ", release_year: 2001, genres: ["Drama"] },
    ]);
    expect(await bench.staged(imported, "links", "item_id, source, source_id")).toEqual([
      { item_id: "73", source: "imdb", source_id: "0113828" },
      { item_id: "73", source: "tmdb", source_id: "4415" },
      { item_id: "74", source: "imdb", source_id: "0098258" },
      { item_id: "74", source: "tmdb", source_id: null },
    ]);
    expect(await bench.staged(imported, "tags")).toEqual([
      {
        source_file: "tags.csv",
        line: 2,
        user_id: "7",
        item_id: "73",
        tag: "long, sad",
        tag_ts: "2015-10-24T19:29:54.000Z",
        tag_ts_text: "1445714994",
      },
    ]);
  });

  test("without the optional files", async () => {
    const imported = await bench.import(await bench.files(smallCsv));
    expect(Object.keys(imported.staging).sort()).toEqual(["items", "ratings"]);
  });
});

describe("1M", () => {
  const movies = latin1('1::Toy Story (1995)::Animation|Children\'s|Comedy\n2::Cité "X" (1995)::Drama\n');
  const users = "1::F::1::10::48067\n2::M::56::99::70072\n";

  test("with timestamps, ISO-8859-1, and the codes of the README as words", async () => {
    const imported = await bench.import(
      await bench.files({
        "ratings.dat": "1::1::5::978300760\n2::2::3::978302109\n",
        "movies.dat": movies,
        "users.dat": users,
      }),
    );
    expect(imported.manifest.dataset_version).toBe("1m");
    expect(await bench.staged(imported, "ratings", "user_id, item_id, rating, rating_ts")).toEqual([
      { user_id: "1", item_id: "1", rating: 5, rating_ts: "2000-12-31T22:12:40.000Z" },
      { user_id: "2", item_id: "2", rating: 3, rating_ts: "2000-12-31T22:35:09.000Z" },
    ]);
    expect(await bench.staged(imported, "items", "item_id, title, release_year, genres")).toEqual([
      {
        item_id: "1",
        title: "Toy Story (1995)",
        release_year: 1995,
        genres: ["Animation", "Children's", "Comedy"],
      },
      { item_id: "2", title: 'Cité "X" (1995)', release_year: 1995, genres: ["Drama"] },
    ]);
    expect(await bench.staged(imported, "users", "user_id, features")).toEqual([
      {
        user_id: "1",
        features: { gender: "F", age: "under 18", occupation: "K-12 student", zip_code: "48067" },
      },
      { user_id: "2", features: { gender: "M", age: "56+", occupation: "99", zip_code: "70072" } },
    ]);
  });

  test("without timestamps, though the first row is damaged", async () => {
    const imported = await bench.import(
      await bench.files({ "ratings.dat": "1::1\n1::1::5\n2::2::3\n2::1::4::5\n", "movies.dat": movies }),
    );
    expect(await bench.staged(imported, "ratings", "line, rating, rating_ts_text")).toEqual([
      { line: 2, rating: 5, rating_ts_text: null },
      { line: 3, rating: 3, rating_ts_text: null },
    ]);
    expect(imported.rejected.map(({ line, reason }) => [line, reason])).toEqual([
      [1, "expected 3 columns, found 2"],
      [4, "expected 3 columns, found 4"],
    ]);
  });

  test("a file with another delimiter is refused", async () => {
    const folder = await bench.files({ "ratings.dat": "1,1,5\n2,2,3\n", "movies.dat": movies });
    await expect(bench.import(folder)).rejects.toMatchObject({
      code: "SOURCE_COLUMN_MISSING",
      message:
        'ratings.dat: expected 3 to 4 columns (user_id, movie_id, rating, timestamp) with "::" between them; line 1 has 1',
    });
  });
});

describe("100K", () => {
  const flags = (...set: number[]) =>
    Array.from({ length: 19 }, (_, at) => (set.includes(at) ? 1 : 0)).join("|");
  const files = {
    "u.data": "196\t242\t3\t881250949\n186\t302\t3\t891717742\n",
    "u.genre": "unknown|0\nAction|1\nAdventure|2\nComedy|5\n\n",
    "u.item": latin1(
      [
        `1|Misérables, Les (1995)|01-Jan-1995||http://example.org/?a=1|${flags(1, 5)}`,
        `267|unknown||||${flags(0)}`,
        `3|No Date (1996)|31-Foo-1996|||${flags(2)}`,
      ].join("\n"),
    ),
    "u.user": "1|24|M|technician|85711\n",
  };

  test("genre flags become names, dates become dates", async () => {
    const imported = await bench.import(await bench.files(files));
    expect(imported.manifest.dataset_version).toBe("100k");
    expect(await bench.staged(imported, "ratings", "user_id, item_id, rating, rating_ts")).toEqual([
      { user_id: "196", item_id: "242", rating: 3, rating_ts: "1997-12-04T15:55:49.000Z" },
      { user_id: "186", item_id: "302", rating: 3, rating_ts: "1998-04-04T19:22:22.000Z" },
    ]);
    expect(
      await bench.staged(imported, "items", "item_id, title, release_year, release_date, genres"),
    ).toEqual([
      {
        item_id: "1",
        title: "Misérables, Les (1995)",
        release_year: 1995,
        release_date: "1995-01-01",
        genres: ["Action", "Comedy"],
      },
      { item_id: "267", title: "unknown", release_year: null, release_date: null, genres: [] },
      {
        item_id: "3",
        title: "No Date (1996)",
        release_year: 1996,
        release_date: null,
        genres: ["Adventure"],
      },
    ]);
    expect(await bench.staged(imported, "users", "features")).toEqual([
      { features: { gender: "M", age: "24", occupation: "technician", zip_code: "85711" } },
    ]);
  });

  test("another file of the folder can be chosen for the ratings", async () => {
    const folder = await bench.files({ ...files, "u1.base": "1\t1\t5\t874965758\n" });
    const imported = await bench.import(folder, "u1.base");
    expect(await bench.staged(imported, "ratings", "user_id, rating")).toEqual([{ user_id: "1", rating: 5 }]);
  });

  test("UTF-8 is refused, because the letters would come out wrong", async () => {
    const folder = await bench.files({
      ...files,
      "u.item": `1|Misérables, Les (1995)|01-Jan-1995|||${flags(1)}\n`,
    });
    await expect(bench.import(folder)).rejects.toMatchObject({ code: "SOURCE_ENCODING" });
  });
});

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLake } from "../../src/lake/delta-lake.ts";
import { fingerprintOfSource } from "../../src/sources/fingerprint.ts";
import { importSource } from "../../src/sources/import.ts";
import { originalsFolder } from "../../src/sources/originals.ts";
import { parseSourceSpec } from "../../src/sources/source.ts";
import { type ImportBench, importBench, smallCsv } from "./import-bench.ts";

let bench: ImportBench;
beforeAll(async () => {
  bench = await importBench();
});
afterAll(() => bench.close());

const originals = () => join(bench.lake.folder, "bronze", "originals", "movielens");
const withFiles = async (files: Readonly<Record<string, string | Uint8Array>>, ratingsFile?: string) =>
  bench.import(await bench.files({ ...smallCsv, ...files }), ratingsFile);

describe("an import", () => {
  test("keeps the originals byte for byte, with a manifest of what came", async () => {
    const tags = "userId,movieId,tag,timestamp\r\n1,10,funny,964982703\r\nbroken\r\n";
    const imported = await withFiles({ "tags.csv": tags });
    const folder = join(imported.manifestPath, "..");
    expect((await readdir(folder)).sort()).toEqual([
      "_manifest.json",
      "movies.csv",
      "ratings.csv",
      "tags.csv",
    ]);
    expect(await readFile(join(folder, "tags.csv"), "utf8")).toBe(tags);
    const manifest = JSON.parse(await readFile(imported.manifestPath, "utf8"));
    expect(manifest).toEqual(imported.manifest);
    expect(manifest).toMatchObject({
      dataset_name: "movielens",
      dataset_version: "csv",
      ingestion_ts: imported.ingestionTs,
      ingestion_date: imported.ingestionTs.slice(0, 10),
      rejected_rows: [
        { filename: "tags.csv", line: 3, reason: "expected 4 columns, found 1", row: "broken" },
      ],
      rejected_rows_total: 1,
    });
    expect(manifest.files).toEqual([
      { filename: "ratings.csv", size_bytes: 70, row_count: 2, ...hashes },
      { filename: "movies.csv", size_bytes: 54, row_count: 1, ...hashes },
      { filename: "tags.csv", size_bytes: 60, row_count: 2, ...hashes },
    ]);
    expect(imported.rejectedCounts).toEqual({ ratings: 0, items: 0, tags: 1 });
  });

  test("writes each file as text into its bronze table, with the line of each row", async () => {
    const imported = await withFiles({});
    const relation = await bench.lake.relation("bronze_movielens_ratings_raw");
    const rows = await bench.engine.rows(
      `SELECT * FROM ${relation} WHERE ingestion_ts = '${imported.ingestionTs}' ORDER BY line`,
    );
    expect(rows).toEqual([
      {
        userId: "1",
        movieId: "10",
        rating: "4.0",
        timestamp: "964982703",
        line: 2,
        ingestion_date: imported.ingestionTs.slice(0, 10),
        ingestion_ts: imported.ingestionTs,
        source_file: "ratings.csv",
      },
      expect.objectContaining({ userId: "2", rating: "0.5", line: 3 }),
    ]);
  });

  test("adds to bronze and reads back only its own rows", async () => {
    const first = await withFiles({});
    const before = await bench.lake.rowCount("bronze_movielens_ratings_raw");
    const second = await withFiles({ "ratings.csv": "userId,movieId,rating,timestamp\n7,10,1.0,1\n" });
    expect(await bench.lake.rowCount("bronze_movielens_ratings_raw")).toBe(before + 1);
    expect(await bench.staged(first, "ratings", "user_id")).toEqual([{ user_id: "1" }, { user_id: "2" }]);
    expect(await bench.staged(second, "ratings", "user_id")).toEqual([{ user_id: "7" }]);
  });

  test("takes files whose columns changed, and the rows of earlier imports stay readable", async () => {
    const first = await withFiles({});
    const second = await withFiles({
      "ratings.csv": "rating,note,movieId,userId,line\n3.0,x,10,9,old\n",
    });
    expect(await bench.staged(second, "ratings")).toEqual([
      {
        source_file: "ratings.csv",
        line: 2,
        user_id: "9",
        item_id: "10",
        rating_text: "3.0",
        rating: 3,
        rating_ts: null,
        rating_ts_text: null,
      },
    ]);
    expect(await bench.staged(first, "ratings", "rating_ts")).toEqual([
      { rating_ts: "2000-07-30T18:45:03.000Z" },
      { rating_ts: "2000-07-30T18:45:04.000Z" },
    ]);
  });

  test("tells its phases, the bronze writes and the commits", async () => {
    const texts = new Set<string>();
    const shares: number[] = [];
    await importSource({
      spec: { source: "movielens", location: await bench.files(smallCsv) },
      lake: bench.lake,
      engine: bench.engine,
      onProgress: ({ phase, text, fraction }) => {
        texts.add(`${phase}|${text.replace(/version \d+/, "version N")}`);
        if (fraction !== undefined) shares.push(fraction);
      },
    });
    expect(shares).toEqual([...shares].sort((left, right) => left - right));
    expect([shares[0], shares.includes(0.5), (shares.at(-1) as number) < 1]).toEqual([0, true, true]);
    expect([...texts]).toEqual([
      "bronze|bronze: copying ratings.csv",
      "bronze|bronze: copying movies.csv",
      "bronze|bronze: writing bronze_movielens_ratings_raw",
      "bronze|bronze: writing bronze_movielens_movies_raw",
      "commit|commit: bronze_movielens_ratings_raw version N",
      "commit|commit: bronze_movielens_movies_raw version N",
    ]);
  });

  test("works in folders whose names look like patterns and quotes", async () => {
    const lake = openLake(join(bench.folder, "it's [a] lake"), bench.engine);
    const location = await bench.files(smallCsv);
    const imported = await importSource({
      spec: { source: "movielens", location },
      lake,
      engine: bench.engine,
    });
    expect(await bench.staged(imported, "items", "item_id")).toEqual([{ item_id: "10" }]);
  });

  test("stops when it is cancelled and leaves no originals", async () => {
    const before = await readdir(originals());
    const controller = new AbortController();
    const running = importSource({
      spec: { source: "movielens", location: await bench.files(smallCsv) },
      lake: bench.lake,
      engine: bench.engine,
      signal: controller.signal,
      onProgress: ({ text }) => text.includes("movies.csv") && controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await readdir(originals())).toEqual(before);
  });

  test("removes what a killed import left, and nothing else", async () => {
    const kept = await withFiles({});
    const killed = originalsFolder(bench.lake.folder, {
      source: "movielens",
      ingestionTs: "2020-01-01T00:00:00.000Z",
    });
    await mkdir(killed, { recursive: true });
    await writeFile(join(killed, "ratings.csv"), "userId,mov");
    await withFiles({});
    const left = await readdir(originals());
    expect(left).not.toContain("20200101T000000000Z");
    expect(left.map((name) => join(originals(), name, "_manifest.json"))).toContain(kept.manifestPath);
  });
});

describe("bad input is refused with what was expected and what came", () => {
  const refused = async (
    files: Readonly<Record<string, string | Uint8Array>>,
    error: { code: string; message: unknown },
  ) => {
    const before = await readdir(originals());
    await expect(withFiles(files)).rejects.toMatchObject({ name: "UsherError", ...error });
    expect(await readdir(originals())).toEqual(before);
  };

  test("a missing column", () =>
    refused(
      { "ratings.csv": "userId,movieId,timestamp\n1,10,1\n" },
      {
        code: "SOURCE_COLUMN_MISSING",
        message:
          "ratings.csv: expected the columns userId, movieId, rating; missing: rating; found: userId, movieId, timestamp",
      },
    ));

  test("a wrong encoding", () =>
    refused(
      { "movies.csv": Buffer.from("movieId,title,genres\n10,Caf\xe9 (1995),Drama\n", "latin1") },
      {
        code: "SOURCE_ENCODING",
        message: "movies.csv: expected UTF-8, but line 2 holds bytes that are not UTF-8",
      },
    ));

  test("a file of 0 bytes", () =>
    refused(
      { "ratings.csv": "" },
      { code: "DATA_EMPTY", message: "ratings.csv: expected rows, but the file is empty (0 bytes)" },
    ));

  test("a file with nothing but a header", () =>
    refused(
      { "movies.csv": "movieId,title,genres\n" },
      { code: "SOURCE_DAMAGED", message: "movies.csv: expected items, but the file has no rows" },
    ));

  test("a file of empty lines", () =>
    refused(
      { "ratings.csv": "\n\n\n" },
      { code: "SOURCE_DAMAGED", message: expect.stringContaining("ratings.csv") },
    ));

  test("a file whose lines end in CR alone", () =>
    refused(
      { "ratings.csv": "userId,movieId,rating,timestamp\r1,10,4.0,964982703\r" },
      {
        code: "SOURCE_DAMAGED",
        message: expect.stringMatching(/^ratings.csv: expected lines that end in LF or CR LF/),
      },
    ));

  test("two columns of which either could be meant", () =>
    refused(
      { "ratings.csv": "userId,movieId,rating,Timestamp,timestamp\n1,10,4.0,1,2\n" },
      {
        code: "SOURCE_COLUMN_MISSING",
        message: 'ratings.csv: expected one column timestamp, but "Timestamp" and "timestamp" could be meant',
      },
    ));

  test("two ratings files, unless one is chosen", async () => {
    const other = "userId,movieId,rating\n5,10,2.5\n";
    await refused(
      { "ratings-new.csv": other },
      {
        code: "SOURCE_AMBIGUOUS",
        message: "movielens: expected one ratings file, found ratings-new.csv, ratings.csv",
      },
    );
    const imported = await withFiles({ "ratings-new.csv": other }, "ratings-new.csv");
    expect(await bench.staged(imported, "ratings", "user_id, rating")).toEqual([
      { user_id: "5", rating: 2.5 },
    ]);
  });

  test("a chosen ratings file that is not there, or holds something else", async () => {
    await expect(withFiles({}, "ratings-old.csv")).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: expect.stringMatching(/holds no "ratings-old.csv"; it holds movies.csv, ratings.csv$/),
    });
    await expect(withFiles({}, "../ratings.csv")).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    await expect(withFiles({}, "movies.csv")).rejects.toMatchObject({ code: "PARAMETER_INVALID" });
  });

  test("a folder that is missing, or a file", async () => {
    await expect(bench.import(join(bench.folder, "nowhere"))).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: expect.stringMatching(/^movielens: expected a folder at .*nowhere, but there is none$/),
    });
    const folder = await bench.files({ "a.txt": "" });
    await expect(bench.import(join(folder, "a.txt"))).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: expect.stringContaining("but it is a file"),
    });
  });

  test("a folder of no known layout, with what is expected and what is there", async () => {
    const folder = await bench.files({ "notes.txt": "hello", "movies.csv": "" });
    await expect(bench.import(folder)).rejects.toMatchObject({
      code: "SOURCE_UNKNOWN",
      message: expect.stringMatching(
        /ratings.csv, movies.csv; or MovieLens 1M: ratings.dat, movies.dat; or .*u.data.*found movies.csv, notes.txt$/,
      ),
    });
  });

  test("a folder of two layouts", async () => {
    const files = { "ratings.dat": "1::10::5\n", "movies.dat": "10::Toy Story (1995)::Comedy\n" };
    await refused(files, { code: "SOURCE_AMBIGUOUS", message: expect.stringContaining("several layouts") });
    const imported = await withFiles(files, "ratings.dat");
    expect(imported.manifest.dataset_version).toBe("1m");
  });
});

describe("rows that cannot be read are counted, with file, line and reason", () => {
  test("broken quotes, missing values, a file cut in half", async () => {
    const movies = [
      "movieId,title,genres",
      '10,"Toy Story (1995),Comedy',
      '11,"American President, The (1995)",Comedy',
      "12,Nixon (1995)",
      '13,"Two',
      'Lines (1999)",Drama',
      "14,Bal",
    ];
    const imported = await withFiles({ "movies.csv": movies.join("\n") });
    expect(await bench.staged(imported, "items", "line, item_id, title")).toEqual([
      { line: 3, item_id: "11", title: "American President, The (1995)" },
      { line: 5, item_id: "13", title: "Two\nLines (1999)" },
    ]);
    expect(imported.rejected.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'after a closing quote, expected "," or the end of the row'],
      [4, "expected 3 columns, found 2"],
      [7, "expected 3 columns, found 2; the file ends in the middle of this row"],
    ]);
    expect(imported.rejectedCounts["items"]).toBe(3);
    expect(imported.manifest.files.find(({ filename }) => filename === "movies.csv")?.row_count).toBe(5);
  });

  test("only the first 1,000 are listed, all are counted, and read = kept + rejected", async () => {
    const lines = Array.from({ length: 5000 }, (_, at) =>
      at % 4 === 0 ? `${at}` : `${at},10,3.5,964982703`,
    );
    for (const quote of ["", '"quoted",10,3.5,964982703\n']) {
      const imported = await withFiles({
        "ratings.csv": `userId,movieId,rating,timestamp\n${quote}${lines.join("\n")}\n`,
      });
      const received = lines.length + (quote ? 1 : 0);
      expect(imported.rejected).toHaveLength(1000);
      const kept = await bench.engine.rows(String(imported.rejectedRows));
      expect(kept).toHaveLength(1250);
      expect(kept.slice(0, 1000)).toEqual(imported.rejected);
      const first = quote ? 3 : 2;
      expect(kept.at(-1)).toEqual({
        filename: "ratings.csv",
        line: first + 4996,
        reason: "expected 4 columns, found 1",
        row: "4996",
      });
      expect(imported.rejectedCounts["ratings"]).toBe(1250);
      expect(await bench.staged(imported, "ratings", "user_id")).toHaveLength(received - 1250);
      expect(imported.manifest.files[0]?.row_count).toBe(received);
    }
  });

  test("a file of which no row can be read brings no rows, and says so", async () => {
    const imported = await withFiles({ "ratings.csv": "userId,movieId,rating\n1\n2\n" });
    expect(await bench.staged(imported, "ratings")).toEqual([]);
    expect(imported.rejectedCounts["ratings"]).toBe(2);
  });

  test("values that are no number or no time become NULL beside their text", async () => {
    const values = ["abc,xyz", "NaN,1e300", "inf,99999999999999", "4.0,", " 3.5 ,-5"];
    const imported = await withFiles({
      "ratings.csv": `userId,movieId,rating,timestamp\n${values.map((value) => `1,10,${value}\n`).join("")}`,
    });
    expect(await bench.staged(imported, "ratings", "rating_text, rating, rating_ts, rating_ts_text")).toEqual(
      [
        { rating_text: "abc", rating: null, rating_ts: null, rating_ts_text: "xyz" },
        { rating_text: "NaN", rating: null, rating_ts: null, rating_ts_text: "1e300" },
        { rating_text: "inf", rating: null, rating_ts: null, rating_ts_text: "99999999999999" },
        { rating_text: "4.0", rating: 4, rating_ts: null, rating_ts_text: null },
        { rating_text: " 3.5 ", rating: 3.5, rating_ts: "1969-12-31T23:59:55.000Z", rating_ts_text: "-5" },
      ],
    );
  });
});

test("the rows that could not be split of all files are kept, whatever letters they hold, and only those of this import", async () => {
  await withFiles({ "movies.csv": 'movieId,title,genres\n"broken\n10,A (1990),Drama\n' });
  const imported = await withFiles({
    "ratings.csv": "userId,movieId,rating\n1,10,4\nhalf\n",
    "movies.csv": `movieId,title,genres\na\0b\n10,A (1990),Drama\n${"x".repeat(499)}😀\n`,
  });
  expect(await bench.engine.rows(String(imported.rejectedRows))).toEqual([
    { filename: "ratings.csv", line: 3, reason: "expected 3 columns, found 1", row: "half" },
    { filename: "movies.csv", line: 2, reason: "the row holds a NUL byte", row: "a\ufffdb" },
    {
      filename: "movies.csv",
      line: 4,
      reason: "expected 3 columns, found 1",
      row: `${"x".repeat(499)}\ufffd`,
    },
  ]);
  expect((await withFiles({})).rejectedRows).toBeUndefined();
});

test("the names of columns are read without case, so that times are not lost", async () => {
  const imported = await withFiles({
    "ratings.csv": "UserID,movieid,Rating,Timestamp\n1,10,4.0,964982703\n",
  });
  expect(await bench.staged(imported, "ratings", "user_id, item_id, rating, rating_ts")).toEqual([
    { user_id: "1", item_id: "10", rating: 4, rating_ts: "2000-07-30T18:45:03.000Z" },
  ]);
});

describe("the name of a data set", () => {
  test("is read", () => {
    expect(parseSourceSpec("movielens:C:\\data\\ml", { ratingsFile: "r.dat" })).toEqual({
      source: "movielens",
      location: "C:\\data\\ml",
      ratingsFile: "r.dat",
    });
    expect(parseSourceSpec("demo")).toEqual({ source: "demo", location: "" });
  });

  test.each(["", "movielens", "movielens:", "demo:x", "netflix:/data", "/data/ml-1m"])(
    "refuses %j",
    (text) => {
      expect(() => parseSourceSpec(text)).toThrow(
        expect.objectContaining({
          code: "PARAMETER_INVALID",
          message: `data: expected one of movielens:<folder>, csv:<folder>, demo, got "${text}"`,
        }),
      );
    },
  );
});

test("the fingerprint tells the same files from others", async () => {
  const of = async (files: Readonly<Record<string, string>>, ratingsFile?: string) =>
    fingerprintOfSource({
      source: "movielens",
      location: await bench.files(files),
      ...(ratingsFile ? { ratingsFile } : {}),
    });
  const imported = await withFiles({});
  const same = await of({ ...smallCsv, "README.txt": "not read" });
  expect(same).toBe(imported.fingerprint);
  expect(await of({ ...smallCsv, "ratings.csv": smallCsv["ratings.csv"].replace("0.5", "1.5") })).not.toBe(
    same,
  );
  const two = { ...smallCsv, "ratings-2.csv": smallCsv["ratings.csv"] };
  expect(await of(two, "ratings-2.csv")).not.toBe(same);
});

const hashes = { checksum_sha256: expect.stringMatching(/^[0-9a-f]{64}$/), checksum_md5: expect.any(String) };

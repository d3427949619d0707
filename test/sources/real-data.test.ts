import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ImportBench, importBench } from "./import-bench.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const data = resolve(root, process.env["USHER_DATA"] ?? "../shared/data");
const isThere = (name: string) => {
  const found = existsSync(join(data, name));
  if (!found) console.warn(`SKIPPED: no ${name} in $USHER_DATA; the imports of the real data are not tested`);
  return found;
};

let bench: ImportBench;
beforeAll(async () => {
  bench = await importBench();
});
afterAll(() => bench.close());

const linesOf = async (path: string) =>
  (await readFile(join(data, path), "latin1")).split("\n").filter((line) => line.trim() !== "").length;
const count = async (sql: string) =>
  Number((await bench.engine.rows(`SELECT count(*) AS n FROM ${sql}`))[0]?.["n"]);

describe.skipIf(!isThere("ml-latest-small"))("MovieLens latest-small as GroupLens ships it", () => {
  test("every row is kept, and the oddities that were counted independently are there", async () => {
    const imported = await bench.import(join(data, "ml-latest-small"));
    const { ratings, items, links = "", tags = "" } = imported.staging;
    expect(imported.manifest.rejected_rows_total).toBe(0);
    expect(await count(`(${ratings})`)).toBe(100_836);
    expect(await linesOf("ml-latest-small/ratings.csv")).toBe(100_836 + 1);
    expect(await count(`(${ratings}) WHERE rating IS NULL OR rating_ts IS NULL`)).toBe(0);
    expect(await count(`(${items})`)).toBe(9_742);
    expect(await count(`(${items}) WHERE release_year IS NULL`)).toBe(13);
    expect(await count(`(${items}) WHERE len(genres) = 0`)).toBe(34);
    expect(await count(`(${items}) WHERE regexp_matches(title, '[^ -~]')`)).toBe(293);
    expect(await count(`(${items}) WHERE title LIKE '%Misérables, Les (1995)'`)).toBe(1);
    expect(await count(`(${links}) WHERE source = 'tmdb' AND source_id IS NULL`)).toBe(8);
    expect(await count(`(${links}) WHERE source = 'imdb' AND source_id = '0114709'`)).toBe(1);
    expect(await count(`(${tags})`)).toBe(3_683);
    const md5 = Object.fromEntries(imported.manifest.files.map((file) => [file.filename, file.checksum_md5]));
    expect(md5).toEqual({
      "ratings.csv": "325a6f09399d1c45671f187505e1a100",
      "movies.csv": "ed94fab72b62442ef8150d9446e000d6",
      "links.csv": "316913f95cdad64c745ca22f3630e230",
      "tags.csv": "1b2d21a7be1cc23d327b11155a4a6aea",
    });
  });
});

describe.skipIf(!isThere("ml-100k"))("MovieLens 100K as GroupLens ships it", () => {
  test("every row is kept", async () => {
    const imported = await bench.import(join(data, "ml-100k"));
    const { ratings, items, users = "" } = imported.staging;
    expect(imported.manifest.rejected_rows_total).toBe(0);
    expect(await count(`(${ratings}) WHERE rating BETWEEN 1 AND 5 AND rating_ts IS NOT NULL`)).toBe(100_000);
    expect(await linesOf("ml-100k/u.data")).toBe(100_000);
    expect(await count(`(${items})`)).toBe(1_682);
    expect(await count(`(${items}) WHERE release_date IS NULL`)).toBe(1);
    expect(await count(`(${users})`)).toBe(943);
  });
});

describe.skipIf(!isThere("ml-1m"))("MovieLens 1M", () => {
  test("every row of the file without timestamps is kept, in a few seconds", async () => {
    const imported = await bench.import(join(data, "ml-1m"), "ratings-without-timestamps.dat");
    const { ratings, items, users = "" } = imported.staging;
    expect(imported.manifest.rejected_rows_total).toBe(0);
    expect(await count(`(${ratings}) WHERE rating_ts_text IS NULL`)).toBe(1_000_209);
    expect(await linesOf("ml-1m/ratings-without-timestamps.dat")).toBe(1_000_209);
    const [sums] = await bench.engine.rows(
      `SELECT sum(rating) AS ratings, min(line) AS first, max(line) AS last, count(DISTINCT line) AS lines FROM (${ratings})`,
    );
    // 1·56,174 + 2·107,557 + 3·261,197 + 4·348,971 + 5·226,310, from the README of the data
    expect(sums).toEqual({ ratings: 3_582_313, first: 1, last: 1_000_209, lines: 1_000_209 });
    expect(await count(`(${items})`)).toBe(3_883);
    expect(await count(`(${items}) WHERE title = 'City of Lost Children, The (1995)'`)).toBe(1);
    expect(await count(`(${items}) WHERE regexp_matches(title, '[^ -~]')`)).toBe(50);
    expect(await count(`(${items}) WHERE title LIKE 'Misérables, Les (1995)'`)).toBe(1);
    expect(await count(`(${users})`)).toBe(6_040);
  });

  test("its two ratings files must be told apart", async () => {
    await expect(bench.import(join(data, "ml-1m"))).rejects.toMatchObject({
      code: "SOURCE_AMBIGUOUS",
      message: expect.stringContaining("ratings-with-timestamps-partial.dat, ratings-without-timestamps.dat"),
    });
    const imported = await bench.import(join(data, "ml-1m"), "ratings-with-timestamps-partial.dat");
    expect(await count(`(${imported.staging.ratings}) WHERE rating_ts IS NOT NULL`)).toBe(392_520);
  });
});

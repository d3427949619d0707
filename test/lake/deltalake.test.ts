import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake } from "../../src/lake/build.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { sqlText } from "../../src/lake/sql-text.ts";
import { eachFreshLake } from "./fresh-lake.ts";
import { readWithPython, skipsPython } from "./read-with-python.ts";
import { goodItems, goodRatings, itemsSelect, ratingsSelect, smallImport } from "./small-import.ts";

describe.skipIf(skipsPython)("Python deltalake", () => {
  let engine: Engine;
  let folder: string;
  let lake: Lake;
  eachFreshLake((fresh) => {
    ({ engine, folder, lake } = fresh);
  });

  test("reads every table of a build with the same row counts, after a second build too", async () => {
    const tags = `SELECT 'tags.csv' AS source_file, 2 AS line, 'u1' AS user_id, 'i1' AS item_id, 'slow' AS tag, now() AS tag_ts`;
    const links = `SELECT 'links.csv' AS source_file, 2 AS line, 'i1' AS item_id, 'imdb' AS source, '0114709' AS source_id`;
    const users = `SELECT 'users.csv' AS source_file, 2 AS line, 'u1' AS user_id, MAP {'age': '30'} AS features`;
    const bad = [{ user: "u1", item: "i1", rating: "9" }];
    for (const count of [200, 150]) {
      const ratings = ratingsSelect([...goodRatings(count), ...bad]);
      const staging = { items: itemsSelect(goodItems(count)), ratings, tags, links, users };
      await buildLake({ lake, engine, imports: [smallImport(staging)] });
    }
    const found = await readWithPython(folder);
    expect(Object.keys(found).sort()).toEqual(await lake.tables());
    for (const table of await lake.tables()) {
      expect([table, found[table]?.rows, found[table]?.version]).toEqual([
        table,
        await lake.rowCount(table),
        1,
      ]);
    }
    expect(found["silver_ratings"]?.rows).toBe(150);
    expect(found["silver_rejected_rows"]?.rows).toBe(1);
    expect(found["silver_ratings"]?.first["rating_ts"]).toMatch(/^2001-09-09 01:46:40\+00:00$/);
  });

  test("reads partitions, nested types, appended files and a changed schema", async () => {
    await lake.commit(await lake.stage("silver_shape", "SELECT 1 AS old"));
    await lake.commit(
      await lake.stage(
        "silver_shape",
        `SELECT 1::BIGINT AS l, true AS b, 0.5::FLOAT AS f, DATE '2020-01-02' AS d, TIMESTAMP '2020-01-02 03:04:05' AS t,
          ['a', NULL] AS list, [{name: 'n', role: 'r'}] AS people, MAP {'k': 1.5::DOUBLE} AS m`,
      ),
    );
    const rows = (text: string) => `SELECT 1 AS a, ${sqlText(text)} AS "the part"`;
    await lake.commit(await lake.stage("silver_parts", rows("x/y %é="), { partitionBy: ["the part"] }));
    await lake.commit(
      await lake.stage("silver_parts", rows("z"), { partitionBy: ["the part"], mode: "append" }),
    );
    const found = await readWithPython(folder);
    expect(found["silver_shape"]).toMatchObject({ version: 1, rows: 1 });
    expect(found["silver_shape"]?.columns).toMatchObject({
      l: "long",
      f: "float",
      t: "timestamp",
      list: { type: "array", elementType: "string" },
      m: { type: "map", keyType: "string", valueType: "double" },
    });
    expect(found["silver_shape"]?.first).toMatchObject({
      t: "2020-01-02 03:04:05+00:00",
      people: "[{'name': 'n', 'role': 'r'}]",
      m: "[('k', 1.5)]",
    });
    expect(found["silver_parts"]?.rows).toBe(2);
  });

  const movielens = join(process.env["USHER_DATA"] ?? "../shared/data", "ml-latest-small");
  if (!existsSync(movielens)) console.warn(`skipped: no data set in ${movielens}`);
  test.skipIf(!existsSync(movielens))("reads 100,836 real ratings", async () => {
    const csv = (name: string) => sqlText(join(movielens, name));
    const staging = {
      ratings: `SELECT 'ratings.csv' AS source_file, row_number() OVER () + 1 AS line, userId AS user_id, movieId AS item_id,
        rating AS rating_text, TRY_CAST(rating AS DOUBLE) AS rating, to_timestamp(TRY_CAST("timestamp" AS BIGINT)) AS rating_ts,
        "timestamp" AS rating_ts_text FROM read_csv(${csv("ratings.csv")}, all_varchar = true)`,
      items: `SELECT 'movies.csv' AS source_file, row_number() OVER () + 1 AS line, movieId AS item_id, title,
        string_split(genres, '|') AS genres FROM read_csv(${csv("movies.csv")}, all_varchar = true)`,
      links: `SELECT 'links.csv' AS source_file, line, movieId AS item_id, 'tmdb' AS source, tmdbId AS source_id
        FROM (SELECT *, row_number() OVER () + 1 AS line FROM read_csv(${csv("links.csv")}, all_varchar = true))`,
    };
    const realLake = openLake(join(folder, "real"), engine);
    const record = await buildLake({ lake: realLake, engine, imports: [smallImport(staging)] });
    expect(record.ratings).toEqual({ read: 100_836, kept: 100_836, rejected: 0 });
    expect(record.unmapped).toEqual({ tmdb: 9 });
    const found = await readWithPython(join(folder, "real"));
    expect(found["silver_ratings"]?.rows).toBe(100_836);
    expect(found["silver_items"]?.rows).toBe(9_742);
    expect(found["silver_users"]?.rows).toBe(610);
  });
});

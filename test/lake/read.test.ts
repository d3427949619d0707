import { access, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BuildRecord } from "../../src/contracts/quality.ts";
import { historyOf } from "../../src/data/interactions.ts";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake } from "../../src/lake/build.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { exportDuckdb } from "../../src/lake/export-duckdb.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { readCatalogue, readTrainingSet } from "../../src/lake/read.ts";
import { itemsSelect, type RatingRow, ratingsSelect, smallImport } from "./small-import.ts";

let engine: Engine;
const folders: string[] = [];
beforeAll(async () => {
  engine = await openDuckdb({ threads: 1 });
});
afterAll(async () => {
  await engine.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const emptyFolder = async () => {
  folders.push(await mkdtemp(join(tmpdir(), "usher-read-")));
  return folders.at(-1)!;
};
const built = async (
  rows: readonly RatingRow[],
  items: readonly { item: string; title: string }[],
  more: { links?: string; itemsSelect?: string } = {},
): Promise<{ lake: Lake; build: BuildRecord }> => {
  const lake = openLake(await emptyFolder(), engine);
  const { links, itemsSelect: select = itemsSelect(items) } = more;
  const staging = { ratings: ratingsSelect(rows), items: select, ...(links ? { links } : {}) };
  return { lake, build: await buildLake({ lake, engine, imports: [smallImport(staging)] }) };
};
const numbered = [
  { item: "10", title: "Ten" },
  { item: "9", title: "Nine" },
  { item: "2", title: "Two" },
];

describe("the training set", () => {
  test("ids are in numeric order where all are whole numbers, placeholders and unrated items included", async () => {
    const { lake, build } = await built(
      [
        { user: "10", item: "9", rating: "4" },
        { user: "9", item: "777", rating: "3" },
        { user: "100", item: "10", rating: "5" },
      ],
      numbered,
    );
    const set = await readTrainingSet(lake, engine, build);
    expect(set.users.ids).toEqual(["9", "10", "100"]);
    expect(set.items.ids).toEqual(["2", "9", "10", "777"]);
    expect(set.ratings).toMatchObject({ userCount: 3, itemCount: 4 });
    expect([...set.ratings.items]).toEqual([3, 1, 2]);
    expect([...set.ratings.values]).toEqual([3, 4, 5]);
    expect(set.ratings.times).toBeUndefined();
  });

  test("ids are in the order of their text where one is no whole number", async () => {
    const { lake, build } = await built(
      [
        { user: "10", item: "9", rating: "4" },
        { user: "9", item: "9", rating: "3" },
        { user: "007", item: "10", rating: "5" },
      ],
      numbered,
    );
    const set = await readTrainingSet(lake, engine, build);
    expect(set.users.ids).toEqual(["007", "10", "9"]);
    expect(set.items.ids).toEqual(["2", "9", "10"]);
  });

  test("of two ratings of an item the later counts, whatever their order, and a time beats none", async () => {
    const { lake, build } = await built(
      [
        { user: "1", item: "2", rating: "5", time: "20" },
        { user: "1", item: "2", rating: "1", time: "10" },
        { user: "1", item: "9", rating: "2", time: "10" },
        { user: "1", item: "9", rating: "3" },
        { user: "1", item: "10", rating: "2.5" },
      ],
      numbered,
    );
    const { ratings } = await readTrainingSet(lake, engine, build);
    const history = historyOf(ratings, 0);
    expect([...history.items]).toEqual([0, 1, 2]);
    expect([...history.values]).toEqual([5, 2, 2.5]);
    expect([...ratings.times!]).toEqual([20, 10, Number.NaN]);
  });

  test("a build reads as it was, whatever was committed since", async () => {
    const { lake, build } = await built([{ user: "1", item: "2", rating: "5" }], numbered);
    await lake.commit(await lake.stage("silver_ratings", "SELECT 'x' AS user_id"));
    expect((await readTrainingSet(lake, engine, build)).users.ids).toEqual(["1"]);
  });

  test("a build without ratings, and one that names no such table, are errors", async () => {
    const { lake, build } = await built([{ user: "1", item: "2", rating: "5" }], numbered);
    const relation = await lake.relation("silver_ratings");
    const version = await lake.commit(
      await lake.stage("silver_ratings", `SELECT * FROM ${relation} WHERE false`),
    );
    const pinned = (ratings: number) => ({ ...build, tables: { ...build.tables, silver_ratings: ratings } });
    await expect(readTrainingSet(lake, engine, pinned(version))).rejects.toMatchObject({
      code: "DATA_EMPTY",
    });
    await expect(readTrainingSet(lake, engine, pinned(99))).rejects.toMatchObject({ code: "TABLE_MISSING" });
    await expect(readTrainingSet(lake, engine, { number: 1, tables: {} })).rejects.toMatchObject({
      code: "TABLE_MISSING",
    });
  });
});

describe("the catalogue", () => {
  test("items carry their figures and links, in the order of the training set; what is unknown is absent", async () => {
    const links = `SELECT 'l' AS source_file, 1 AS line, '9' AS item_id, source, source_id FROM (VALUES ('tmdb', '1'), ('imdb', '0001')) AS v (source, source_id)`;
    const { lake, build } = await built(
      [
        { user: "1", item: "9", rating: "5" },
        { user: "2", item: "9", rating: "4" },
        { user: "2", item: "777", rating: "4" },
      ],
      numbered,
      { links },
    );
    const { items, get } = await readCatalogue(lake, engine, build);
    expect(items.map(({ itemId }) => itemId)).toEqual((await readTrainingSet(lake, engine, build)).items.ids);
    expect(get("9")).toEqual({
      itemId: "9",
      title: "Nine",
      releaseYear: 1995,
      genres: [],
      isPlaceholder: false,
      isHidden: false,
      ratingCount: 2,
      ratingMean: 4.5,
      links: { imdb: "0001", tmdb: "1" },
    });
    expect(get("2")).toMatchObject({ ratingCount: 0, links: {} });
    expect(Object.keys(get("2")!)).not.toContain("ratingMean");
    expect(get("777")).toMatchObject({ isPlaceholder: true, title: "777" });
  });
});

describe("the DuckDB export", () => {
  const exported = async (given: { lake: Lake; build: BuildRecord }) => {
    const file = join(await emptyFolder(), "films.duckdb");
    const counts = await exportDuckdb({ ...given, file });
    const other = await openDuckdb();
    await other.run(`ATTACH '${file}' AS x (READ_ONLY)`);
    const result = {
      counts,
      file,
      films: await other.rows("SELECT * FROM x.films"),
      ratings: await other.rows("SELECT * FROM x.ratings"),
      types: await other.rows(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'x'",
      ),
    };
    await other.close();
    return result;
  };

  test("holds films and ratings with whole-number ids as numbers, and leaves no other file", async () => {
    const select = `SELECT 'm' AS source_file, i AS line, CAST(i AS VARCHAR) AS item_id, 'Film ' || i AS title, ['Drama', 'War'] AS genres,
      DATE '1999-03-31' AS release_date, CASE WHEN i = 1 THEN 7.5 END AS imdb_rating, CASE WHEN i = 1 THEN 900 END AS imdb_votes,
      CASE WHEN i = 2 THEN 6.1 END AS tmdb_vote_average, CASE WHEN i = 2 THEN 12 END AS tmdb_vote_count FROM range(1, 5) AS r (i)`;
    const { counts, file, films, ratings, types } = await exported(
      await built(
        [
          { user: "7", item: "3", rating: "4.5", time: "1000000000" },
          { user: "7", item: "1", rating: "1" },
        ],
        [],
        { itemsSelect: select },
      ),
    );
    expect(counts).toEqual({ films: 4, ratings: 2 });
    expect(films[0]).toEqual({
      id: 1,
      title: "Film 1",
      description: null,
      genres: "Drama|War",
      release_date: "1999-03-31",
      vote_average: 7.5,
      vote_count: 900,
    });
    expect(films.map((film) => [film["vote_average"], film["vote_count"]])).toEqual([
      [7.5, 900],
      [6.1, 12],
      [9, 1],
      [null, 0],
    ]);
    expect(ratings).toEqual([
      { user_id: 7, film_id: 1, rating: 1, timestamp: null },
      { user_id: 7, film_id: 3, rating: 4.5, timestamp: 1000000000 },
    ]);
    expect(
      types.map((column) => `${column["table_name"]}.${column["column_name"]} ${column["data_type"]}`),
    ).toEqual([
      "films.id INTEGER",
      "films.title VARCHAR",
      "films.description VARCHAR",
      "films.genres VARCHAR",
      "films.release_date DATE",
      "films.vote_average DOUBLE",
      "films.vote_count BIGINT",
      "ratings.user_id INTEGER",
      "ratings.film_id INTEGER",
      "ratings.rating DOUBLE",
      "ratings.timestamp BIGINT",
    ]);
    expect(await readdir(join(file, ".."))).toEqual(["films.duckdb"]);
  });

  test("keeps ids as text where one is no number or too great for one", async () => {
    const { films, ratings } = await exported(
      await built(
        [
          { user: "auth0|x", item: "9", rating: "4" },
          { user: "1", item: "99999999999", rating: "4" },
        ],
        numbered,
      ),
    );
    expect(films.map((film) => film["id"])).toContain("99999999999");
    expect(ratings.map((row) => row["user_id"])).toEqual(["1", "auth0|x"]);
  });

  test("never replaces a file, and says where a folder is missing", async () => {
    const given = await built([{ user: "1", item: "2", rating: "4" }], numbered);
    const folder = await emptyFolder();
    const file = join(folder, "mine.duckdb");
    await writeFile(file, "precious");
    await expect(exportDuckdb({ ...given, file })).rejects.toMatchObject({
      code: "PARAMETER_INVALID",
      message: `export: expected a file that does not exist yet, got ${file}`,
    });
    const nowhere = join(folder, "no", "such.duckdb");
    await expect(exportDuckdb({ ...given, file: nowhere })).rejects.toThrow(/expected an existing folder/);
    await expect(access(join(folder, "no"))).rejects.toThrow();
  });

  test("a failing export leaves nothing behind and the engine usable", async () => {
    const given = await built([{ user: "1", item: "2", rating: "4" }], numbered);
    const folder = await emptyFolder();
    const build = { ...given.build, tables: { ...given.build.tables, gold_item_stats: 99 } };
    await expect(exportDuckdb({ ...given, build, file: join(folder, "a.duckdb") })).rejects.toMatchObject({
      code: "TABLE_MISSING",
    });
    expect(await readdir(folder)).toEqual([]);
    expect(
      await engine.rows(
        "SELECT count(*)::INTEGER AS n FROM duckdb_databases() WHERE database_name LIKE 'export%'",
      ),
    ).toEqual([{ n: 0 }]);
  });
});

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ImportedSource } from "../../src/contracts/imports.ts";
import type { ProgressEvent } from "../../src/contracts/progress.ts";
import type { BuildRecord, QualityReport } from "../../src/contracts/quality.ts";
import { type TableContract, type TableName, tableNames, tables } from "../../src/contracts/tables.ts";
import { ratingWeight } from "../../src/data/signals.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake } from "../../src/lake/build.ts";
import { latestBuild, readBuild } from "../../src/lake/build-record.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { eachFreshLake } from "./fresh-lake.ts";
import {
  goodItems,
  goodRatings,
  itemsSelect,
  type RatingRow,
  ratingsSelect,
  smallImport,
} from "./small-import.ts";

let engine: Engine;
let folder: string;
let lake: Lake;
eachFreshLake((fresh) => {
  ({ engine, folder, lake } = fresh);
});

const build = (imported: ImportedSource, onProgress?: (event: ProgressEvent) => void) =>
  buildLake({ lake, engine, imports: [imported], ...(onProgress ? { onProgress } : {}) });
const read = async (record: BuildRecord, table: TableName, columns = "*") =>
  engine.rows(`SELECT ${columns} FROM ${await lake.relation(table, record.tables[table])} ORDER BY ALL`);
const report = async (number: number): Promise<QualityReport> =>
  JSON.parse(await readFile(join(folder, "reports", `0000000${number}.json`), "utf8"));
const small = (bad: readonly RatingRow[], good = 100 - bad.length) =>
  smallImport({
    items: itemsSelect(goodItems(100)),
    ratings: ratingsSelect([...goodRatings(good), ...bad]),
  });
const repeat = (count: number, row: RatingRow) => Array.from({ length: count }, () => row);

describe("a good build", () => {
  test("writes every table of the contract with its columns and types", async () => {
    const record = await build(small([]));
    expect(Object.keys(record.tables)).toEqual(tableNames);
    for (const table of tableNames) {
      const contract: TableContract = tables[table];
      const relation = await lake.relation(table, record.tables[table]);
      const described = await engine.rows(`DESCRIBE SELECT * FROM ${relation}`);
      expect(Object.fromEntries(described.map((row) => [row["column_name"], row["column_type"]]))).toEqual(
        Object.fromEntries(Object.entries(contract.columns).map(([name, { type }]) => [name, type])),
      );
      const required = Object.keys(contract.columns).filter((name) => contract.columns[name]!.required);
      const nulls = required.map((name) => `"${name}" IS NULL`).join(" OR ");
      expect(await engine.rows(`SELECT * FROM ${relation} WHERE ${nulls}`)).toEqual([]);
      if (contract.key.length === 0) continue;
      const key = contract.key.map((name) => `"${name}"`).join(", ");
      expect(await engine.rows(`SELECT ${key} FROM ${relation} GROUP BY ${key} HAVING count(*) > 1`)).toEqual(
        [],
      );
    }
  });

  test("records counts and versions, and is the newest build", async () => {
    expect(await latestBuild(folder)).toBeUndefined();
    const first = await build(small([]));
    expect(first.ratings).toEqual({ read: 100, kept: 100, rejected: 0 });
    expect(first).toMatchObject({ number: 1, users: 10, placeholders: 0, items: { read: 10, kept: 10 } });
    const second = await build(small([]));
    expect(second.number).toBe(2);
    expect(second.tables["silver_ratings"]).toBe(1);
    expect(await latestBuild(folder)).toEqual(second);
    expect(await readBuild(folder, 1)).toEqual(first);
    await expect(readBuild(folder, 3)).rejects.toMatchObject({ code: "TABLE_MISSING" });
  });

  test("tells each table that it writes, then each that it commits", async () => {
    const events: string[] = [];
    await build(small([]), ({ phase, text }) => events.push(`${phase}: ${text}`));
    for (const table of tableNames) {
      const phase = table.startsWith("gold") ? "gold" : "silver";
      const written = events.indexOf(`${phase}: writing ${table}`);
      const committed = events.indexOf(`commit: ${table} version 0`);
      expect(written).toBeGreaterThanOrEqual(0);
      expect(committed).toBeGreaterThan(written);
    }
    expect(events.at(-1)).toBe("commit: build 1");
    expect(events.indexOf("gold: writing gold_item_stats")).toBeGreaterThan(
      events.indexOf("commit: silver_rejected_rows version 0"),
    );
  });

  test("leaves no temporary table behind", async () => {
    await build(small([]));
    expect(await engine.rows("SELECT table_name FROM duckdb_tables()")).toEqual([]);
  });

  test("weighs each rating as serving does", async () => {
    const record = await build(small([]));
    const rows = await engine.rows(
      `SELECT DISTINCT rating, weight FROM ${await lake.relation("silver_interactions")} JOIN ${await lake.relation("silver_ratings", record.tables["silver_ratings"])} USING (user_id, item_id)`,
    );
    expect(rows).toHaveLength(10);
    for (const row of rows) expect(row["weight"]).toBeCloseTo(ratingWeight(Number(row["rating"])), 12);
  });

  test("a source without users, links, tags and times is complete", async () => {
    const rows = goodRatings(20).map(({ time: _, ...row }) => row);
    const record = await build(
      smallImport({ items: itemsSelect(goodItems(20)), ratings: ratingsSelect(rows) }),
    );
    expect(await read(record, "silver_ratings", "count(rating_ts) AS timed, count(*) AS n")).toEqual([
      { timed: 0, n: 20 },
    ]);
    expect(await read(record, "silver_tags")).toEqual([]);
    expect(record).toMatchObject({ unmapped: {}, warnings: [] });
    expect(await readFile(join(folder, record.unmapped_path), "utf8")).toBe("item_id,title,link_source\r\n");
  });
});

describe("rows that are not taken", () => {
  const bad: readonly (readonly [RatingRow, string])[] = [
    [{ item: "i1", rating: "3" }, "user_id is missing"],
    [{ user: " ", item: "i1", rating: "3" }, "user_id is missing"],
    [{ user: "u", item: "", rating: "3" }, "item_id is missing"],
    [{ user: "é".repeat(65), item: "i1", rating: "3" }, "user_id is longer than 128 bytes"],
    [{ user: "u", item: "i\u0007", rating: "3" }, "item_id holds control characters"],
    [{ user: "u", item: "i1" }, "rating is missing"],
    [{ user: "u", item: "i1", rating: "good" }, "rating is not a number"],
    [{ user: "u", item: "i1", rating: "nan" }, "rating is outside 0.5..5"],
    [{ user: "u", item: "i1", rating: "5.5" }, "rating is outside 0.5..5"],
    [{ user: "u", item: "i1", rating: "0" }, "rating is outside 0.5..5"],
    [{ user: "u", item: "i1", rating: "3.3" }, "rating is not in steps of 0.5"],
    [{ user: "u", item: "i1", rating: "3", time: "yesterday" }, "timestamp is unreadable"],
    [{ user: "u", item: "i1", rating: "3", time: "-1" }, "timestamp is before 1970"],
    [
      { user: "u", item: "i1", rating: "3", time: "9999999999" },
      "timestamp is more than a day in the future",
    ],
  ];

  test("each is kept with file, line and reason, in the table and in the report", async () => {
    const record = await build(
      small(
        bad.map(([row]) => row),
        400,
      ),
    );
    const rejected = await read(record, "silver_rejected_rows", 'line, reason, filename, "table", "row"');
    expect(rejected.map(({ line, reason }) => [line, reason])).toEqual(
      bad.map(([, reason], at) => [402 + at, reason]),
    );
    expect(rejected[10]).toMatchObject({ filename: "ratings.csv", table: "silver_ratings" });
    expect(JSON.parse(String(rejected[10]!["row"]))).toMatchObject({ rating_text: "3.3" });
    const { rejected_rows: listed, rejected_rows_total: total } = await report(1);
    expect(total).toBe(bad.length);
    expect(listed.map(({ line }) => line)).toEqual(rejected.map(({ line }) => line));
    expect(record.ratings).toEqual({ read: 400 + bad.length, kept: 400, rejected: bad.length });
  });

  test("ids of 128 bytes and ratings at the ends of the scale are taken", async () => {
    const edge = [
      { user: "é".repeat(64), item: "i1", rating: "0.5" },
      { user: "auth0|x/y?z", item: "i1", rating: "5.0", time: "" },
      { user: "u", item: "i1", rating: "3", time: "0" },
    ];
    expect((await build(small(edge))).ratings.rejected).toBe(0);
  });

  test("of rows with the same user, item and time the last in the file is kept", async () => {
    const same = [
      { user: "a", item: "i1", rating: "1", time: "10" },
      { user: "a", item: "i1", rating: "2", time: "10" },
      { user: "a", item: "i1", rating: "3", time: "9" },
      { user: "b", item: "i1", rating: "4" },
      { user: "b", item: "i1", rating: "5" },
    ];
    const record = await build(small(same));
    const kept = await read(record, "silver_ratings", "user_id, rating");
    expect(kept.filter((row) => row["user_id"] === "a")).toEqual([
      { user_id: "a", rating: 2 },
      { user_id: "a", rating: 3 },
    ]);
    expect(kept.filter((row) => row["user_id"] === "b")).toEqual([{ user_id: "b", rating: 5 }]);
    expect(await read(record, "silver_rejected_rows", "line, reason")).toEqual([
      { line: 97, reason: "duplicate" },
      { line: 100, reason: "duplicate" },
    ]);
    expect(record.ratings).toEqual({ read: 100, kept: 98, rejected: 2 });
  });

  test("rows that could not be split count as received and as failing", async () => {
    const rejected = [{ filename: "ratings.csv", line: 7, reason: "expected 4 fields, got 2" }];
    const staging = { items: itemsSelect(goodItems(94)), ratings: ratingsSelect(goodRatings(94)) };
    const refused = build(smallImport(staging, { rejected, rejectedCounts: { ratings: 6 } }));
    await expect(refused).rejects.toThrow(
      /validity failed for 6 of 100 received rows.*line 7: expected 4 fields/,
    );
    const record = await build(smallImport(staging, { rejected, rejectedCounts: { ratings: 4 } }));
    expect(record.ratings).toEqual({ read: 98, kept: 94, rejected: 4 });
    expect((await report(2)).rejected_rows).toEqual(rejected);
  });
});

describe("the gate", () => {
  const wrong = { user: "u", item: "i1", rating: "7" };

  test("4 and 5 percent of failing rows pass", async () => {
    for (const count of [4, 5]) {
      const record = await build(small(repeat(count, wrong)));
      expect(record.ratings.rejected).toBe(count);
    }
  });

  test("6 percent are refused, with the reasons, and the build before stays as it was", async () => {
    const before = await build(small([]));
    const files = async () =>
      (await readdir(folder, { recursive: true })).filter((name) => !name.startsWith("reports"));
    const filesBefore = await files();
    await expect(build(small(repeat(6, wrong)))).rejects.toMatchObject({
      code: "QUALITY_GATE",
      message: expect.stringMatching(
        /silver_ratings: check validity failed for 6 of 100 received rows \(6\.0 %.*rating is outside 0\.5\.\.5: 6.*ratings\.csv line 96/,
      ),
    });
    expect(await files()).toEqual(filesBefore);
    expect(await latestBuild(folder)).toEqual(before);
    expect(await read(before, "silver_ratings")).toHaveLength(100);
    expect(await report(2)).toMatchObject({ number: 2, accepted: false, rejected_rows_total: 6 });
    expect((await build(small([]))).number).toBe(3);
  });

  test("6 percent of missing ids and of duplicates are refused, each by its check", async () => {
    await expect(build(small(repeat(6, { item: "i1", rating: "3" })))).rejects.toThrow(/check completeness/);
    await expect(build(small(repeat(7, { user: "u", item: "i1", rating: "3" })))).rejects.toThrow(
      /check uniqueness failed for 6 of 100/,
    );
  });

  test("a catalogue with bad rows is refused", async () => {
    const items = itemsSelect([...goodItems(100), { title: "no id" }, { item: "x" }]);
    await expect(build(smallImport({ items, ratings: ratingsSelect(goodRatings(100)) }))).rejects.toThrow(
      /silver_items: check completeness failed for 2 of 12/,
    );
  });

  test("tags are rejected but never stop a build", async () => {
    const tags = `SELECT 'tags.csv' AS source_file, i AS line, 'u1' AS user_id, 'i1' AS item_id, CASE WHEN i > 1 THEN 'good' END AS tag, NULL AS tag_ts FROM range(3) AS r (i)`;
    const { staging } = small([]);
    const record = await build(smallImport({ ...staging, tags }));
    expect(await read(record, "silver_tags", "tag")).toEqual([{ tag: "good" }]);
    expect(await read(record, "silver_rejected_rows", "reason")).toEqual([
      { reason: "tag is missing" },
      { reason: "tag is missing" },
    ]);
  });

  test("a tag whose time cannot be read is rejected with the reason, and a share above 5 % is a warning in the record", async () => {
    const tags = `SELECT 'tags.csv' AS source_file, i AS line, 'u1' AS user_id, 'i1' AS item_id, 'good' AS tag,
      to_timestamp(TRY_CAST(seconds AS DOUBLE)) AS tag_ts, seconds AS tag_ts_text
      FROM (VALUES (2, '10'), (3, 'soon'), (4, NULL), (5, '-1'), (6, '9999999999')) AS v (i, seconds)`;
    const record = await build(smallImport({ ...small([]).staging, tags }));
    expect(await read(record, "silver_tags", "tag_ts")).toEqual([
      { tag_ts: "1970-01-01T00:00:10.000Z" },
      { tag_ts: null },
    ]);
    expect(await read(record, "silver_rejected_rows", "line, reason")).toEqual([
      { line: 3, reason: "timestamp is unreadable" },
      { line: 5, reason: "timestamp is before 1970" },
      { line: 6, reason: "timestamp is more than a day in the future" },
    ]);
    expect(record.warnings).toEqual([
      expect.stringMatching(/^silver_tags: check validity failed for 3 of 5 received rows \(60\.0 %/),
    ]);
  });

  test("a source without ratings or without items is refused", async () => {
    const { staging } = small([]);
    for (const input of ["ratings", "items"] as const) {
      const empty = { ...staging, [input]: `SELECT * FROM (${staging[input]}) WHERE false` };
      await expect(build(smallImport(empty))).rejects.toThrow(/check volume failed: the source has no rows/);
    }
  });

  test("less than half of the previous rows is refused, half is taken", async () => {
    const of = (count: number) =>
      smallImport({ items: itemsSelect(goodItems(100)), ratings: ratingsSelect(goodRatings(count)) });
    await build(of(100));
    await expect(build(of(49))).rejects.toThrow(/49 rows, less than half of the previous 100/);
    expect((await build(of(50))).ratings.kept).toBe(50);
  });

  test("no import, and more than one, are errors", async () => {
    await expect(buildLake({ lake, engine, imports: [] })).rejects.toMatchObject({ code: "DATA_EMPTY" });
    await expect(buildLake({ lake, engine, imports: [small([]), small([])] })).rejects.toMatchObject({
      code: "PARAMETER_INVALID",
    });
  });
});

describe("a build that stops on its way", () => {
  const moments = [
    "checking silver_ratings",
    "writing silver_ratings",
    "silver_items version 1",
    "silver_rejected_rows version 1",
    "writing gold_user_stats",
    "gold_item_stats version 1",
  ];
  test.each(moments)(
    "at '%s' leaves the build before as it was, and can be started again",
    async (moment) => {
      const before = await build(small([]));
      const stopped = build(small([], 60), ({ text }) => {
        if (text === moment) throw new Error("stopped");
      });
      await expect(stopped).rejects.toThrow("stopped");
      expect(await latestBuild(folder)).toEqual(before);
      expect(await read(before, "silver_ratings")).toHaveLength(100);
      for (const table of await lake.tables()) await lake.relation(table);
      const again = await build(small([], 60));
      expect(await read(again, "silver_ratings")).toHaveLength(60);
      expect(await read(again, "gold_user_stats")).toHaveLength(10);
    },
  );
});

describe("what refers to the catalogue", () => {
  test("an item known only from a rating gets a placeholder, counted as a warning", async () => {
    const record = await build(small([{ user: "u", item: "unheard", rating: "4" }]));
    expect(record.placeholders).toBe(1);
    expect(record.warnings).toEqual([
      "silver_ratings: 1 of 100 rows name items that the catalogue does not have",
    ]);
    const placeholder = (await read(record, "silver_items", "item_id, title, is_placeholder, genres")).at(-1);
    expect(placeholder).toEqual({ item_id: "unheard", title: "unheard", is_placeholder: true, genres: [] });
    const { tables: checked } = await report(1);
    const ratings = checked.find(({ table }) => table === "silver_ratings");
    expect(ratings?.checks.find(({ name }) => name === "consistency")).toMatchObject({
      level: "warning",
      failed_rows: 1,
      total_rows: 100,
    });
  });

  test("a catalogue of other items than the ratings is taken, but not in silence", async () => {
    const items = itemsSelect([{ item: "other", title: "Other" }]);
    const record = await build(smallImport({ items, ratings: ratingsSelect(goodRatings(1200)) }));
    expect(record.placeholders).toBe(120);
    expect(record.warnings).toEqual([
      "silver_ratings: 1,200 of 1,200 rows name items that the catalogue does not have",
    ]);
    expect((await latestBuild(folder))?.warnings).toEqual(record.warnings);
  });

  test("links are kept verbatim; items without one are counted and listed", async () => {
    const links = `SELECT 'links.csv' AS source_file, line, item_id, source, source_id FROM (VALUES
      (2, 'i1', 'imdb', '0114709'), (2, 'i1', 'tmdb', '862'), (3, 'i2', 'imdb', '0113497'), (3, 'i2', 'tmdb', NULL),
      (4, 'i3', 'tmdb', '862'), (5, 'ghost', 'tmdb', '9')) AS v (line, item_id, source, source_id)`;
    const { staging } = small([], 30);
    const items = itemsSelect([...goodItems(30).slice(0, 2), { item: "i3", title: 'The "Third", a film' }]);
    const record = await build(smallImport({ ...staging, items, links }));
    // i1 lost its id of tmdb to i3, which stands further down with the same one
    expect(record.unmapped).toEqual({ imdb: 1, tmdb: 2 });
    expect(await read(record, "silver_item_links")).toEqual([
      { item_id: "i1", source: "imdb", source_id: "0114709" },
      { item_id: "i2", source: "imdb", source_id: "0113497" },
      { item_id: "i3", source: "tmdb", source_id: "862" },
    ]);
    expect(record.unmapped_path).toBe("reports/00000001-unmapped.csv");
    expect(await readFile(join(folder, record.unmapped_path), "utf8")).toBe(
      'item_id,title,link_source\r\ni3,"The ""Third"", a film",imdb\r\ni1,Film 1,tmdb\r\ni2,Film 2,tmdb\r\n',
    );
    expect(await read(record, "silver_rejected_rows", "reason, line")).toEqual([
      { reason: "duplicate", line: 2 },
      { reason: "item is not in the catalogue", line: 5 },
    ]);
  });

  test("users come from the source and from ratings", async () => {
    const users = `SELECT 'users.csv' AS source_file, 2 AS line, 'quiet' AS user_id, MAP {'age': '30'} AS features`;
    const { staging } = small([], 10);
    const record = await build(smallImport({ ...staging, users }));
    expect(record.users).toBe(11);
    expect((await read(record, "silver_users", "user_id, features"))[0]).toEqual({
      user_id: "quiet",
      features: { age: "30" },
    });
  });
});

describe("gold", () => {
  test("counts of each user and item the latest rating once", async () => {
    const rows = [
      { user: "a", item: "i1", rating: "1", time: "10" },
      { user: "a", item: "i1", rating: "5", time: "20" },
      { user: "b", item: "i1", rating: "3" },
      { user: "b", item: "i2", rating: "4.5", time: "30" },
    ];
    const items = itemsSelect([
      { item: "i1", title: "One", genres: ["Drama", "Comedy"] },
      { item: "i2", title: "Two", genres: ["Drama"] },
      { item: "i3", title: "Three" },
    ]);
    const record = await build(smallImport({ items, ratings: ratingsSelect(rows) }));
    expect(await read(record, "gold_item_stats", "item_id, rating_count, rating_mean, liked_count")).toEqual([
      { item_id: "i1", rating_count: 2, rating_mean: 4, liked_count: 1 },
      { item_id: "i2", rating_count: 1, rating_mean: 4.5, liked_count: 1 },
      { item_id: "i3", rating_count: 0, rating_mean: null, liked_count: 0 },
    ]);
    expect(await read(record, "gold_user_stats", "user_id, rating_count, last_rating_ts")).toEqual([
      { user_id: "a", rating_count: 1, last_rating_ts: "1970-01-01T00:00:20.000Z" },
      { user_id: "b", rating_count: 2, last_rating_ts: "1970-01-01T00:00:30.000Z" },
    ]);
    const catalog = await read(record, "gold_catalog_stats", "statistic, bucket, item_count, rating_count");
    expect(catalog).toEqual([
      { statistic: "genres", bucket: "Comedy", item_count: 1, rating_count: 2 },
      { statistic: "genres", bucket: "Drama", item_count: 2, rating_count: 3 },
      { statistic: "overview", bucket: "all", item_count: 3, rating_count: 3 },
      { statistic: "ratings", bucket: "3.0", item_count: 1, rating_count: 1 },
      { statistic: "ratings", bucket: "4.5", item_count: 1, rating_count: 1 },
      { statistic: "ratings", bucket: "5.0", item_count: 1, rating_count: 1 },
      { statistic: "releases", bucket: "1995", item_count: 3, rating_count: 3 },
    ]);
  });
});

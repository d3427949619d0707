import { appendFile, mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { logFile } from "../../src/lake/delta-log.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { eachFreshLake } from "./fresh-lake.ts";

let engine: Engine;
let folder: string;
let lake: Lake;
eachFreshLake((fresh) => {
  ({ engine, folder, lake } = fresh);
}, "usher [lake] x=y ");

const write = async (table: string, select: string, options?: Parameters<Lake["stage"]>[2]) =>
  lake.commit(await lake.stage(table, select, options));
const read = async (table: string, version?: number) =>
  engine.rows(`SELECT * FROM ${await lake.relation(table, version)} ORDER BY ALL`);
const parquetIn = async (table: string) =>
  (await readdir(lake.folderOf(table), { recursive: true })).filter((name) => name.endsWith(".parquet"));
const longAgo = new Date(Date.now() - 60_000);

describe("versions", () => {
  test("a staged version is seen by nobody until it is committed", async () => {
    const staged = await lake.stage("silver_a", "SELECT 1 AS x");
    expect(await lake.latest("silver_a")).toBeUndefined();
    expect(await lake.tables()).toEqual([]);
    await expect(lake.relation("silver_a")).rejects.toMatchObject({ code: "TABLE_MISSING" });
    expect(await lake.commit(staged)).toBe(0);
    expect(await lake.tables()).toEqual(["silver_a"]);
    expect(await read("silver_a")).toEqual([{ x: 1 }]);
  });

  test("an overwrite replaces the rows and leaves the older version readable", async () => {
    await write("silver_a", "SELECT 1 AS x UNION ALL SELECT 2");
    expect(await write("silver_a", "SELECT 3 AS x")).toBe(1);
    expect(await read("silver_a")).toEqual([{ x: 3 }]);
    expect(await read("silver_a", 0)).toEqual([{ x: 1 }, { x: 2 }]);
    expect(await lake.rowCount("silver_a", 0)).toBe(2);
    expect(await lake.rowCount("silver_a")).toBe(1);
    await expect(lake.relation("silver_a", 2)).rejects.toMatchObject({ code: "TABLE_MISSING" });
  });

  test("an append adds rows, and refuses other columns", async () => {
    await write("silver_a", "SELECT 1 AS x");
    await write("silver_a", "SELECT 2 AS x", { mode: "append" });
    expect(await read("silver_a")).toEqual([{ x: 1 }, { x: 2 }]);
    await expect(write("silver_a", "SELECT 'a' AS y", { mode: "append" })).rejects.toThrow(
      /expected the columns/,
    );
  });

  test("an overwrite with other columns writes their schema", async () => {
    await write("silver_a", "SELECT 1 AS x");
    await write("silver_a", "SELECT 'a' AS y");
    expect(await read("silver_a")).toEqual([{ y: "a" }]);
    expect(await read("silver_a", 0)).toEqual([{ x: 1 }]);
    const entry = await readFile(logFile(lake.folderOf("silver_a"), 1), "utf8");
    const kinds = entry
      .trimEnd()
      .split("\n")
      .map((line) => Object.keys(JSON.parse(line))[0]);
    expect(kinds).toEqual(["commitInfo", "metaData", "remove", "add"]);
  });

  test("a table without rows keeps its columns, partitioned too", async () => {
    await write("silver_a", "SELECT 1 AS x, 'p' AS p WHERE false");
    await write("silver_b", "SELECT 1 AS x, 'p' AS p WHERE false", { partitionBy: ["p"] });
    for (const table of ["silver_a", "silver_b"]) {
      expect(await read(table)).toEqual([]);
      const described = await engine.rows(`DESCRIBE SELECT * FROM ${await lake.relation(table)}`);
      expect(described.map((row) => row["column_type"])).toEqual(["INTEGER", "VARCHAR"]);
    }
  });

  test("the log is replayed in order: a path removed and added again is live", async () => {
    await write("silver_a", "SELECT 1 AS x");
    await write("silver_a", "SELECT 2 AS x");
    const first = JSON.parse(
      (await readFile(logFile(lake.folderOf("silver_a"), 0), "utf8")).trimEnd().split("\n").at(-1)!,
    );
    await writeFile(logFile(lake.folderOf("silver_a"), 2), `${JSON.stringify(first)}\n`);
    expect(await read("silver_a")).toEqual([{ x: 1 }, { x: 2 }]);
  });

  test("of many writers at once each version number is taken by one, and the others are told", async () => {
    const rival = openLake(folder, engine);
    const staged = await Promise.all(
      Array.from({ length: 8 }, (_, at) => (at % 2 ? lake : rival).stage("silver_a", `SELECT ${at} AS x`)),
    );
    const outcomes = await Promise.allSettled(
      staged.map((version, at) => (at % 2 ? lake : rival).commit(version)),
    );
    const won = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const lost = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
    expect(new Set(won).size).toBe(won.length);
    expect(lost.length).toBeGreaterThan(0);
    expect(new Set(lost)).toEqual(new Set(["TABLE_CONFLICT"]));
    expect(await read("silver_a")).toHaveLength(1);
  });
});

describe("types", () => {
  test("every type comes back as it was, times as instants", async () => {
    const select = `SELECT true AS b, 1::INTEGER AS i, 9007199254740993::BIGINT AS l, 0.5::DOUBLE AS d, 0.25::FLOAT AS f,
      'é''"' AS v, DATE '1999-12-31' AS day, TIMESTAMPTZ '2020-01-02 03:04:05.678+01' AS t, TIMESTAMP '2020-01-02 03:04:05' AS z,
      ['a', NULL] AS list, [{"name": 'n', "the role": 'r'}] AS people, MAP {'k': 1.5::DOUBLE} AS m, NULL::VARCHAR AS nothing`;
    await write("silver_types", select);
    expect(await read("silver_types")).toEqual([
      {
        b: true,
        i: 1,
        l: 9007199254740993n,
        d: 0.5,
        f: 0.25,
        v: "é'\"",
        day: "1999-12-31",
        t: "2020-01-02T02:04:05.678Z",
        z: "2020-01-02T03:04:05.000Z",
        list: ["a", null],
        people: [{ name: "n", "the role": "r" }],
        m: { k: 1.5 },
        nothing: null,
      },
    ]);
    const described = await engine.rows(`DESCRIBE SELECT * FROM ${await lake.relation("silver_types")}`);
    expect(
      Object.fromEntries(described.map((row) => [row["column_name"], row["column_type"]])),
    ).toMatchObject({
      z: "TIMESTAMP WITH TIME ZONE",
      people: 'STRUCT("name" VARCHAR, "the role" VARCHAR)[]',
      m: "MAP(VARCHAR, DOUBLE)",
    });
  });

  test("a type that Delta readers do not share is refused before anything is written", async () => {
    await expect(lake.stage("silver_a", "SELECT sum(1) AS x")).rejects.toThrow(
      /got HUGEINT: cast the column/,
    );
    expect(await parquetIn("silver_a")).toEqual([]);
  });

  test("partition values with slashes, percents, letters and NULL come back", async () => {
    const rows = "SELECT * FROM (VALUES (1, 'x/y %é=', DATE '2020-01-02'), (2, NULL, NULL)) AS v (a, p, day)";
    await write("silver_p", rows, { partitionBy: ["p", "day"] });
    expect(await read("silver_p")).toEqual([
      { a: 1, p: "x/y %é=", day: "2020-01-02" },
      { a: 2, p: null, day: null },
    ]);
    const entry = await readFile(logFile(lake.folderOf("silver_p"), 0), "utf8");
    expect(entry).toContain("p=x%252Fy%2520%2525%25C3%25A9%253D/day=2020-01-02/part-");
    expect(entry).toContain('"partitionValues":{"p":null,"day":null}');
  });
});

describe("after a failure", () => {
  test("a file that was written but not committed is ignored, and removed by the next stage", async () => {
    await write("silver_a", "SELECT 1 AS x");
    const stray = join(lake.folderOf("silver_a"), "part-killed.parquet");
    const unfinished = join(lake.folderOf("silver_a"), "_delta_log", ".killed.tmp");
    await writeFile(stray, "half a file");
    await writeFile(unfinished, "{");
    await utimes(stray, longAgo, longAgo);
    await utimes(unfinished, longAgo, longAgo);
    expect(await read("silver_a")).toEqual([{ x: 1 }]);
    const mine = await lake.stage("silver_a", "SELECT 2 AS x");
    expect(await parquetIn("silver_a")).toHaveLength(2);
    expect(await readdir(join(lake.folderOf("silver_a"), "_delta_log"))).toEqual([
      "00000000000000000000.json",
    ]);
    await lake.commit(mine);
    expect(await read("silver_a", 0)).toEqual([{ x: 1 }]);
  });

  test("what this lake itself has staged is never taken for a leftover", async () => {
    const first = await lake.stage("silver_a", "SELECT 1 AS x");
    const file = join(lake.folderOf("silver_a"), first.files[0]!.path);
    await utimes(file, longAgo, longAgo);
    const second = await lake.stage("silver_a", "SELECT 2 AS x");
    await lake.commit(first);
    await lake.commit(second);
    expect(await read("silver_a", 0)).toEqual([{ x: 1 }]);
  });

  test("a discarded version leaves no file", async () => {
    await lake.discard(await lake.stage("silver_a", "SELECT 1 AS x"));
    expect(await parquetIn("silver_a")).toEqual([]);
  });

  test("files that a version names are not discarded", async () => {
    const staged = await lake.stage("silver_a", "SELECT 1 AS x");
    await lake.commit(staged);
    await lake.discard(staged);
    expect(await read("silver_a")).toEqual([{ x: 1 }]);
  });

  test("a SELECT that fails on its way leaves no file", async () => {
    const failing =
      "SELECT CASE WHEN i < 300000 THEN i ELSE error('broke') END AS x FROM range(400000) AS r (i)";
    await expect(lake.stage("silver_a", failing)).rejects.toThrow(/broke/);
    expect(await parquetIn("silver_a")).toEqual([]);
  });

  test("a log entry that is cut off, empty, missing or too new is named", async () => {
    for (const at of [0, 1, 2]) await write("silver_a", `SELECT ${at} AS x`);
    const entry = logFile(lake.folderOf("silver_a"), 1);
    const whole = await readFile(entry);
    for (const length of [0, 10, whole.length - 3]) {
      await writeFile(entry, whole);
      await truncate(entry, length);
      await expect(lake.relation("silver_a")).rejects.toMatchObject({
        code: "TABLE_DAMAGED",
        details: { file: entry },
      });
    }
    expect(await lake.relation("silver_a", 0)).toContain("read_parquet");
    await rm(entry);
    await expect(lake.relation("silver_a")).rejects.toThrow(entry);
    await writeFile(entry, whole);
    await appendFile(entry, '{"protocol":{"minReaderVersion":3,"minWriterVersion":7}}\n');
    await expect(lake.relation("silver_a")).rejects.toThrow(/reader version 3/);
  });

  test("a data file that is cut off or missing is named", async () => {
    await write("silver_a", "SELECT 1 AS x");
    const path = join(lake.folderOf("silver_a"), (await parquetIn("silver_a"))[0]!);
    await truncate(path, 20);
    await expect(lake.relation("silver_a")).rejects.toMatchObject({ code: "TABLE_DAMAGED" });
    await rm(path);
    await expect(lake.relation("silver_a")).rejects.toThrow(path);
  });

  test("a folder where a file stands is no silent success", async () => {
    await mkdir(join(folder, "silver"), { recursive: true });
    await writeFile(join(folder, "silver", "silver_a"), "a file");
    await expect(lake.stage("silver_a", "SELECT 1 AS x")).rejects.toThrow();
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openDuckdb({ threads: 2, memoryLimit: "1GB" });
});
afterAll(() => engine.close());

describe("rows", () => {
  test("values are plain JavaScript", async () => {
    const [row] = await engine.rows(
      `SELECT 12::BIGINT AS n, 2::HUGEINT * 10000000000000000000 AS huge, 1.25::DECIMAL(9, 2) AS price, DATE '0099-01-02' AS day,
        TIMESTAMPTZ '2020-01-02 03:04:05.678+01' AS instant, TIMESTAMP '1969-12-31 23:59:59' AS zoneless, true AS yes,
        ['a', NULL] AS list, {x: {y: 1.5::FLOAT}} AS struct, MAP {1: 'one'} AS map, NULL AS nothing, 'infinity'::TIMESTAMPTZ AS never`,
    );
    expect(row).toEqual({
      n: 12,
      huge: 20000000000000000000n,
      price: 1.25,
      day: "0099-01-02",
      instant: "2020-01-02T02:04:05.678Z",
      zoneless: "1969-12-31T23:59:59.000Z",
      yes: true,
      list: ["a", null],
      struct: { x: { y: 1.5 } },
      map: { 1: "one" },
      nothing: null,
      never: "infinity",
    });
  });

  test("parameters are values, never text of the statement", async () => {
    const text = "'; DROP TABLE x; --";
    expect(
      await engine.rows("SELECT $text AS text, $n + 1 AS n, $none AS none", { text, n: 1.5, none: null }),
    ).toEqual([{ text, n: 2.5, none: null }]);
  });

  test("more rows than a chunk come in order", async () => {
    const rows = await engine.rows("SELECT i FROM range(5000) AS r (i)");
    expect(rows.map((row) => row["i"])).toEqual(Array.from({ length: 5000 }, (_, at) => at));
  });
});

describe("columns", () => {
  test("numbers come as typed arrays in order, with NaN for NULL", async () => {
    const columns = await engine.columns(
      `SELECT i::INTEGER AS i, i / 2 AS half, (i / 4)::FLOAT AS quarter, 'u' || i AS text, CASE WHEN i % 1000 > 0 THEN i::DOUBLE END AS gaps
       FROM range(100000) AS r (i)`,
    );
    expect(columns["i"]).toBeInstanceOf(Int32Array);
    expect(columns["half"]).toBeInstanceOf(Float64Array);
    expect(columns["quarter"]).toBeInstanceOf(Float32Array);
    for (const name of ["i", "half", "quarter", "text", "gaps"]) expect(columns[name]).toHaveLength(100_000);
    for (const at of [0, 1, 2047, 2048, 99_999]) {
      expect([
        columns["i"]![at],
        columns["half"]![at],
        columns["quarter"]![at],
        columns["text"]![at],
      ]).toEqual([at, at / 2, at / 4, `u${at}`]);
    }
    const gaps = (columns["gaps"] as Float64Array).reduce(
      (count, value) => count + (Number.isNaN(value) ? 1 : 0),
      0,
    );
    expect(gaps).toBe(100);
    expect(columns["gaps"]![5001]).toBe(5001);
  });

  test("no rows give empty arrays of the right kind", async () => {
    expect(await engine.columns("SELECT 1::INTEGER AS i, 'a' AS t WHERE false")).toEqual({
      i: new Int32Array(0),
      t: [],
    });
  });

  test("a type that would be misread, and a NULL that cannot be carried, are errors", async () => {
    await expect(engine.columns("SELECT 1::BIGINT AS b")).rejects.toThrow(/for "b", got BIGINT; cast it/);
    await expect(engine.columns("SELECT NULL::INTEGER AS i")).rejects.toThrow(/"i" holds NULL/);
    await expect(engine.columns("SELECT NULL::VARCHAR AS t")).rejects.toThrow(/"t" holds NULL/);
  });
});

describe("the connection", () => {
  test("calls made at once run in their order, and a failing one stops no other", async () => {
    const outcomes = await Promise.allSettled([
      engine.run("CREATE TEMP TABLE t AS SELECT 1 AS a; INSERT INTO t VALUES (2)"),
      engine.rows("SELECT nothing FROM t"),
      engine.columns("SELECT i::INTEGER AS i FROM range(100000) AS r (i)"),
      engine.rows("SELECT sum(a)::INTEGER AS s FROM t"),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(outcomes[3]).toMatchObject({ value: [{ s: 3 }] });
    await engine.run("DROP TABLE t");
  });

  test("an error has a code: a damaged Parquet file, and what DuckDB refuses", async () => {
    const folder = await mkdtemp(join(tmpdir(), "usher-engine-"));
    const file = join(folder, "half.parquet");
    await writeFile(file, "PAR1 this is only the beginning");
    await expect(engine.rows(`SELECT * FROM read_parquet('${file}')`)).rejects.toMatchObject({
      code: "TABLE_DAMAGED",
    });
    await rm(file);
    await expect(engine.rows(`SELECT * FROM read_parquet('${file}')`)).rejects.toMatchObject({
      code: "TABLE_DAMAGED",
    });
    await expect(engine.rows("SELECT broken")).rejects.toMatchObject({ code: "INTERNAL" });
    await rm(folder, { recursive: true });
  });

  test("a closed engine says so, and may be closed twice", async () => {
    const other = await openDuckdb();
    await other.close();
    await other.close();
    await expect(other.rows("SELECT 1")).rejects.toThrow(/closed/);
  });

  test("nothing is fetched: an extension that is not built in is an error", async () => {
    expect(await engine.rows("SELECT current_setting('autoinstall_known_extensions') AS s")).toEqual([
      { s: false },
    ]);
  });
});

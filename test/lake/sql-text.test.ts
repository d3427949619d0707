import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { sqlList, sqlName, sqlPath, sqlText } from "../../src/lake/sql-text.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openDuckdb({ threads: 1 });
});
afterAll(() => engine.close());

test("any text comes back from a statement as it went in", async () => {
  const anyText = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("'", "''", "\\'", "a\0b", "\0", "$1", "-- x", "';", "\u{1F3AC}", ""),
  );
  await fc.assert(
    fc.asyncProperty(anyText, anyText, async (left, right) => {
      const [row] = await engine.rows(`SELECT ${sqlText(left)} AS a, ${sqlList([left, right])} AS b`);
      expect(row).toEqual({ a: left, b: [left, right] });
    }),
    { numRuns: 200 },
  );
});

test("any name is one column", async () => {
  for (const name of ["row", "table", 'a"b', "a b", "é", "1"]) {
    expect(await engine.rows(`SELECT ${sqlName(name)} FROM (SELECT 7 AS ${sqlName(name)})`)).toEqual([
      { [name]: 7 },
    ]);
  }
});

test("a path that looks like a pattern is that path, not what the pattern fits", async () => {
  const folder = await mkdtemp(join(tmpdir(), "usher-paths-"));
  // Windows has no names with these signs
  const names = ["h1", "h[1]", ...(process.platform === "win32" ? [] : ["k*", "kk", "q?", "qq"])];
  for (const name of names) {
    await mkdir(join(folder, name));
    await engine.run(`COPY (SELECT ${sqlText(name)} AS home) TO ${sqlText(join(folder, name, "a.parquet"))}`);
  }
  for (const name of names) {
    const path = sqlPath(join(folder, name, "a.parquet"));
    expect(await engine.rows(`SELECT * FROM read_parquet([${path}])`)).toEqual([{ home: name }]);
  }
  await rm(folder, { recursive: true });
});

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import { buildLake } from "../../src/lake/build.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { goodItems, goodRatings, itemsSelect, ratingsSelect, smallImport } from "./small-import.ts";

test("rows that could not be split are kept with file, line and reason, beyond those that a report lists", async () => {
  const engine = await openDuckdb({ threads: 1 });
  const lake = openLake(await mkdtemp(join(tmpdir(), "usher-unsplit-")), engine);
  const rejectedRows = `SELECT 'ratings.csv' AS filename, i + 2 AS line, 'expected 4 values, found 2' AS reason,
    concat('"it''s",', i) AS "row" FROM range(1200) AS r (i)`;
  const staging = { items: itemsSelect(goodItems(30_000)), ratings: ratingsSelect(goodRatings(30_000)) };
  const imported = { ...smallImport(staging), rejectedRows, rejectedCounts: { ratings: 1200 } };
  const record = await buildLake({ lake, engine, imports: [imported] });
  expect(record.ratings).toMatchObject({ read: 31_200, kept: 30_000, rejected: 1200 });
  const relation = await lake.relation("silver_rejected_rows");
  const [row] = await engine.rows(
    `SELECT count(*) AS n, max(line) AS line, any_value("row") AS "row", count("table") AS named FROM ${relation}`,
  );
  expect(Number(row?.["n"])).toBe(1200);
  expect(Number(row?.["line"])).toBe(1201);
  expect(row?.["named"]).toBe(0);
  expect(row?.["row"]).toContain("it's");
  await engine.close();
});

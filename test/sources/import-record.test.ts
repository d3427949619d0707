import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildLake } from "../../src/lake/build.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { importSource } from "../../src/sources/import.ts";
import { latestImport, readableImport, writeImportRecord } from "../../src/sources/import-record.ts";
import type { SourceSpec } from "../../src/sources/source.ts";
import { type ImportBench, importBench, smallCsv } from "./import-bench.ts";

let bench: ImportBench;
let folder: string;
beforeEach(async () => {
  bench = await importBench();
  folder = await mkdtemp(join(tmpdir(), "usher-record-"));
});
afterEach(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

async function importInto(lakeFolder: string, files: Readonly<Record<string, string>>) {
  const lake = openLake(lakeFolder, bench.engine);
  const spec: SourceSpec = { source: "movielens", location: await bench.files({ ...smallCsv, ...files }) };
  const done = await importSource({ spec, lake, engine: bench.engine });
  await writeImportRecord(lake.folder, { spec, done });
  return done;
}
/** The newest import of a lake, as a build reads it. */
async function newestIn(lakeFolder: string) {
  const found = await latestImport(lakeFolder);
  if (!found) throw new Error(`expected an import in ${lakeFolder}`);
  const { fingerprint } = found;
  return { fingerprint, imported: await readableImport(openLake(lakeFolder, bench.engine), found) };
}
const ratingRows = Array.from({ length: 100 }, (_, at) => `${at},10,4.0,964982703\n`).join("");
const ratings = `userId,movieId,rating,timestamp\n${ratingRows}`;

test.each(["it's", "a [b] *c?", "{lake}"])(
  "a home that lay in a folder called %j can be moved and built from",
  async (name) => {
    // the words of a rejected row look like the path and like what once stood for it
    const done = await importInto(join(folder, name, "lake"), {
      "ratings.csv": `${ratings}{lake} ${folder}\n`,
    });
    const moved = join(folder, "moved 'there' [now]");
    await rename(join(folder, name), moved);
    const newest = await newestIn(join(moved, "lake"));
    expect(newest.fingerprint).toBe(done.fingerprint);
    expect(newest.imported.manifestPath.startsWith(join(moved, "lake"))).toBe(true);
    const lake = openLake(join(moved, "lake"), bench.engine);
    const record = await buildLake({
      lake,
      engine: bench.engine,
      imports: [newest.imported],
    });
    expect(record.ratings).toEqual({ read: 101, kept: 100, rejected: 1 });
    const rejected = await bench.engine.rows(
      `SELECT "row" FROM ${await lake.relation("silver_rejected_rows")}`,
    );
    expect(rejected).toEqual([{ row: `{lake} ${folder}` }]);
    expect(newest.imported.rejected[0]?.row).toBe(`{lake} ${folder}`);
  },
);

test("a lake that is named by a relative path is remembered like any other", async () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    await importInto(join("home", "lake"), { "ratings.csv": ratings });
  } finally {
    process.chdir(before);
  }
  const newest = await newestIn(join(folder, "home", "lake"));
  expect(await bench.engine.rows(String(newest.imported.staging.ratings))).toHaveLength(100);
});

test("the newest import is found, each reads its own rows, and no path of the home is in the record", async () => {
  const lakeFolder = join(folder, "lake");
  expect(await latestImport(lakeFolder)).toBeUndefined();
  await importInto(lakeFolder, { "ratings.csv": ratings });
  const second = await importInto(lakeFolder, {});
  const newest = await newestIn(lakeFolder);
  expect(newest.imported).toMatchObject({ source: "movielens", ingestionTs: second.ingestionTs });
  expect(await bench.engine.rows(String(newest.imported.staging.ratings))).toHaveLength(2);
  const text = await readFile(join(dirname(second.manifestPath), "import.json"), "utf8");
  expect(text).not.toContain(lakeFolder);
});

test("a record that is cut off is told, with the file", async () => {
  const done = await importInto(join(folder, "lake"), {});
  await writeFile(join(dirname(done.manifestPath), "import.json"), '{"spec":');
  await expect(latestImport(join(folder, "lake"))).rejects.toMatchObject({
    code: "TABLE_DAMAGED",
    message: expect.stringContaining("import.json"),
  });
});

import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { validateFolder, validateOriginals } from "../../src/sources/validate-folder.ts";
import { type ImportBench, importBench, smallCsv } from "./import-bench.ts";

let bench: ImportBench;
let folder: string;
beforeEach(async () => {
  bench = await importBench();
  const files = {
    ...smallCsv,
    "movies.csv": 'movieId,title,genres\n10,"Two\nLines (1999)",Drama\n11,"broken\n12,A,B\n',
  };
  folder = dirname((await bench.import(await bench.files(files))).manifestPath);
});
afterEach(() => bench.close());

const problems = async () => (await validateFolder(folder)).problems;
const change = async (alter: (manifest: Record<string, unknown>) => void) => {
  const path = join(folder, "_manifest.json");
  const manifest = JSON.parse(await readFile(path, "utf8"));
  alter(manifest);
  await writeFile(path, JSON.stringify(manifest));
};

test("sound originals have no problems, quotes and rejected rows or not", async () => {
  expect(await validateOriginals(bench.lake.folder)).toEqual([{ folder, files: 2, problems: [] }]);
});

test("originals of the other layouts are counted right too", async () => {
  const files = { "ratings.dat": "1::10::5\nbroken\n\n", "movies.dat": "10::A (1995)::Drama\n" };
  await bench.import(await bench.files(files));
  const reports = await validateOriginals(bench.lake.folder);
  expect(reports.map((report) => report.problems)).toEqual([[], []]);
});

test("a manifest that is gone from an import which the home can build from", async () => {
  await rm(join(folder, "_manifest.json"));
  expect(await validateOriginals(bench.lake.folder)).toEqual([]); // what a killed import leaves
  await writeFile(join(folder, "import.json"), "{}");
  expect(await validateOriginals(bench.lake.folder)).toEqual([
    { folder, files: 0, problems: [expect.stringContaining("_manifest.json: expected a manifest")] },
  ]);
  await bench.import(await bench.files(smallCsv)); // clears away killed imports
  expect(await readdir(folder)).toContain("ratings.csv");
});

test("a changed byte", async () => {
  const path = join(folder, "ratings.csv");
  await writeFile(path, (await readFile(path, "utf8")).replace("0.5", "1.5"));
  expect(await problems()).toEqual([
    expect.stringMatching(/^ratings.csv: expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}$/),
    expect.stringMatching(/^ratings.csv: expected MD5 [0-9a-f]{32}, got [0-9a-f]{32}$/),
  ]);
});

test("an added row", async () => {
  await appendFile(join(folder, "ratings.csv"), "3,10,4.0,1\n");
  expect(await problems()).toEqual([
    "ratings.csv: expected size in bytes 70, got 81",
    expect.stringContaining("SHA-256"),
    expect.stringContaining("MD5"),
    "ratings.csv: expected row count 2, got 3",
  ]);
});

test("a missing and an emptied file", async () => {
  await rm(join(folder, "movies.csv"));
  await writeFile(join(folder, "ratings.csv"), "");
  expect(await problems()).toEqual([
    "ratings.csv: expected rows, but the file is empty (0 bytes)",
    "movies.csv: the file is missing",
  ]);
});

test("a manifest with a wrong count, without a key, with a path, with half its bytes, or none", async () => {
  await change((manifest) => {
    (manifest["files"] as { row_count: number }[])[0]!.row_count = 5;
  });
  expect(await problems()).toEqual(["ratings.csv: expected row count 5, got 2"]);
  await change((manifest) => {
    (manifest["files"] as { filename: string }[])[0]!.filename = "../ratings.csv";
  });
  expect(await problems()).toEqual(['_manifest.json: expected plain file names, got "../ratings.csv"']);
  await change((manifest) => {
    delete manifest["licence"];
    manifest["files"] = [{ filename: "ratings.csv" }];
  });
  expect(await problems()).toEqual(["_manifest.json: expected licence (string), got undefined"]);
  await writeFile(join(folder, "_manifest.json"), '{"dataset_name": ');
  expect(await problems()).toEqual([expect.stringMatching(/^_manifest.json: expected JSON, got /)]);
  await rm(join(folder, "_manifest.json"));
  expect(await problems()).toEqual([expect.stringContaining("cannot be read (ENOENT)")]);
});

import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { CommandRun } from "../../src/cli/command.ts";
import { validate } from "../../src/cli/validate.ts";
import { loadConfiguration } from "../../src/home/configuration.ts";
import { readTrainingSet } from "../../src/lake/read.ts";
import { rankerBaseline, raterBaseline } from "../../src/registry/candidates.ts";
import { trainRelease } from "../../src/registry/train-release.ts";
import { openUsher } from "../../src/usher.ts";
import { writeSmallMovielens } from "../e2e/small-movielens.ts";

let folder: string;
let home: string;
let run: CommandRun;
let originals: string;
/** What {@link change} changed. */
let undo: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-validate-"));
  home = join(folder, "home");
  const location = await writeSmallMovielens(join(folder, "data"));
  const loaded = await loadConfiguration({ home, environment: {} });
  const { values: configuration } = loaded;
  run = {
    home,
    configuration,
    loaded,
    arguments: [],
    options: {},
    isJson: false,
    say: () => {},
    work: (_title, work) => work(() => {}),
    signal: new AbortController().signal,
  };
  const usher = await openUsher({ home, configuration });
  try {
    const { manifestPath } = await usher.importSource({ source: "movielens", location });
    originals = join(manifestPath, "..");
    const build = await usher.buildLake();
    const trained = await trainRelease({
      set: await readTrainingSet(usher.lake, usher.engine, build),
      candidates: [rankerBaseline, raterBaseline],
      seed: 1,
    });
    await usher.releases.promote(await usher.releases.save(trained, { build }));
    await usher.buildLake(); // the release's build is not the newest
  } finally {
    await usher.close();
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  undo = async () => {};
});
afterEach(() => undo());

/** Remembers a file before it is changed. */
async function keep(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  undo = () => writeFile(path, bytes);
  return Buffer.from(bytes);
}
/** The Parquet file of a version of a table that was written once a build. */
async function dataFile(table: string, version: number): Promise<string> {
  const [layer] = table.split("_");
  const tableFolder = join(home, "lake", String(layer), table);
  const log = join(tableFolder, "_delta_log", `${String(version).padStart(20, "0")}.json`);
  const actions = (await readFile(log, "utf8")).trim().split("\n");
  const add = actions.map((line) => JSON.parse(line).add).find((found) => found !== undefined);
  return join(tableFolder, add.path);
}

test("a sound home has no problems, and its tables and its release are among what was checked", async () => {
  const reports = (await validate.run(run)) as { folder: string; problems: string[] }[];
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  expect(reports.map((report) => report.folder)).toEqual([
    originals,
    expect.stringContaining("(tables)"),
    expect.stringContaining("(release v0001)"),
  ]);
});

test.each([0, 1])("a cut file of version %i, which a build pins", async (version) => {
  const file = await dataFile("gold_item_stats", version);
  await keep(file);
  await truncate(file, 100);
  await expect(validate.run(run)).rejects.toThrow(`gold_item_stats version ${version}`);
});

test("a damaged page of a version that only the release's build pins", async () => {
  const file = await dataFile("silver_ratings", 0);
  const bytes = await keep(file);
  await writeFile(file, bytes.fill(0xff, 4, 400));
  await expect(validate.run(run)).rejects.toThrow("silver_ratings version 0");
});

test("a changed byte in each file of the release that serves", async () => {
  const release = join(home, "lake", "gold", "gold_models", "v0001");
  const files = (await readdir(release)).filter((name) => name.endsWith(".bin"));
  expect(files).toHaveLength(3);
  for (const name of files) {
    const bytes = await keep(join(release, name));
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(join(release, name), bytes);
    await expect(validate.run(run)).rejects.toThrow(name);
    await undo();
  }
});

test("a release whose build is gone, and a pointer to no release", async () => {
  const record = join(home, "lake", "builds", "00000001.json");
  await keep(record);
  await rm(record);
  await expect(validate.run(run)).rejects.toThrow("no build 1");
  await undo();
  await keep(join(home, "release.json"));
  await writeFile(join(home, "release.json"), '{"version":"v0009"}');
  await expect(validate.run(run)).rejects.toThrow("v0009");
});

test("a manifest that is gone", async () => {
  await keep(join(originals, "_manifest.json"));
  await rm(join(originals, "_manifest.json"));
  await expect(validate.run(run)).rejects.toThrow("_manifest.json: expected a manifest");
});

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake, latestBuild, readBuild } from "../../src/lake/build.ts";
import { checkpointTable } from "../../src/lake/checkpoint.ts";
import { compactTable } from "../../src/lake/compact.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { sinkEvents } from "../../src/lake/event-sink.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { vacuumLake } from "../../src/lake/vacuum.ts";
import { goodItems, goodRatings, itemsSelect, ratingsSelect, smallImport } from "./small-import.ts";
import { memoryLog, type SmallLog } from "./small-log.ts";

const python = process.env["USHER_PYTHON"] ?? "python3";
const hasPython = spawnSync(python, ["-c", "import deltalake, pyarrow"]).status === 0;
const required = process.env["USHER_REQUIRE_SERVICES"] === "1";
if (!hasPython && !required) console.warn(`skipped: ${python} has no deltalake; name one in USHER_PYTHON`);

let engine: Engine;
let folder: string;
let lake: Lake;
let log: SmallLog;
beforeAll(async () => {
  engine = await openDuckdb({ threads: 1 });
});
afterAll(() => engine.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-care-"));
  lake = openLake(folder, engine);
  log = memoryLog();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const views = "bronze_events_views_raw";
const sunk = async (times: number) => {
  for (let at = 0; at < times; at++) {
    log.add({ event_type: "view", user_id: "u", item_id: `i${at}` });
    await sinkEvents(lake, "events_views", { log });
  }
};
const items = async (version?: number) =>
  (await engine.rows(`SELECT item_id FROM ${await lake.relation(views, version)}`)).map(
    (row) => row["item_id"],
  );
const parquetIn = async (table: string) =>
  (await readdir(lake.folderOf(table), { recursive: true })).filter(
    (name) => name.endsWith(".parquet") && !name.includes("_delta_log"),
  );

describe("compaction", () => {
  test("makes one file of many with the same rows in their order; the sink goes on where it was", async () => {
    await sunk(10);
    const before = await items();
    expect(await compactTable(lake, views)).toEqual({ filesBefore: 10, filesAfter: 1, version: 10 });
    expect(await items()).toEqual(before);
    expect(await items(9)).toEqual(before); // readers of the version before are not disturbed
    expect(await lake.transactions(views)).toMatchObject({ "usher-log-0": 10 });
    expect(await sinkEvents(lake, "events_views", { log })).toMatchObject({ events: 0 });
    expect(await compactTable(lake, views)).toEqual({ filesBefore: 0, filesAfter: 0 });
  });

  test("of files that have left the table meanwhile is refused: their rows must not come back", async () => {
    await sunk(8);
    const racing: Lake = {
      ...lake,
      commit: async (staged, info) => {
        await compactTable(lake, views); // another was faster
        return lake.commit(staged, info);
      },
    };
    await expect(compactTable(racing, views)).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
    expect(await items()).toHaveLength(8);
    expect(await parquetIn(views)).toHaveLength(9);
  });

  test("beside an append loses neither's rows", async () => {
    await sunk(8);
    const racing: Lake = {
      ...lake,
      commit: async (staged, info) => {
        await sunk(1);
        return lake.commit(staged, info);
      },
    };
    await compactTable(racing, views);
    expect(await items()).toHaveLength(9);
  });
});

describe("a checkpoint", () => {
  test("holds protocol, schema, positions and live files, and is named last", async () => {
    await sunk(8);
    await compactTable(lake, views);
    expect(await checkpointTable(lake, views)).toBe(8);
    const logFolder = join(lake.folderOf(views), "_delta_log");
    expect(JSON.parse(await readFile(join(logFolder, "_last_checkpoint"), "utf8"))).toEqual({
      version: 8,
      size: 6,
    });
    const rows = await engine.rows(
      `SELECT * FROM read_parquet('${join(logFolder, `${"8".padStart(20, "0")}.checkpoint.parquet`)}')`,
    );
    expect(rows.filter((row) => row["add"])).toHaveLength(1);
    expect(rows.map((row) => row["txn"]).filter(Boolean)).toContainEqual(
      expect.objectContaining({ appId: "usher-log-0", version: 8 }),
    );
    expect((await readdir(logFolder)).filter((name) => name.includes("tmp"))).toEqual([]);
    lake = openLake(folder, engine); // what an opening tidies away is not the checkpoint
    await sunk(1);
    expect(await readdir(logFolder)).toContain(`${"8".padStart(20, "0")}.checkpoint.parquet`);
  });

  test.skipIf(!hasPython && !required)(
    "is what Python deltalake reads, without the entries before it",
    async () => {
      await sunk(9);
      await compactTable(lake, views);
      await checkpointTable(lake, views);
      await sunk(2);
      const logFolder = join(lake.folderOf(views), "_delta_log");
      for (let entry = 0; entry < 9; entry++)
        await rm(join(logFolder, `${String(entry).padStart(20, "0")}.json`));
      const script = join(import.meta.dirname, "read_delta.py");
      const { stdout } = await promisify(execFile)(python, [script, folder]);
      expect(JSON.parse(stdout)[views]).toMatchObject({ version: 11, rows: 11 });
    },
  );
});

describe("a long log", () => {
  test("is read on from where it was read before, and reads the same as anew", async () => {
    await sunk(70);
    expect(await items()).toEqual(Array.from({ length: 70 }, (_, at) => `i${at}`));
    expect(await lake.transactions(views)).toEqual(await openLake(folder, engine).transactions(views));
    expect(await items(3)).toHaveLength(4);
  });
});

describe("a vacuum", () => {
  const imported = (count: number) =>
    smallImport({ items: itemsSelect(goodItems(count)), ratings: ratingsSelect(goodRatings(count)) });
  const build = (count: number) => buildLake({ lake, engine, imports: [imported(count)] });
  const none = { builds: new Set<number>(), versions: {} };
  const soon = () => Date.now() + 60_000;

  test("removes what nothing needs and keeps what a release pins and what is newest", async () => {
    for (const count of [100, 90, 80]) await build(count);
    const limits = { before: soon(), builds: new Set([1]), versions: {} };
    const rehearsed = await vacuumLake(lake, { ...limits, isRehearsal: true });
    expect(await parquetIn("silver_ratings")).toHaveLength(3);
    const done = await vacuumLake(lake, limits);
    expect(done).toEqual(rehearsed);
    expect(done.builds).toEqual([2]);
    expect(done.bytes).toBeGreaterThan(0);
    expect(await parquetIn("silver_ratings")).toHaveLength(2);
    const pinned = await readBuild(folder, 1);
    for (const [table, version] of Object.entries(pinned.tables)) await lake.relation(table, version);
    await expect(readBuild(folder, 2)).rejects.toMatchObject({ code: "TABLE_MISSING" });
    await expect(lake.relation("silver_ratings", 1)).rejects.toMatchObject({ code: "TABLE_DAMAGED" });
    expect((await latestBuild(folder))?.number).toBe(3);
    expect((await build(80)).number).toBe(4);
  });

  test("keeps what was in use within the grace time, and files that are about to be committed", async () => {
    for (const count of [100, 90]) await build(count);
    expect(await vacuumLake(lake, { ...none, before: Date.now() - 60_000 })).toEqual({
      files: 0,
      bytes: 0,
      builds: [],
    });
    const staged = await lake.stage("silver_tags", "SELECT 'x' AS tag");
    await vacuumLake(lake, { ...none, before: Date.now() - 60_000 });
    await expect(lake.commit(staged)).resolves.toBe(2);
  });

  test("keeps a version that was replaced within the grace time though it is old itself", async () => {
    await sunk(8);
    const old = new Date(Date.now() - 3600_000);
    for (const name of await parquetIn(views)) await utimes(join(lake.folderOf(views), name), old, old);
    await compactTable(lake, views);
    await vacuumLake(lake, { ...none, before: Date.now() - 60_000 });
    expect(await items(7)).toHaveLength(8);
    expect((await vacuumLake(lake, { ...none, before: soon() })).files).toBe(8);
    expect(await items()).toHaveLength(8);
  });

  test("keeps the versions that are named to it", async () => {
    await sunk(8);
    await compactTable(lake, views);
    await vacuumLake(lake, { ...none, before: soon(), versions: { [views]: [5] } });
    expect(await items(5)).toHaveLength(6);
  });
});

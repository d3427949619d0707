import { readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { buildLake, latestBuild, readBuild } from "../../src/lake/build.ts";
import { checkpointTable } from "../../src/lake/checkpoint.ts";
import { compactTable } from "../../src/lake/compact.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { checkpointFile, logFile, logVersions } from "../../src/lake/delta-log.ts";
import { sinkEvents } from "../../src/lake/event-sink.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { sqlText } from "../../src/lake/sql-text.ts";
import { vacuumLake } from "../../src/lake/vacuum.ts";
import { eachFreshLake } from "./fresh-lake.ts";
import { readWithPython, skipsPython } from "./read-with-python.ts";
import { goodItems, goodRatings, itemsSelect, ratingsSelect, smallImport } from "./small-import.ts";
import type { SmallLog } from "./small-log.ts";

let engine: Engine;
let folder: string;
let lake: Lake;
let log: SmallLog;
eachFreshLake((fresh) => {
  ({ engine, folder, lake, log } = fresh);
});

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

/** Version and rows of each table as Python reads them; of the newest versions unless told otherwise. */
async function shapesInPython(versions?: Readonly<Record<string, number>>) {
  const found = Object.entries(await readWithPython(folder, versions));
  return Object.fromEntries(found.map(([table, { version, rows }]) => [table, { version, rows }]));
}
const shape = async (table: string, version?: number) => ({
  version: version ?? (await lake.latest(table)),
  rows: await lake.rowCount(table, version),
});

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

  test.skipIf(skipsPython)("is what Python deltalake reads, without the entries before it", async () => {
    await sunk(9);
    await compactTable(lake, views);
    await checkpointTable(lake, views);
    await sunk(2);
    const logFolder = join(lake.folderOf(views), "_delta_log");
    for (let entry = 0; entry < 9; entry++)
      await rm(join(logFolder, `${String(entry).padStart(20, "0")}.json`));
    expect((await shapesInPython())[views]).toEqual({ version: 11, rows: 11 });
  });
});

describe("a log with a checkpoint", () => {
  const places = [
    { what: "the newest version", version: undefined },
    { what: "that of the checkpoint", version: 8 },
    { what: "one after it", version: 10 },
  ];
  test("is read from it: the entries before it are not needed", async () => {
    await sunk(9);
    await checkpointTable(lake, views); // version 8
    await sunk(3);
    const whole = await Promise.all(places.map(({ version }) => items(version)));
    const positions = await lake.transactions(views);
    for (let entry = 0; entry < 8; entry++) await rm(logFile(lake.folderOf(views), entry));
    for (const [at, { what, version }] of places.entries())
      expect([what, await items(version)]).toEqual([what, whole[at]]);
    expect(await lake.transactions(views)).toEqual(positions);
    expect(await lake.rowCount(views)).toBe(12);
    await expect(lake.relation(views, 7)).rejects.toMatchObject({ code: "TABLE_MISSING" });
    await sunk(1);
    expect(await compactTable(lake, views)).toMatchObject({ filesBefore: 13, filesAfter: 1 });
    lake = openLake(folder, engine);
    await sunk(1); // tidies up, and takes no file for a leftover that only the checkpoint names
    expect(await items(8)).toEqual(whole[1]);
    expect(await items()).toHaveLength(14);
  });

  test("reads on without a checkpoint that is damaged, as long as the entries are there", async () => {
    await sunk(4);
    await checkpointTable(lake, views);
    await truncate(checkpointFile(lake.folderOf(views), 3), 40);
    expect(await items()).toHaveLength(4);
    await rm(logFile(lake.folderOf(views), 0));
    await expect(items()).rejects.toMatchObject({
      code: "TABLE_DAMAGED",
      message: expect.stringContaining("checkpoint.parquet"),
    });
  });

  test("keeps partitions, a changed schema, and files whose paths need escapes", async () => {
    const rows = (text: string) => `SELECT 1 AS a, ${sqlText(text)} AS part`;
    await lake.commit(await lake.stage("silver_parts", "SELECT 1 AS old"));
    await lake.commit(await lake.stage("silver_parts", rows("x/y %é="), { partitionBy: ["part"] }));
    await checkpointTable(lake, "silver_parts");
    for (const entry of [0, 1]) await rm(logFile(lake.folderOf("silver_parts"), entry));
    await writeFile(logFile(lake.folderOf("silver_parts"), 1), ""); // what a version is known by
    expect(await engine.rows(`SELECT * FROM ${await lake.relation("silver_parts")}`)).toEqual([
      { a: 1, part: "x/y %é=" },
    ]);
  });
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
      logFiles: 0,
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

  test("removes entries before a checkpoint that is old enough; what is pinned and what is newest still read", async () => {
    await sunk(6);
    await checkpointTable(lake, views); // version 5
    await sunk(4);
    await compactTable(lake, views); // version 10
    await checkpointTable(lake, views);
    await sunk(2);
    const logOf = () => logVersions(lake.folderOf(views));
    const pinned = await items(3);
    const limits = { ...none, versions: { [views]: [3] } };
    expect(await vacuumLake(lake, { ...limits, before: Date.now() - 60_000 })).toMatchObject({ logFiles: 0 });
    const rehearsed = await vacuumLake(lake, { ...limits, before: soon(), isRehearsal: true });
    expect((await logOf()).entries).toHaveLength(13);
    expect(await vacuumLake(lake, { ...limits, before: soon() })).toEqual(rehearsed);
    expect(await logOf()).toEqual({ entries: [10, 11, 12], checkpoints: [3, 10] });
    expect(rehearsed.logFiles).toBe(11); // ten entries, and the checkpoint of version 5
    for (const opened of [lake, openLake(folder, engine)]) {
      lake = opened;
      expect(await items(3)).toEqual(pinned);
      expect(await lake.rowCount(views, 3)).toBe(4);
      expect(await items()).toHaveLength(12);
      await expect(lake.relation(views, 5)).rejects.toMatchObject({ code: "TABLE_MISSING" });
    }
    await sunk(1); // tidies up first
    expect(await items(3)).toEqual(pinned);
    expect(await items()).toHaveLength(13);
    expect(await vacuumLake(lake, { ...limits, before: soon() })).toMatchObject({ files: 0, logFiles: 0 });
    // nobody pins it any more
    expect(await vacuumLake(lake, { ...none, before: soon() })).toMatchObject({ logFiles: 1 });
    expect((await logOf()).checkpoints).toEqual([10]);
  });

  test("killed between two files of a log leaves one that reads, and can be done again", async () => {
    await sunk(5);
    await checkpointTable(lake, views);
    await sunk(1);
    for (const entry of [0, 1]) await rm(logFile(lake.folderOf(views), entry)); // so far it came
    lake = openLake(folder, engine);
    expect(await items()).toHaveLength(6);
    await sunk(1);
    expect(await vacuumLake(lake, { ...none, before: soon() })).toMatchObject({ files: 0, logFiles: 2 });
    expect(await items()).toHaveLength(7);
  });

  test.skipIf(skipsPython)("leaves what Python deltalake reads, the pinned version too", async () => {
    for (const count of [100, 90, 80]) {
      await sunk(4);
      await build(count);
      for (const table of await lake.tables()) await checkpointTable(lake, table);
    }
    await sunk(2);
    const done = await vacuumLake(lake, { before: soon(), builds: new Set([1]), versions: {} });
    expect(done.builds).toEqual([2]);
    const { tables, inputs = {} } = await readBuild(folder, 1);
    const found = await shapesInPython();
    const older = await shapesInPython({ ...tables, ...inputs });
    for (const table of await lake.tables()) {
      const { entries } = await logVersions(lake.folderOf(table));
      expect([table, entries[0]]).toEqual([table, table === views ? 11 : 2]);
      expect([table, found[table]]).toEqual([table, await shape(table)]);
      const version = { ...tables, ...inputs }[table] as number;
      expect([table, older[table]]).toEqual([table, await shape(table, version)]);
    }
  });

  test("removes what killed writers left: data files that nobody names, also of a table without a version", async () => {
    await sunk(1);
    const abandoned = await lake.stage(views, "SELECT 1 AS x");
    const unborn = await lake.stage("silver_unborn", "SELECT 1 AS x");
    const half = join(lake.folderOf(views), "_delta_log", ".half.json.tmp");
    await writeFile(half, "{");
    const left = [
      ...[abandoned, unborn].flatMap(({ table, files }) =>
        files.map(({ path }) => join(lake.folderOf(table), path)),
      ),
      half,
    ];
    expect(await vacuumLake(lake, { ...none, before: Date.now() - 60_000 })).toMatchObject({ files: 0 });
    const old = new Date(Date.now() - 3600_000);
    for (const path of left) await utimes(path, old, old);
    expect(await vacuumLake(lake, { ...none, before: Date.now() - 60_000 })).toMatchObject({ files: 3 });
    for (const path of left) await expect(readFile(path)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await items()).toHaveLength(1);
  });

  test("keeps the versions that are named to it", async () => {
    await sunk(8);
    await compactTable(lake, views);
    await vacuumLake(lake, { ...none, before: soon(), versions: { [views]: [5] } });
    expect(await items(5)).toHaveLength(6);
  });
});

import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { NewRecord } from "../../src/events/event-log.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { openLmdbEnvironment } from "../../src/stores/lmdb-environment.ts";
import { openLmdbStateStore } from "../../src/stores/lmdb-state-store.ts";

let home: string;
let folder: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-lmdb-"));
  folder = join(home, "live");
});
afterEach(() => rm(home, { recursive: true, force: true }));

const value = Buffer.from("value");
const record = (id: string): NewRecord => ({ topic: "events_views", key: "k", id, receivedMs: 1, value });

it.each([
  ["a file that is no LMDB file", async () => writeFile(join(folder, "data.mdb"), "x".repeat(10_000))],
  ["an empty file", async () => writeFile(join(folder, "data.mdb"), "")],
  ["a folder in its place", async () => mkdir(join(folder, "data.mdb"))],
  ["a folder in the lock's place", async () => mkdir(join(folder, "lock.mdb"))],
])("refuses %s with a code", async (_, damage) => {
  await mkdir(folder);
  await damage();
  await expect(openLmdbStateStore({ folder })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await expect(openLmdbEventLog({ folder })).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
});

it("refuses to read a log where another thing lies, or nothing", async () => {
  await expect(openLmdbEventLog({ folder, readOnly: true })).rejects.toMatchObject({
    code: "LOG_UNAVAILABLE",
  });
  await (await openLmdbStateStore({ folder })).close();
  await expect(openLmdbEventLog({ folder, readOnly: true })).rejects.toMatchObject({
    code: "LOG_UNAVAILABLE",
    message: expect.stringContaining("expected a database offsets"),
  });
});

it("refuses puts while the reserve would be touched, keeps reading and removing, and takes them again with room", async () => {
  const failures: unknown[] = [];
  const options = { folder, onFailure: (failure: unknown) => failures.push(failure) };
  let store = await openLmdbStateStore(options);
  await store.write([
    ["a", value],
    ["b", value],
  ]);
  await store.close();
  store = await openLmdbStateStore({ ...options, reserveBytes: 2 ** 60 });
  const full = { code: "STORE_UNAVAILABLE", details: { reason: "disk_full" } };
  await expect(store.write([["c", value]])).rejects.toMatchObject(full);
  await expect(
    store.write([
      ["a", undefined],
      ["c", value],
    ]),
  ).rejects.toMatchObject(full);
  expect((await store.range({ from: "a", to: "z" })).map(([key]) => key)).toEqual(["a", "b"]);
  await store.write([["a", undefined]]);
  await store.close();
  store = await openLmdbStateStore(options);
  await store.write([["c", value]]);
  expect((await store.range({ from: "a", to: "z" })).map(([key]) => key)).toEqual(["b", "c"]);
  await store.close();
  expect(failures).toEqual([]);
});

it("a log on a full disk takes no record, but trims and commits positions; nothing is half taken", async () => {
  let log = await openLmdbEventLog({ folder });
  await log.append([record("first")]);
  await log.close();
  log = await openLmdbEventLog({ folder, reserveBytes: 2 ** 60 });
  await expect(log.append([record("first"), record("second")])).rejects.toMatchObject({
    code: "LOG_UNAVAILABLE",
    details: { reason: "disk_full" },
  });
  expect((await log.append([record("first")]))[0]).toMatchObject({ offset: 0, isDuplicate: true });
  await log.commit("g", [{ topic: "events_views", partition: 0, offset: 0 }]);
  expect(await log.trim(Number.MAX_SAFE_INTEGER)).toBe(1);
  await log.close();
  log = await openLmdbEventLog({ folder });
  expect((await log.append([record("second")]))[0]).toMatchObject({ offset: 1, isDuplicate: false });
  await log.close();
});

it("a write that is not done in time is the end: told once, and everything later is refused at once", async () => {
  const failures: unknown[] = [];
  const environment = await openLmdbEnvironment({
    folder,
    code: "STORE_UNAVAILABLE",
    deadlineMs: 0.001, // counted in steps of 1 ms: over before any disk answers
    onFailure: (failure) => failures.push(failure),
  });
  const [table] = environment.databases(["t"]);
  const large = Buffer.alloc(64_000_000, 1);
  const write = (key: string) =>
    environment.write(() => void table!.put(Buffer.from(key), large), { puts: 1, bytes: large.length });
  const both = await Promise.allSettled([write("a"), write("b")]);
  for (const outcome of both) expect(outcome).toMatchObject({ reason: { code: "STORE_UNAVAILABLE" } });
  await expect(write("c")).rejects.toBe(failures[0]);
  expect(() => environment.read(() => 1)).toThrow(/takes nothing more until a restart/);
  expect(failures).toHaveLength(1);
  await environment.close();
});

it("gives a write of many puts the time that it takes", async () => {
  const environment = await openLmdbEnvironment({ folder, code: "STORE_UNAVAILABLE", deadlineMs: 1 });
  const [table] = environment.databases(["t"]);
  const keys = Array.from({ length: 100_000 }, (_, at) => Buffer.from(String((at * 7919) % 100_000)));
  await environment.write(
    () => {
      for (const key of keys) void table!.put(key, value);
    },
    { puts: keys.length, bytes: keys.length * value.length },
  );
  expect(environment.read(() => table!.getCount())).toBe(keys.length);
  await environment.close();
});

it("makes its file whole: no leftover of the making, and one of a killed making does not disturb", async () => {
  await mkdir(folder);
  await writeFile(join(folder, "new.mdb"), "half");
  const store = await openLmdbStateStore({ folder });
  await store.write([["a", value]]);
  await store.close();
  await expect(stat(join(folder, "new.mdb"))).rejects.toMatchObject({ code: "ENOENT" });
});

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DeadLetter } from "../../src/contracts/events.ts";
import { UsherError } from "../../src/errors.ts";
import { openConsumer } from "../../src/events/consumer.ts";
import type { EventLog, LogRecord } from "../../src/events/event-log.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { everything } from "../contract/event-log.ts";

let folder: string;
let log: EventLog;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-consumer-"));
  log = await openLmdbEventLog({ folder });
});
afterEach(async () => {
  await log.close();
  await rm(folder, { recursive: true });
});

const append = (texts: readonly string[]) =>
  log.append(
    texts.map((text, at) => ({
      topic: "events_views",
      key: `user ${at % 5}`,
      id: randomUUID(),
      receivedMs: 1,
      value: Buffer.from(text),
    })),
  );
const textOf = ({ value }: LogRecord) => Buffer.from(value).toString();
const numbers = (count: number) => Array.from({ length: count }, (_, at) => `${at}`);
const settings = { group: "g", topics: ["events_views"], batchMax: 7, pollMs: 5 } as const;

it("hands over everything once, in order within a partition, and goes on where it stopped", async () => {
  await append(numbers(50));
  const seen: LogRecord[] = [];
  const effect = async (records: readonly LogRecord[]) => {
    expect(records.length).toBeLessThanOrEqual(7);
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
    seen.push(...records);
  };
  expect(await openConsumer({ ...settings, log, effect }).drain()).toBe(50);
  for (let partition = 0; partition < 3; partition++) {
    const offsets = seen.filter((record) => record.partition === partition).map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets.keys()]);
  }
  await append(["new"]);
  const next = openConsumer({ ...settings, log, effect });
  expect((await next.lag()).reduce((sum, { lag }) => sum + lag, 0)).toBe(1);
  expect(await next.drain()).toBe(1);
  expect(await next.drain()).toBe(0);
  expect(seen.map(textOf).sort()).toEqual([...numbers(50), "new"].sort());
});

it("commits after the effect: what failed half-way is handed over again, nothing else is", async () => {
  await append(numbers(20));
  const seen: string[] = [];
  let calls = 0;
  const effect = async (records: readonly LogRecord[]) => {
    seen.push(...records.map(textOf));
    if (++calls === 2) throw new UsherError("STORE_UNAVAILABLE");
  };
  const consumer = openConsumer({ ...settings, log, effect });
  await expect(consumer.drain()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  const [committed] = await log.committed("g");
  expect(committed?.offset).toBe(Math.min(7, (await log.partitions())[committed!.partition]!.next));
  await consumer.drain();
  expect(new Set(seen)).toEqual(new Set(numbers(20)));
  expect(seen.length).toBeGreaterThan(20);
  expect(seen.length).toBeLessThanOrEqual(27);
});

it("counts poison, writes one dead letter of it, and goes on", async () => {
  await append(["fine", "poison", ...numbers(30)]);
  const seen = new Set<string>();
  const tries = new Map<string, number>();
  const effect = async (records: readonly LogRecord[]) => {
    for (const text of records.map(textOf)) {
      tries.set(text, (tries.get(text) ?? 0) + 1);
      if (text === "poison") throw new Error("cannot take it");
      seen.add(text);
    }
  };
  const consumer = openConsumer({ ...settings, log, effect, now: () => 1_700_000_000_000 });
  expect(await consumer.drain()).toBe(32);
  expect(seen).toEqual(new Set(["fine", ...numbers(30)]));
  expect(tries.get("poison")).toBe(4); // in its batch, then three times alone
  expect(consumer.counts()).toEqual({ records: 32, poison: 1, postponed: 0 });
  // the same again, as after a crash before the commit: still one letter
  await log.commit(
    "g",
    [0, 1, 2].map((partition) => ({ topic: "events_views", partition, offset: 0 })),
  );
  await openConsumer({ ...settings, log, effect }).drain();
  const letters = await everything(log, "events_dlq");
  expect(letters).toHaveLength(1);
  const letter = JSON.parse(textOf(letters[0]!)) as DeadLetter;
  expect(letter).toMatchObject({
    raw_payload: "poison",
    topic: "events_views",
    error_reason: "schema_validation_failed",
    error_ts: "2023-11-14T22:13:20.000Z",
  });
  expect(letter.error_detail).toContain("g could not take it: cannot take it");
});

it("a poisoned dead letter makes no further letter", async () => {
  await log.append([
    { topic: "events_dlq", key: "k", id: randomUUID(), receivedMs: 1, value: Buffer.from("{") },
  ]);
  const consumer = openConsumer({
    ...settings,
    topics: ["events_dlq"],
    log,
    effect: async (records) => void JSON.parse(textOf(records[0]!)),
  });
  await consumer.drain();
  expect(consumer.counts().poison).toBe(1);
  expect(await everything(log, "events_dlq")).toHaveLength(1);
});

it("waits while something is away, loses nothing, and then goes on by itself", async () => {
  await append(numbers(10));
  const seen = new Set<string>();
  const told: unknown[] = [];
  let away = 3;
  const consumer = openConsumer({
    ...settings,
    log,
    onPostponed: (error) => told.push(error),
    effect: async (records) => {
      if (away-- > 0) throw Object.assign(new Error("EIO"), { code: "EIO", syscall: "write" });
      for (const record of records) seen.add(textOf(record));
    },
  });
  consumer.start();
  await expect.poll(() => seen.size, { timeout: 5000 }).toBe(10);
  await append(["later"]);
  await expect.poll(() => seen.has("later"), { timeout: 5000 }).toBe(true);
  await consumer.stop();
  expect(consumer.counts()).toMatchObject({ poison: 0, postponed: 3 });
  expect(told).toHaveLength(3);
  await append(["after stop"]);
  expect(seen.has("after stop")).toBe(false);
});

import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { partitionCount, retentionMs, type Topic, topics } from "../../src/contracts/events.ts";
import type { Appended, EventLog, LogRecord, NewRecord } from "../../src/events/event-log.ts";
import { lagOf } from "../../src/events/lag.ts";
import { replayGroup } from "../../src/events/replay.ts";

/** A kind of log: how the one of the running test is opened, first empty, later with what it holds. */
export interface EventLogKind {
  readonly name: string;
  open(): Promise<EventLog>;
  forget(): Promise<void>;
}

const record = (key: string, more: Partial<NewRecord> = {}): NewRecord => ({
  topic: "events_views",
  key,
  id: randomUUID(),
  receivedMs: 1_700_000_000_000,
  value: Buffer.from(`value of ${key}`),
  ...more,
});

/** Every record of a topic, partition by partition. */
export async function everything(log: EventLog, topic: Topic): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  for (let partition = 0; partition < partitionCount; partition++) {
    found.push(...(await log.read(topic, partition, { from: 0, limit: 1_000_000 })));
  }
  return found;
}

const place = ({ topic, partition, offset }: Appended | LogRecord) => `${topic}/${partition}/${offset}`;

/** What every event log obeys. */
export function eventLogContract(kind: EventLogKind): void {
  describe(`${kind.name} as an event log`, () => {
    let log: EventLog;
    beforeEach(async () => {
      log = await kind.open();
    });
    afterEach(async () => {
      await log.close();
      await kind.forget();
    });
    const reopen = async () => {
      await log.close();
      log = await kind.open();
    };

    it("begins with every topic and partition, empty", async () => {
      const expected = topics.flatMap((topic) =>
        Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition, first: 0, next: 0 })),
      );
      expect(await log.partitions()).toEqual(expected);
      expect(await log.groups()).toEqual([]);
      expect(await log.append([])).toEqual([]);
    });

    it("gives back what was appended, to the byte, at the place that it told", async () => {
      const sent = [
        record("7", { value: Buffer.from([0, 255, 128, 10]), receivedMs: 1_700_000_000_123 }),
        record("ünïcode|user", { topic: "events_ratings" }),
        record("7", { id: "no uuid at all", value: Buffer.alloc(0) }),
        record("7", { id: "0123456789ABCDEF" }),
        record("7", { value: Buffer.alloc(100_000, 3) }),
      ];
      const appended = await log.append(sent);
      for (const [at, told] of appended.entries()) {
        expect(told.isDuplicate).toBe(false);
        const [found] = await log.read(told.topic, told.partition, { from: told.offset, limit: 1 });
        const { topic, partition, offset, key, id, receivedMs, value } = found!;
        expect({ topic, partition, offset, key, id, receivedMs, value: Buffer.from(value) }).toEqual({
          ...sent[at],
          partition: told.partition,
          offset: told.offset,
        });
      }
    });

    it("keeps the records of a key in one partition, in the order of the calls", async () => {
      const calls = Array.from({ length: 60 }, (_, at) =>
        Array.from({ length: 5 }, (_, user) => record(`user ${user}`, { value: Buffer.from(`${at}`) })),
      );
      const appended = (await Promise.all(calls.map((records) => log.append(records)))).flat();
      const found = await everything(log, "events_views");
      expect(found).toHaveLength(300);
      for (let user = 0; user < 5; user++) {
        const own = found.filter(({ key }) => key === `user ${user}`);
        expect(own.map(({ value }) => Number(Buffer.from(value).toString()))).toEqual(
          Array.from({ length: 60 }, (_, at) => at),
        );
        expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
      }
      expect(new Set(appended.map(place)).size).toBe(300);
    });

    it("has no gaps: offsets of a partition are 0, 1, 2, …", async () => {
      await Promise.all(
        Array.from({ length: 40 }, (_, at) => log.append([record(`${at}`), record(`${at + 1}`)])),
      );
      for (const { topic, partition, first, next } of await log.partitions()) {
        const offsets = (await log.read(topic, partition, { from: 0, limit: 1000 })).map(
          ({ offset }) => offset,
        );
        expect(offsets).toEqual(Array.from({ length: next - first }, (_, at) => first + at));
      }
    });

    it("counts an id once: in one call, across calls at the same time, and after reopening", async () => {
      const twice = record("7");
      const [first, second] = await log.append([twice, { ...twice, value: Buffer.from("other") }]);
      expect(first!.isDuplicate).toBe(false);
      expect(second).toEqual({ ...first, isDuplicate: true });

      const once = record("8");
      const told = (await Promise.all(Array.from({ length: 20 }, () => log.append([once, record("9")])))).map(
        ([one]) => one!,
      );
      expect(told.filter(({ isDuplicate }) => !isDuplicate)).toHaveLength(1);
      expect(new Set(told.map(place)).size).toBe(1);

      await reopen();
      const [again, fresh] = await log.append([
        { ...twice, topic: "events_clicks", key: "another" },
        record("7"),
      ]);
      expect(again).toEqual({ ...first, isDuplicate: true });
      expect(fresh!.isDuplicate).toBe(false);
      expect(await everything(log, "events_views")).toHaveLength(23);
    });

    it("takes all records of a call or none", async () => {
      const bad: Partial<NewRecord>[] = [
        { topic: "no_topic" as Topic },
        { key: "" },
        { id: "" },
        { id: "x".repeat(2000) },
        { key: "x".repeat(2000) },
        { value: "text" as never },
        { receivedMs: Number.NaN },
      ];
      for (const wrong of bad) {
        await expect(log.append([record("7"), record("7", wrong)])).rejects.toMatchObject({
          code: "PARAMETER_INVALID",
        });
      }
      expect(await everything(log, "events_views")).toEqual([]);
      expect((await log.append([record("7")]))[0]!.offset).toBe(0);
    });

    it("reads on from any offset, at most as many as asked", async () => {
      await log.append(Array.from({ length: 100 }, (_, at) => record("7", { value: Buffer.from(`${at}`) })));
      const { partition } = (await everything(log, "events_views"))[0]!;
      const read = async (from: number, limit: number) =>
        (await log.read("events_views", partition, { from, limit })).map(({ offset }) => offset);
      expect(await read(0, 3)).toEqual([0, 1, 2]);
      expect(await read(97, 10)).toEqual([97, 98, 99]);
      expect(await read(100, 10)).toEqual([]);
      expect(await read(5, 0)).toEqual([]);
      for (const wrong of [-1, 0.5, Number.NaN]) {
        await expect(log.read("events_views", partition, { from: wrong, limit: 1 })).rejects.toMatchObject({
          code: "PARAMETER_INVALID",
        });
      }
      await expect(log.read("events_views", partitionCount, { from: 0, limit: 1 })).rejects.toMatchObject({
        code: "PARAMETER_INVALID",
      });
    });

    it("remembers where groups go on, each by itself, also after reopening", async () => {
      await log.commit("bronze", [
        { topic: "events_views", partition: 0, offset: 5 },
        { topic: "events_ratings", partition: 2, offset: 1 },
      ]);
      await log.commit("live", [{ topic: "events_views", partition: 0, offset: 9 }]);
      await log.commit("bronze", [{ topic: "events_views", partition: 0, offset: 6 }]);
      await reopen();
      expect(await log.committed("bronze")).toEqual(
        expect.arrayContaining([
          { topic: "events_views", partition: 0, offset: 6 },
          { topic: "events_ratings", partition: 2, offset: 1 },
        ]),
      );
      expect(await log.committed("bronze")).toHaveLength(2);
      expect(await log.committed("live")).toEqual([{ topic: "events_views", partition: 0, offset: 9 }]);
      expect(await log.committed("bron")).toEqual([]);
      expect((await log.groups()).sort()).toEqual(["bronze", "live"]);
      for (const wrong of [
        { topic: "events_views", partition: 7, offset: 0 },
        { topic: "events_views", partition: 0, offset: -1 },
      ] as const) {
        await expect(log.commit("bronze", [wrong])).rejects.toMatchObject({ code: "PARAMETER_INVALID" });
      }
      await expect(log.commit("a/b", [])).rejects.toMatchObject({ code: "PARAMETER_INVALID" });
    });

    it("tells the lag of a group, and replays from an offset or a time", async () => {
      const times = [1000, 2000, 2000, 3000, 4000];
      await log.append(times.map((receivedMs) => record("7", { receivedMs })));
      const { partition } = (await everything(log, "events_views"))[0]!;
      const lag = async () =>
        (await lagOf(log, "g", ["events_views"])).find((at) => at.partition === partition)!.lag;
      expect(await lag()).toBe(5);
      await log.commit("g", [{ topic: "events_views", partition, offset: 4 }]);
      expect(await lag()).toBe(1);
      const starts = [
        [{ offset: 2 }, 3],
        [{ offset: 99 }, 0],
        [{ receivedMs: 0 }, 5],
        [{ receivedMs: 2000 }, 4],
        [{ receivedMs: 2001 }, 2],
        [{ receivedMs: 9999 }, 0],
      ] as const;
      for (const [start, behind] of starts) {
        await replayGroup(log, { group: "g", topics: ["events_views"], start });
        expect(await lag()).toBe(behind);
      }
    });

    it("forgets by the retention of each topic, but neither offsets nor ids", async () => {
      const now = 1_800_000_000_000;
      const old = now - retentionMs.events_views - 1;
      const sent = [
        record("7", { receivedMs: old }),
        record("7", { receivedMs: old }),
        record("7", { receivedMs: now }),
        record("7", { topic: "events_ratings", receivedMs: old }),
        record("7", { topic: "events_clicks", receivedMs: old }),
      ];
      const told = await log.append(sent);
      const at = told[0]!.partition;
      expect(await log.trim(now)).toBe(3);
      expect(await log.trim(now)).toBe(0);
      await reopen();
      const state = async (topic: Topic) =>
        (await log.partitions()).find((one) => one.topic === topic && one.partition === at);
      expect(await state("events_views")).toMatchObject({ first: 2, next: 3 });
      expect(await state("events_ratings")).toMatchObject({ first: 0, next: 1 });
      expect(await state("events_clicks")).toMatchObject({ first: 1, next: 1 });
      // a reader whose place is gone goes on with the first that is kept
      expect((await log.read("events_views", at, { from: 0, limit: 9 })).map(({ offset }) => offset)).toEqual(
        [2],
      );
      expect((await log.append([sent[0]!]))[0]).toEqual({ ...told[0], isDuplicate: true });
      expect((await log.append([record("7", { topic: "events_clicks" })]))[0]!.offset).toBe(1);
    });

    it("refuses every call after close", async () => {
      await log.append([record("7")]);
      const late = log.append([record("8")]);
      await log.close();
      await late; // what was asked before is done
      for (const call of [
        () => log.append([record("7")]),
        () => log.read("events_views", 0, { from: 0, limit: 1 }),
        () => log.partitions(),
        () => log.groups(),
        () => log.commit("g", [{ topic: "events_views", partition: 0, offset: 0 }]),
        () => log.trim(Number.MAX_SAFE_INTEGER),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
      }
      log = await kind.open();
      expect(await everything(log, "events_views")).toHaveLength(2);
    });
  });
}

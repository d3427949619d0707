import { describe, expect, it, vi } from "vitest";
import type { UsherEvent } from "../../src/contracts/events.ts";
import { openLiveState } from "../../src/live/live-state.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { event, nowMs, uuid } from "./live-events.ts";
import { memoryEventLog, recordOf } from "./memory-event-log.ts";

const dayMs = 24 * 3600_000;
const failed = (error: unknown) => {
  throw error;
};
const open = (more: Partial<Parameters<typeof openLiveState>[0]> = {}) =>
  openLiveState({ store: memoryStateStore(), now: () => nowMs, flushMs: 0, onFailure: failed, ...more });
const user_id = "u";
const session_id = uuid(7);
const viewAfter = async (...events: UsherEvent[]) => {
  const live = await open();
  await live.apply(events);
  return live.view({ userId: user_id }, nowMs);
};

describe("the profile of a person", () => {
  it("adds decayed weights and keeps the newest rating alone", async () => {
    const { pairs } = await viewAfter(
      event("click", { user_id, item_id: "a" }, nowMs - 90 * dayMs),
      event("like", { user_id, item_id: "a" }, nowMs),
      event("rating", { user_id, item_id: "a", rating: 5 }, nowMs - 3 * dayMs),
      event("rating", { user_id, item_id: "a", rating: 2 }, nowMs - dayMs),
      event("rating", { user_id, item_id: "b", rating: 4 }, nowMs - 180 * dayMs),
    );
    expect(pairs).toEqual([
      {
        itemId: "a",
        weight: 0.1 + 1,
        rating: { value: 2, weight: 0, tsMs: nowMs - dayMs },
        isConsumed: true,
        isDenied: false,
        lastTsMs: nowMs,
      },
      {
        itemId: "b",
        weight: 0,
        rating: { value: 4, weight: 0.2, tsMs: nowMs - 180 * dayMs },
        isConsumed: true,
        isDenied: false,
        lastTsMs: nowMs - 180 * dayMs,
      },
    ]);
  });
  it("knows weights of every action as the contract has them", async () => {
    const at = (type: Parameters<typeof event>[0], fields: object, itemId: string) =>
      event(type, { user_id, item_id: itemId, ...fields }, nowMs);
    const { pairs } = await viewAfter(
      at("view", {}, "page"),
      at("view", { progress: 0.89 }, "part"),
      at("view", { progress: 0.9 }, "whole"),
      at("listen", {}, "heard"),
      at("listen", { completed: true }, "heard out"),
      at("click", {}, "click"),
      at("like", {}, "like"),
      at("bookmark", {}, "bookmark"),
      at("dislike", {}, "dislike"),
    );
    expect(Object.fromEntries(pairs.map(({ itemId, weight }) => [itemId, weight]))).toEqual({
      ...{ page: 0.05, part: 0.5, whole: 1, heard: 0.3, "heard out": 1, click: 0.2, like: 1, bookmark: 0.3 },
      dislike: 0,
    });
    const consumed = pairs.filter(({ isConsumed }) => isConsumed).map(({ itemId }) => itemId);
    expect(consumed).toEqual(["dislike", "heard out", "whole"]);
  });
  it("denies what was disliked until that is retracted, whatever comes after", async () => {
    const dislike = event("dislike", { user_id, item_id: "a" });
    const like = event("like", { user_id, item_id: "a" });
    const retract = event("retract", { user_id, target_event_id: dislike.event_id });
    expect((await viewAfter(dislike, like)).pairs[0]?.isDenied).toBe(true);
    expect((await viewAfter(retract, like, dislike)).pairs[0]?.isDenied).toBe(false);
  });
  it("lets nobody retract what somebody else did", async () => {
    const dislike = event("dislike", { user_id, item_id: "a" });
    const other = event("retract", { user_id: "v", target_event_id: dislike.event_id });
    const live = await open();
    await live.apply([other, dislike]);
    expect((await live.view({ userId: user_id })).pairs[0]?.isDenied).toBe(true);
    await live.apply([event("rating", { user_id: "v", item_id: "b", rating: 4 })]);
    expect((await live.view({ userId: "v" })).pairs).toHaveLength(1);
  });
  it("goes on with what was begun, by its last look", async () => {
    const look = (itemId: string, progress: number | undefined, ageMs: number) =>
      event(
        "view",
        { user_id, item_id: itemId, ...(progress === undefined ? {} : { progress }) },
        nowMs - ageMs,
      );
    const { continuing } = await viewAfter(
      look("a", 0.4, 1000),
      look("b", 0.2, 3000),
      look("b", 0.95, 2000),
      look("c", 0, 500),
      look("d", 0.1, 9000),
      look("d", 0.3, 400),
      look("d", undefined, 100),
    );
    expect(continuing.map(({ itemId, progress }) => [itemId, progress])).toEqual([
      ["d", 0.3],
      ["a", 0.4],
    ]);
  });
  it("lists bookmarks, the newest first", async () => {
    const mark = (itemId: string, ageMs: number) =>
      event("bookmark", { user_id, item_id: itemId }, nowMs - ageMs);
    expect((await viewAfter(mark("a", 3000), mark("b", 1000), mark("c", 2000))).bookmarks).toEqual([
      "b",
      "c",
      "a",
    ]);
  });
});

describe("sessions", () => {
  it("have a profile of their own, which a merge makes the user's and keeps the session's", async () => {
    const live = await open();
    await live.apply([event("like", { session_id, item_id: "a" })]);
    expect((await live.view({ userId: user_id })).pairs).toEqual([]);
    await live.merge({ userId: user_id, sessionId: session_id });
    await live.merge({ userId: user_id, sessionId: session_id });
    await live.apply([event("like", { session_id, item_id: "b" }), event("like", { user_id, item_id: "c" })]);
    const items = async (person: Parameters<typeof live.view>[0]) =>
      (await live.view(person)).pairs.map(({ itemId }) => itemId);
    expect(await items({ userId: user_id })).toEqual(["a", "b", "c"]);
    expect(await items({ sessionId: session_id })).toEqual(["a", "b"]);
    const { events } = await live.list({ userId: user_id, limit: 10 });
    expect(events).toHaveLength(3);
  });
  it("belong to one user", async () => {
    const live = await open();
    await live.merge({ userId: user_id, sessionId: session_id });
    await expect(live.merge({ userId: "v", sessionId: session_id })).rejects.toMatchObject({
      code: "SESSION_MERGED",
    });
  });
  it("are no user of the same name", async () => {
    const live = await open();
    await live.apply([event("like", { user_id: session_id, item_id: "a" })]);
    expect((await live.view({ sessionId: session_id })).pairs).toEqual([]);
  });
  it("stay merged after a restart from the log alone", async () => {
    const { log } = memoryEventLog();
    const first = await open({ log });
    const like = event("like", { session_id, item_id: "a" });
    await first.apply([like], await log.append([recordOf(like)]));
    await first.merge({ userId: user_id, sessionId: session_id });
    const second = await open({ log });
    expect(second.caughtUp.records).toBe(2);
    expect((await second.view({ userId: user_id })).pairs).toHaveLength(1);
    expect(await second.canonicalHash()).toBe(await first.canonicalHash());
  });
});

describe("the history of a user", () => {
  it("lists every event by page, the newest first, written or not", async () => {
    const live = await open();
    const events = Array.from({ length: 25 }, (_, at) =>
      at % 3 === 0
        ? event("impression", { user_id, item_ids: ["a"], surface: "top", model_version: "v1" }, nowMs - at)
        : event("like", { user_id, item_id: `i${at}` }, nowMs - at),
    );
    await live.apply([...events.slice(0, 15), event("like", { user_id: "u\u0001", item_id: "x" })]);
    await live.flush();
    await live.apply(events.slice(15));
    const seen: UsherEvent[] = [];
    for (let after: string | undefined; ; ) {
      const page = await live.list({ userId: user_id, limit: 4, ...(after ? { after } : {}) });
      expect(page.events.length).toBeLessThanOrEqual(4);
      seen.push(...page.events);
      after = page.next;
      if (after === undefined) break;
    }
    expect(seen).toEqual(events);
  });
  it("takes a foreign cursor for a place like any other", async () => {
    const live = await open();
    await live.apply([event("like", { user_id, item_id: "a" })]);
    for (const after of ["", "%%%", "x".repeat(9000), "__8="]) {
      expect((await live.list({ userId: user_id, limit: 4, after })).events.length).toBeLessThanOrEqual(1);
    }
  });
});

describe("impressions", () => {
  it("count by item and surface, and tell when a person was last shown something", async () => {
    const live = await open();
    const shown = (items: string[], atMs: number) =>
      event("impression", { user_id, item_ids: items, surface: "top", model_version: "v1" }, atMs);
    const first = shown(["a", "b", "a"], nowMs - 5000);
    await live.apply([first, first, shown(["a"], nowMs - 1000)]);
    expect([await live.shownCount("top", "a"), await live.shownCount("for-you", "a")]).toEqual([2, 0]);
    expect([...(await live.lastShown({ userId: user_id }))].sort()).toEqual([
      ["a", nowMs - 1000],
      ["b", nowMs - 5000],
    ]);
  });
});

describe("writing behind", () => {
  it("writes effects and positions together, and only what is written is committed to the log", async () => {
    const { log } = memoryEventLog();
    const store = memoryStateStore();
    const live = await open({ store, log });
    const like = event("like", { user_id, item_id: "a" });
    await live.apply([like], await log.append([recordOf(like)]));
    expect([store.entries.size, await log.committed("live")]).toEqual([0, []]);
    await live.flush();
    expect(store.entries.has("z")).toBe(true);
    expect((await log.committed("live")).find(({ offset }) => offset === 1)?.topic).toBe("events_feedback");
  });
  it("keeps what could not be written for the next attempt, and tells", async () => {
    const store = memoryStateStore();
    const failures: unknown[] = [];
    const live = await open({ store, flushMs: 10, onFailure: (error) => void failures.push(error) });
    store.fails = true;
    await live.apply([event("like", { user_id, item_id: "a" })]);
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0));
    expect((await live.view({ userId: user_id })).pairs).toHaveLength(1);
    await live.apply([event("like", { user_id, item_id: "b" })]);
    store.fails = false;
    await live.close();
    const again = await open({ store });
    expect((await again.view({ userId: user_id })).pairs).toHaveLength(2);
    expect((await again.trending("24h")).map(({ actionCount }) => actionCount)).toEqual([1, 1]);
  });
  it("reads a record from the log whose request died before it was applied", async () => {
    const { log } = memoryEventLog();
    const live = await open({ log, flushMs: 10 });
    const [lost, later] = [
      event("like", { user_id, item_id: "a" }),
      event("like", { user_id, item_id: "b" }),
    ];
    await log.append([recordOf(lost)]);
    await live.apply([later], await log.append([recordOf(later)]));
    await vi.waitFor(async () => expect((await live.view({ userId: user_id })).pairs).toHaveLength(2));
    await live.close();
  });
});

describe("catching up", () => {
  it("says which records the log forgot before they were applied, and goes on behind them", async () => {
    const { log, forget } = memoryEventLog();
    const events = ["a", "b", "c", "d"].map((item_id) => event("like", { user_id, item_id }));
    await log.append(events.map(recordOf));
    forget("events_feedback/1", 3);
    const live = await open({ log });
    expect(live.caughtUp.missed).toEqual([{ topic: "events_feedback", partition: 1, from: 0, to: 3 }]);
    expect((await live.view({ userId: user_id })).pairs.map(({ itemId }) => itemId)).toEqual(["d"]);
    await live.apply(events); // as from silver
    const whole = await open();
    await whole.apply(events);
    expect(await live.canonicalHash()).toBe(await whole.canonicalHash());
  });
  it("passes over a record that holds no event", async () => {
    const { log } = memoryEventLog();
    const like = event("like", { user_id, item_id: "a" });
    await log.append([
      { ...recordOf(like), id: uuid(1), value: Buffer.from("{") },
      { ...recordOf(like), id: uuid(2), value: Buffer.from('{"event_type":"like"}') },
      recordOf(like),
    ]);
    const live = await open({ log });
    expect(live.caughtUp).toEqual({ records: 3, missed: [], restored: 0, unreadable: 2 });
    expect((await live.view({ userId: user_id })).pairs).toHaveLength(1);
  });
  it("begins a log anew that ends before the position", async () => {
    const store = memoryStateStore();
    const old = memoryEventLog();
    const first = await open({ store, log: old.log });
    const events = ["a", "b"].map((item_id) => event("like", { user_id, item_id }));
    await first.apply(events, await old.log.append(events.map(recordOf)));
    await first.close();
    const fresh = memoryEventLog();
    const like = event("like", { user_id, item_id: "c" });
    await fresh.log.append([recordOf(like)]);
    const second = await open({ store, log: fresh.log });
    expect((await second.view({ userId: user_id })).pairs).toHaveLength(3);
  });
});

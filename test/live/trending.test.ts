import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { UsherEvent } from "../../src/contracts/events.ts";
import { actionOf, weightOf } from "../../src/live/action.ts";
import { bucketPrefix } from "../../src/live/keys.ts";
import { openLiveState } from "../../src/live/live-state.ts";
import { type TrendWindow, trendWindowNames, trendWindows } from "../../src/live/trending.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { event, eventSets, nowMs } from "./live-events.ts";

const hourMs = 3600_000;
const open = () =>
  openLiveState({
    store: memoryStateStore(),
    now: () => nowMs,
    flushMs: 0,
    onFailure: (error) => {
      throw error;
    },
  });

/** The same by counting all events. */
function recount(events: readonly UsherEvent[], window: TrendWindow, atMs: number) {
  const { spanMs, bucketMs, halfLifeMs } = trendWindows[window];
  const bucketOf = (tsMs: number) => Math.floor(tsMs / bucketMs) * bucketMs;
  const counts = new Map<string, { score: number; actions: number; ratings: number[] }>();
  for (const each of events) {
    const action = actionOf(each);
    if (!action || action.kind === "dislike") continue;
    const bucket = bucketOf(action.tsMs);
    if (bucket < bucketOf(atMs - spanMs) || bucket > bucketOf(atMs)) continue;
    const count = counts.get(action.itemId) ?? { score: 0, actions: 0, ratings: [] };
    count.score += weightOf(action) * 2 ** ((bucket - atMs) / halfLifeMs);
    count.actions++;
    if (action.kind === "rating") count.ratings.push(action.value);
    counts.set(action.itemId, count);
  }
  return counts;
}

describe("trending", () => {
  it("is what counting all events gives, wherever the clock moved before", async () => {
    const plain = eventSets.map((events) =>
      events.filter((each) => each.event_type !== "retract" && each.event_type !== "merge"),
    );
    const moments = fc.array(fc.integer({ min: -300, max: 300 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(plain, moments, async (events, hours) => {
        const live = await open();
        for (const [at, hour] of hours.entries()) {
          await live.apply(events.filter((_, index) => index % hours.length === at));
          await live.trending("1h", nowMs + hour * hourMs);
        }
        for (const hour of [...hours, 0]) {
          const atMs = nowMs + (hour / 3) * hourMs;
          for (const window of trendWindowNames) {
            const expected = recount(events as UsherEvent[], window, atMs);
            const found = await live.trending(window, atMs);
            expect(found.map(({ itemId }) => itemId).sort()).toEqual([...expected.keys()].sort());
            for (const { itemId, score, actionCount, ratingCount, ratingMean } of found) {
              const { score: sum, actions, ratings } = expected.get(itemId)!;
              expect(score).toBeCloseTo(sum, 5);
              expect([actionCount, ratingCount]).toEqual([actions, ratings.length]);
              const mean = ratings.reduce((total, rating) => total + rating, 0) / ratings.length;
              if (ratings.length > 0) expect(ratingMean).toBeCloseTo(mean, 9);
            }
            const scores = found.map(({ score }) => score);
            expect(scores).toEqual([...scores].sort((left, right) => right - left));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("forgets buckets that no window reaches any more, and is the same state as one that has not yet", async () => {
    const minuteMs = 60_000;
    const events = Array.from({ length: 300 }, (_, at) =>
      event("like", { user_id: "u", item_id: "a" }, nowMs - at * hourMs),
    );
    const store = memoryStateStore();
    const failed = (error: unknown) => {
      throw error;
    };
    let clockMs = nowMs;
    const forgetting = await openLiveState({ store, now: () => clockMs, flushMs: 5, onFailure: failed });
    const keeping = await open();
    for (const live of [forgetting, keeping]) await live.apply(events);
    await forgetting.flush();
    clockMs += 10 * minuteMs; // then it looks for old ones again
    const bucketsOf = async (widthMs: number) => {
      const all = {
        from: bucketPrefix({ widthMs, startMs: 0 }),
        to: bucketPrefix({ widthMs, startMs: 2 * nowMs }),
      };
      return (await store.range(all)).length;
    };
    await expect.poll(() => bucketsOf(hourMs), { timeout: 50_000 }).toBe(9 * 24 + 1);
    expect(await bucketsOf(minuteMs)).toBe(25 + 1);
    for (const window of trendWindowNames) {
      expect(await forgetting.trending(window, nowMs)).toEqual(await keeping.trending(window, nowMs));
    }
    expect(await forgetting.canonicalHash()).toBe(await keeping.canonicalHash());
    await forgetting.close();
  });

  it("takes a retracted event out of the bucket in which it was", async () => {
    const live = await open();
    const like = event("like", { user_id: "u", item_id: "a" });
    await live.apply([like, event("click", { user_id: "u", item_id: "b" })]);
    expect((await live.trending("1h")).map(({ itemId }) => itemId)).toEqual(["a", "b"]);
    await live.apply([event("retract", { user_id: "u", target_event_id: like.event_id })]);
    expect((await live.trending("1h")).map(({ itemId }) => itemId)).toEqual(["b"]);
  });

  it("counts a late event where it belongs, and one from the future when its time has come", async () => {
    const live = await open();
    await live.apply([event("like", { user_id: "u", item_id: "late" }, nowMs - 20 * hourMs)]);
    await live.apply([event("like", { user_id: "u", item_id: "early" }, nowMs + 4 * 60_000)]);
    const ids = async (window: TrendWindow, atMs: number) =>
      (await live.trending(window, atMs)).map(({ itemId }) => itemId);
    expect(await ids("1h", nowMs)).toEqual([]);
    expect(await ids("1h", nowMs + 4 * 60_000)).toEqual(["early"]);
    expect(await ids("24h", nowMs + 4 * 60_000)).toEqual(["early", "late"]);
    expect(await ids("24h", nowMs + 6 * hourMs)).toEqual(["early"]);
  });

  it("makes rows of the table, by window and genre, without items that the catalogue hides", async () => {
    const live = await open();
    await live.apply([
      event("rating", { user_id: "u", item_id: "a", rating: 4 }),
      event("rating", { user_id: "v", item_id: "a", rating: 3 }),
      event("view", { user_id: "u", item_id: "b" }),
      event("like", { user_id: "u", item_id: "hidden" }),
    ]);
    const rows = await live.trendingRows(
      (id) => (id === "hidden" ? undefined : id === "a" ? ["Crime", "Crime"] : ["Crime", "Drama"]),
      nowMs,
    );
    expect(rows).toHaveLength(3 * 5);
    expect(rows[0]).toEqual({
      item_id: "a",
      genre: "",
      window: "1h",
      window_end: "2026-03-01T12:00:00.000Z",
      view_count: 0,
      click_count: 0,
      rating_count: 2,
      rating_avg: 3.5,
      trend_score: Math.round(0.8 * 2 ** -1.5 * 1e6) / 1e6,
      rank: 1,
      computed_at: "2026-03-01T12:00:00.000Z",
    });
    expect(rows.filter(({ genre, window }) => genre === "Drama" && window === "7d")).toMatchObject([
      { item_id: "b", rank: 1, view_count: 1 },
    ]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../src/contracts/merge.ts";
import type { Position } from "../../src/events/event-log.ts";
import { type LiveState, openLiveState } from "../../src/live/live-state.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { eventSets, nowMs, uuid } from "./live-events.ts";
import { memoryEventLog, recordOf } from "./memory-event-log.ts";

const failed = (error: unknown) => {
  throw error;
};
const open = (more: Partial<Parameters<typeof openLiveState>[0]> = {}) =>
  openLiveState({ store: memoryStateStore(), now: () => nowMs, flushMs: 0, onFailure: failed, ...more });

/** Everything that a person can see of a state. */
async function visible(live: LiveState) {
  const people = [{ userId: "u" }, { userId: "s" }, { sessionId: uuid(1) }, { sessionId: uuid(2) }];
  return {
    hash: await live.canonicalHash(),
    views: await Promise.all(people.map((person) => live.view(person, nowMs))),
    rows: await live.trendingRows(() => ["Drama"], nowMs),
    events: await live.list({ userId: "u", limit: 1000 }),
  };
}

async function stateOf(events: readonly LoggedEvent[]) {
  const live = await open();
  await live.apply(events);
  return visible(live);
}

/** The events again, in another order, with some of them twice, in batches. */
const arrivals = (events: readonly LoggedEvent[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...events], { minLength: events.length }),
      fc.subarray([...events]),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
    )
    .map(([shuffled, again, sizes]) => {
      const all = [...shuffled, ...again];
      const batches: LoggedEvent[][] = [];
      for (let at = 0, turn = 0; at < all.length; turn++) {
        const size = sizes[turn % sizes.length]!;
        batches.push(all.slice(at, at + size));
        at += size;
      }
      return batches;
    });
const sets = eventSets.chain((events) => fc.tuple(fc.constant(events), arrivals(events)));

describe("state is a function of the set of events", () => {
  it("whatever the order, the batches, the duplicates, the flushes and what was looked at in between", async () => {
    await fc.assert(
      fc.asyncProperty(sets, fc.array(fc.nat(3)), async ([events, batches], habits) => {
        const live = await open();
        for (const [at, batch] of batches.entries()) {
          const habit = habits[at % (habits.length || 1)];
          const applied = live.apply(batch);
          if (habit === 1) await live.flush();
          if (habit === 2) await live.view({ userId: "u" });
          if (habit === 3) await live.trending("24h");
          await applied;
        }
        expect(await visible(live)).toEqual(await stateOf(events));
      }),
      { numRuns: 150 },
    );
  });

  it("whenever it was stopped and read on from the log", async () => {
    await fc.assert(
      fc.asyncProperty(sets, fc.nat(), async ([events, batches], seed) => {
        const { log } = memoryEventLog();
        const store = memoryStateStore();
        let live = await open({ store, log });
        for (const [at, batch] of batches.entries()) {
          const appended = await log.append(batch.map(recordOf));
          // a request that dies between the log and the state
          if ((seed + at) % 5 !== 0) await live.apply(batch, appended);
          if ((seed + at) % 3 === 0) await live.flush();
          // the process dies: what was not flushed is gone
          if ((seed + at) % 4 === 0) live = await open({ store, log });
        }
        live = await open({ store, log });
        expect(await visible(live)).toEqual(await stateOf(events));
        const sorted = (positions: readonly Position[]) =>
          positions.map((each) => JSON.stringify(each)).sort();
        expect(sorted(await log.committed("live"))).toEqual(sorted(live.positions()));
        for (const { topic, partition, offset } of live.positions()) {
          const state = (await log.partitions()).find(
            (other) => other.topic === topic && other.partition === partition,
          );
          expect(offset).toBe(state?.next);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("whatever the clock says", async () => {
    await fc.assert(
      fc.asyncProperty(eventSets, fc.array(fc.integer({ min: -400, max: 400 })), async (events, jumps) => {
        let clock = nowMs;
        const live = await open({ now: () => clock });
        for (const [at, event] of events.entries()) {
          clock = nowMs + (jumps[at % (jumps.length || 1)] ?? 0) * 24 * 3600_000;
          await live.apply([event]);
          await live.trending("7d");
        }
        clock = nowMs;
        expect(await visible(live)).toEqual(await stateOf(events));
      }),
      { numRuns: 60 },
    );
  });

  it("also when profiles do not stay in memory", async () => {
    await fc.assert(
      fc.asyncProperty(sets, async ([events, batches]) => {
        const live = await open({ profileBytesMax: 0 });
        for (const batch of batches) await live.apply(batch);
        expect(await visible(live)).toEqual(await stateOf(events));
      }),
      { numRuns: 40 },
    );
  });
});

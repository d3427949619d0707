import { expect, it } from "vitest";
import { Counters, groupOfRecord } from "../../src/live/counters.ts";
import { endOf, shownOn } from "../../src/live/keys.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";

const group = shownOn("home");
const other = shownOn("shop");

it("sums are the same however many writes there were, and old records are added up into few", async () => {
  const store = memoryStateStore();
  const counters = new Counters(store);
  for (let number = 1; number <= 200; number++) {
    counters.count({ group, name: `item ${number % 7}` }, [1, number], 1);
    if (number % 2 === 0) counters.count({ group: other, name: "b" }, [1], number % 4 === 0 ? 1 : -1);
    await store.write((await counters.take(number)).changes);
  }
  counters.count({ group, name: "item 0" }, [1, 0], 1); // waits for its write
  const whole = new Map(
    Array.from({ length: 7 }, (_, rest) => {
      const numbers = Array.from({ length: 200 }, (_, at) => at + 1).filter((number) => number % 7 === rest);
      return [`item ${rest}`, [numbers.length + (rest === 0 ? 1 : 0), numbers.reduce((a, b) => a + b, 0)]];
    }),
  );
  for (const reader of [counters, new Counters(store)]) {
    if (reader !== counters) reader.count({ group, name: "item 0" }, [1, 0], 1);
    expect(await reader.in(group)).toEqual(whole);
    expect(await reader.in(other)).toEqual(new Map()); // what was taken back is nothing
  }
  const records = await store.range({ from: group, to: endOf(group) });
  expect(records.length).toBeLessThan(20);
  expect(new Set(records.map(([key]) => groupOfRecord(key)))).toEqual(new Set([group]));
});

it("what a failed write would have taken waits for the next one", async () => {
  const store = memoryStateStore();
  const counters = new Counters(store);
  for (let number = 1; number <= 40; number++) {
    counters.count({ group, name: "a" }, [1], 1);
    const write = await counters.take(number);
    counters.count({ group, name: "a" }, [1], 1); // comes while the write is under way
    if (number % 3 === 0) write.takeBack();
    else await store.write(write.changes);
    expect(await counters.in(group)).toEqual(new Map([["a", [2 * number]]]));
  }
  expect(counters.size).toBe(1);
});

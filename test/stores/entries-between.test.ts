import { expect, it } from "vitest";
import { entriesBetween } from "../../src/stores/entries-between.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";

it.each([2, 3, 4, 6, 7, 100])(
  "gives each entry of a range once, in order, in reads of %i",
  async (pageEntries) => {
    const store = memoryStateStore();
    const keys = ["a", "b", "c", "d", "e", "f", "g"];
    await store.write(keys.map((key) => [key, Buffer.from(key)]));
    const found: string[] = [];
    for await (const [key] of entriesBetween(store, { from: "a", to: "g", pageEntries })) found.push(key);
    expect(found).toEqual(["a", "b", "c", "d", "e", "f"]);
    for await (const _ of entriesBetween(store, { from: "x", to: "z", pageEntries })) found.push("none");
    expect(found.length).toBe(6);
  },
);

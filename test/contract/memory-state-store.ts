import { UsherError } from "../../src/errors.ts";
import { checkChange, checkKey } from "../../src/stores/state-key.ts";
import type { StateStore } from "../../src/stores/state-store.ts";

/** The contract in the fewest lines: a sorted list in memory, searched from the start. For tests of what stands above a store. */
export function memoryStateStore(): StateStore {
  let entries: (readonly [string, Uint8Array])[] = [];
  let isOpen = true;
  const check = () => {
    if (!isOpen) throw new UsherError("STORE_UNAVAILABLE", "closed");
  };
  const compare = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));
  return {
    async get(keys) {
      check();
      for (const key of keys) checkKey(key);
      return keys.map((key) => entries.find(([name]) => name === key)?.[1]);
    },
    async range({ from, to, limit, reverse }) {
      check();
      const within = entries.filter(([key]) => compare(from, key) <= 0 && compare(key, to) < 0);
      return (reverse ? within.reverse() : within).slice(0, limit);
    },
    async write(changes) {
      check();
      changes.forEach(checkChange);
      const all = new Map(entries);
      for (const [key, value] of changes) {
        if (value) all.set(key, value);
        else all.delete(key);
      }
      entries = [...all].sort(([one], [other]) => compare(one, other));
    },
    async close() {
      isOpen = false;
    },
  };
}

import { UsherError } from "../../src/errors.ts";
import { checkChange, checkKey } from "../../src/stores/state-key.ts";
import type { StateStore } from "../../src/stores/state-store.ts";

/**
 * The seam in memory, held by the contract suite: keys in the order of their bytes, everything asynchronous, writes whole. For tests of
 * what stands above a store.
 */
export function memoryStateStore(): StateStore & {
  readonly entries: Map<string, Uint8Array>;
  fails: boolean;
} {
  const entries = new Map<string, Uint8Array>();
  const byBytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));
  let isOpen = true;
  const check = () => {
    if (!isOpen) throw new UsherError("STORE_UNAVAILABLE", "closed");
  };
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    entries,
    fails: false,
    async get(keys) {
      check();
      for (const key of keys) checkKey(key);
      const values = keys.map((key) => entries.get(key));
      await pause();
      return values;
    },
    async range({ from, to, limit = Number.POSITIVE_INFINITY, reverse = false }) {
      check();
      const keys = [...entries.keys()].filter((key) => byBytes(from, key) <= 0 && byBytes(key, to) < 0);
      keys.sort(byBytes);
      if (reverse) keys.reverse();
      const found = keys.slice(0, limit).map((key) => [key, entries.get(key)!] as const);
      await pause();
      return found;
    },
    async write(changes) {
      check();
      changes.forEach(checkChange);
      await pause();
      if (this.fails) throw new Error("the disk is gone");
      for (const [key, value] of changes) {
        if (value === undefined) entries.delete(key);
        else entries.set(key, Uint8Array.from(value));
      }
    },
    async close() {
      isOpen = false;
    },
  };
}

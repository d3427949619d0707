import type { StateStore } from "../../src/stores/state-store.ts";

/** The seam in memory: keys in the order of their bytes, everything asynchronous, writes whole. */
export function memoryStateStore(): StateStore & {
  readonly entries: Map<string, Uint8Array>;
  fails: boolean;
} {
  const entries = new Map<string, Uint8Array>();
  const byBytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    entries,
    fails: false,
    async get(keys) {
      const values = keys.map((key) => entries.get(key));
      await pause();
      return values;
    },
    async range({ from, to, limit = Number.POSITIVE_INFINITY, reverse = false }) {
      const keys = [...entries.keys()].filter((key) => byBytes(from, key) <= 0 && byBytes(key, to) < 0);
      keys.sort(byBytes);
      if (reverse) keys.reverse();
      const found = keys.slice(0, limit).map((key) => [key, entries.get(key)!] as const);
      await pause();
      return found;
    },
    async write(changes) {
      await pause();
      if (this.fails) throw new Error("the disk is gone");
      for (const [key, value] of changes) {
        if (value === undefined) entries.delete(key);
        else entries.set(key, Uint8Array.from(value));
      }
    },
    async close() {},
  };
}

import { strict as assert } from "node:assert";
import type { StateChange, StateStore } from "../stores/state-store.ts";
import { endOf } from "./keys.ts";

/** Entries that one read of the store takes at a time. */
const pageEntries = 1000;

type Changes = Map<string, string | undefined>;
type Groups = Map<string, string[]>;

/**
 * The state as it is now: what the store holds, under the changes that are not written yet.
 *
 * Changes collect in memory and go into the store in one write together with the positions of the log that they reflect, so that
 * after a crash effects and positions agree. One caller changes it at a time; anybody may read at any time.
 */
export class WriteBehind {
  readonly #store: StateStore;
  #changes: Changes = new Map();
  /** Being written; then kept until the next write, since what was changed lately is asked again soon. */
  #written: Changes = new Map();
  #isWriting = false;
  /** Keys among the changes, by the prefix under which a range looks for them. */
  #groups: Groups = new Map();
  #writtenGroups: Groups = new Map();
  readonly #fetched: Changes = new Map();

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Changes that wait for the next write. */
  get changeCount(): number {
    return this.#changes.size;
  }

  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Forgets what was fetched. */
  forget(): void {
    this.#fetched.clear();
  }

  /** Reads keys, so that {@link peek} knows them. Cost: one read of the store for those that are not in memory. */
  async fetch(keys: readonly string[]): Promise<void> {
    const missing: string[] = [];
    for (const key of keys) {
      if (this.#fetched.has(key)) continue;
      this.#fetched.set(key, undefined); // of what is in memory, a place for its value when it leaves
      if (!this.#changes.has(key) && !this.#written.has(key)) missing.push(key);
    }
    if (missing.length === 0) return;
    const values = await this.#store.get(missing);
    for (let at = 0; at < missing.length; at++) {
      const value = values[at];
      if (value) this.#fetched.set(missing[at] as string, textOf(value));
    }
  }

  /** The value of a key that was fetched, as it is after all changes since. */
  peek(key: string): string | undefined {
    if (this.#changes.has(key)) return this.#changes.get(key);
    if (this.#written.has(key)) return this.#written.get(key);
    assert(this.#fetched.has(key), "a key is fetched before it is looked at");
    return this.#fetched.get(key);
  }

  async get(key: string): Promise<string | undefined> {
    if (this.#changes.has(key)) return this.#changes.get(key);
    if (this.#written.has(key)) return this.#written.get(key);
    const [value] = await this.#store.get([key]);
    return textOf(value);
  }

  /** @param group The prefix by which {@link entries} finds the key; absent for keys that are only asked one by one. */
  set(key: string, value: string | undefined, group?: string): void {
    if (group !== undefined && !this.#changes.has(key)) {
      const keys = this.#groups.get(group);
      if (keys) keys.push(key);
      else this.#groups.set(group, [key]);
    }
    this.#changes.set(key, value);
  }

  /** All entries of a group in order, or the last `limit` of those before `before`, the last first. */
  async entries(
    group: string,
    last?: { limit: number; before?: string | undefined },
  ): Promise<[key: string, value: string][]> {
    const [from, to] = [group, last?.before ?? endOf(group)];
    // taken before the store is read: a write that ends meanwhile must not hide them from both
    const changed = new Map([
      ...this.#changedIn(this.#writtenGroups, this.#written, group),
      ...this.#changedIn(this.#groups, this.#changes, group),
    ]);
    const found: [string, string][] = [];
    const wanted = last ? last.limit + changed.size : Number.POSITIVE_INFINITY;
    for (let start = from, end = to; found.length < wanted; ) {
      const limit = Math.min(pageEntries, wanted);
      const page = await this.#store.range({ from: start, to: end, limit, reverse: last !== undefined });
      for (const [key, value] of page) {
        const isRepeated = !last && key === start; // a page begins with the last key of the one before
        if (!isRepeated && !changed.has(key)) found.push([key, textOf(value) as string]);
      }
      const [final] = page.at(-1) ?? [];
      if (page.length < limit || final === undefined) break;
      if (last) end = final;
      else start = final;
    }
    if (changed.size === 0) return last ? found.slice(0, last.limit) : found;
    for (const [key, value] of changed) {
      if (value !== undefined && key >= from && key < to) found.push([key, value]);
    }
    found.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
    return last ? found.reverse().slice(0, last.limit) : found;
  }

  #changedIn(groups: Groups, changes: Changes, group: string): Changes {
    const keys = groups.get(group) ?? [];
    return new Map(Array.from(keys, (key) => [key, changes.get(key)] as const));
  }

  /**
   * Writes all changes, and these entries with them, in one write.
   * @throws UsherError `STORE_UNAVAILABLE`: nothing was written; the changes stay for the next attempt.
   */
  async write(others: readonly StateChange[]): Promise<void> {
    assert(!this.#isWriting, "one write at a time");
    // what leaves memory now may have changed since it was fetched
    for (const key of this.#fetched.keys()) {
      if (this.#written.has(key)) this.#fetched.set(key, this.#written.get(key));
    }
    [this.#written, this.#changes] = [this.#changes, new Map()];
    [this.#writtenGroups, this.#groups] = [this.#groups, new Map()];
    this.#isWriting = true;
    try {
      const changes: StateChange[] = [...others];
      for (const [key, value] of this.#written) {
        changes.push([key, value === undefined ? undefined : Buffer.from(value)]);
      }
      await this.#store.write(changes);
    } catch (error) {
      // what changed since is newer than what was to be written
      for (const [key, value] of this.#changes) this.#written.set(key, value);
      for (const [group, keys] of this.#groups) {
        this.#writtenGroups.set(group, [...new Set([...(this.#writtenGroups.get(group) ?? []), ...keys])]);
      }
      [this.#changes, this.#written] = [this.#written, new Map()];
      [this.#groups, this.#writtenGroups] = [this.#writtenGroups, new Map()];
      throw error;
    } finally {
      this.#isWriting = false;
    }
  }
}

function textOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
}

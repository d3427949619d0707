import { strict as assert } from "node:assert";
import { setImmediate } from "node:timers/promises";
import { oneAtATime } from "../one-at-a-time.ts";
import type { StateChange, StateStore } from "../stores/state-store.ts";
import { ChangeSet } from "./change-set.ts";
import { Counters } from "./counters.ts";
import { endOf, writesKey } from "./keys.ts";
import type { Counts } from "./trend-counts.ts";

/** Entries that one read of the store takes at a time. */
const pageEntries = 1000;
/** Changes that are prepared for the store before the event loop turns. */
const sliceChanges = 1000;

/**
 * The state as it is now: what the store holds, under the changes that are not written yet.
 *
 * Changes collect in memory and go into the store in one write together with the positions of the log that they reflect, so that
 * after a crash effects and positions agree. One caller changes it at a time; anybody may read at any time.
 */
export class WriteBehind {
  readonly #store: StateStore;
  readonly #counters: Counters;
  #changes = new ChangeSet();
  /** Being written; then kept until the next write, since what was changed lately is asked again soon. */
  #written = new ChangeSet();
  #isWriting = false;
  readonly #fetched = new Map<string, string | undefined>();
  #writes: number | undefined;
  /** Writes and readings of counts take turns: a count must be seen in the store or here, and not in both. */
  readonly #inTurn = oneAtATime();

  constructor(store: StateStore) {
    this.#store = store;
    this.#counters = new Counters(store);
  }

  /** Changes that wait for the next write. */
  get changeCount(): number {
    return this.#changes.size + this.#counters.size;
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
    this.#changes.set(key, value, group);
  }

  /** All entries of a group in order, or the last `limit` of those before `before`, the last first. */
  async entries(
    group: string,
    last?: { limit: number; before?: string | undefined },
  ): Promise<[key: string, value: string][]> {
    const [from, to] = [group, last?.before ?? endOf(group)];
    // taken before the store is read: a write that ends meanwhile must not hide them from both
    const changed = new Map([...this.#written.in(group), ...this.#changes.in(group)]);
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

  /** Adds whole numbers to those of a name in a group, or takes them away. Cost: no read. */
  count(place: { group: string; name: string }, counts: Counts, sign: 1 | -1): void {
    this.#counters.count(place, counts, sign);
  }

  /** All that was counted in a group, by name. */
  countsIn(group: string): Promise<ReadonlyMap<string, Counts>> {
    return this.#inTurn(() => this.#counters.in(group));
  }

  /** Removes all that was written of the groups `from` ≤ group < `to`. Cost: a read and a write of all of it. */
  forgetCounts(from: string, to: string): Promise<void> {
    return this.#inTurn(() => this.#counters.forget(from, to));
  }

  /**
   * Writes all changes in one write, and with them what `others` gives at the moment when they are taken.
   * @param how.isAlone Nobody waits for answers meanwhile.
   * @throws UsherError `STORE_UNAVAILABLE`: nothing was written; the changes stay for the next attempt.
   */
  write(others: () => readonly StateChange[], how: { isAlone: boolean }): Promise<void> {
    return this.#inTurn(async () => {
      this.#writes ??= Number(textOf((await this.#store.get([writesKey]))[0]) ?? 0);
      const number = ++this.#writes;
      this.#take();
      const positions = others();
      const counting = this.#counters.take(number); // begins at once: it is of the same moment
      this.#isWriting = true;
      try {
        const counted = await counting;
        const changes: StateChange[] = [
          ...positions,
          [writesKey, Buffer.from(String(number))],
          ...counted.changes,
        ];
        for (const [key, value] of this.#written.entries()) {
          changes.push([key, value === undefined ? undefined : Buffer.from(value)]);
          if (changes.length % sliceChanges === 0) await setImmediate(); // requests wait
        }
        await this.#store.write(changes, how).catch((error: unknown) => {
          counted.takeBack();
          throw error;
        });
      } catch (error) {
        this.#written.add(this.#changes); // what changed since is newer than what was to be written
        [this.#changes, this.#written] = [this.#written, new ChangeSet()];
        throw error;
      } finally {
        this.#isWriting = false;
      }
    });
  }

  #take(): void {
    // what leaves memory now may have changed since it was fetched
    for (const key of this.#fetched.keys()) {
      if (this.#written.has(key)) this.#fetched.set(key, this.#written.get(key));
    }
    [this.#written, this.#changes] = [this.#changes, new ChangeSet()];
  }
}

function textOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
}

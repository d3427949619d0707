import { strict as assert } from "node:assert";
import type { StateChange, StateStore } from "../stores/state-store.ts";
import { endOf } from "./keys.ts";
import {
  addCounts,
  type Counts,
  countsOfText,
  isNothing,
  type OwnCounts,
  textOfCounts,
} from "./trend-counts.ts";

/** Entries that one read of the store takes at a time. */
const pageEntries = 1000;

type Changes = Map<string, string | undefined>;
type Groups = Map<string, string[]>;
type Pending = Map<string, Map<string, OwnCounts>>;

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

  /** What was counted since the last write, by prefix and rest of the key; the store is asked for the sum only when it is written. */
  #counts: Pending = new Map();
  #countSize = 0;
  /** Writes and readings of counts take turns: a count must be seen in the store or here, and not in both. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Changes that wait for the next write. */
  get changeCount(): number {
    return this.#changes.size + this.#countSize;
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

  /** Adds whole numbers to those under `group + rest`, or takes them away. Cost: no read. */
  count(place: { group: string; rest: string }, counts: Counts, sign: 1 | -1): void {
    let group = this.#counts.get(place.group);
    if (!group) {
      group = new Map();
      this.#counts.set(place.group, group);
    }
    const sum = group.get(place.rest);
    if (sum) addCounts(sum, counts, sign);
    else {
      group.set(
        place.rest,
        counts.map((count) => sign * count),
      );
      this.#countSize++;
    }
  }

  /** All that was counted in a group, by the rest of the key. */
  countsIn(group: string): Promise<ReadonlyMap<string, Counts>> {
    return this.#inTurn(async () => {
      const pending = new Map<string, OwnCounts>();
      for (const [rest, counts] of this.#counts.get(group) ?? []) pending.set(rest, [...counts]);
      const sums = new Map<string, OwnCounts>();
      for (const [key, text] of await this.entries(group)) {
        sums.set(key.slice(group.length), countsOfText(text));
      }
      for (const [rest, counts] of pending) {
        const sum = sums.get(rest);
        if (sum) addCounts(sum, counts, 1);
        else sums.set(rest, counts);
      }
      for (const [rest, sum] of sums) if (isNothing(sum)) sums.delete(rest);
      return sums;
    });
  }

  /**
   * Writes all changes in one write, and with them what `others` gives at the moment when they are taken.
   * @throws UsherError `STORE_UNAVAILABLE`: nothing was written; the changes stay for the next attempt.
   */
  write(others: () => readonly StateChange[]): Promise<void> {
    return this.#inTurn(async () => {
      const counted = this.#take();
      const positions = others();
      this.#isWriting = true;
      try {
        const changes: StateChange[] = [...positions, ...(await this.#sums(counted))];
        for (const [key, value] of this.#written) {
          changes.push([key, value === undefined ? undefined : Buffer.from(value)]);
        }
        await this.#store.write(changes);
      } catch (error) {
        this.#takeBack(counted);
        throw error;
      } finally {
        this.#isWriting = false;
      }
    });
  }

  #take(): Pending {
    // what leaves memory now may have changed since it was fetched
    for (const key of this.#fetched.keys()) {
      if (this.#written.has(key)) this.#fetched.set(key, this.#written.get(key));
    }
    [this.#written, this.#changes] = [this.#changes, new Map()];
    [this.#writtenGroups, this.#groups] = [this.#groups, new Map()];
    const counted = this.#counts;
    this.#counts = new Map();
    this.#countSize = 0;
    return counted;
  }

  /** After a failed write: what changed since is newer than what was to be written; counts add up. */
  #takeBack(counted: Pending): void {
    for (const [key, value] of this.#changes) this.#written.set(key, value);
    for (const [group, keys] of this.#groups) {
      this.#writtenGroups.set(group, [...new Set([...(this.#writtenGroups.get(group) ?? []), ...keys])]);
    }
    [this.#changes, this.#written] = [this.#written, new Map()];
    [this.#groups, this.#writtenGroups] = [this.#writtenGroups, new Map()];
    for (const [group, sums] of counted) {
      for (const [rest, counts] of sums) this.count({ group, rest }, counts, 1);
    }
  }

  async #sums(counted: Pending): Promise<StateChange[]> {
    const added = [...counted].flatMap(([group, sums]) =>
      Array.from(sums, ([rest, counts]) => [group + rest, counts] as const),
    );
    const stored = await this.#store.get(added.map(([key]) => key));
    return added.map(([key, counts], at) => {
      const before = textOf(stored[at]);
      const sum = [...counts]; // should the write fail, the counts are still those since the last one
      if (before !== undefined) addCounts(sum, countsOfText(before), 1);
      return [key, isNothing(sum) ? undefined : Buffer.from(textOfCounts(sum))];
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined); // the caller is told
    return result;
  }
}

function textOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
}

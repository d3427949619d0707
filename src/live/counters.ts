import { setImmediate } from "node:timers/promises";
import { entriesBetween } from "../stores/entries-between.ts";
import type { StateChange, StateStore } from "../stores/state-store.ts";
import { endOf, separator } from "./keys.ts";
import {
  addCounts,
  type Counts,
  countsOfText,
  isNothing,
  type OwnCounts,
  textOfCounts,
} from "./trend-counts.ts";

/** Sums of a group, by the rest of the key. */
type Sums = Map<string, OwnCounts>;

/** From so many records on, those of a group are added up into one, in one group a write: so no write takes long. */
const recordsMax = 16;
/** Records that one read of the store takes at a time: some are large. */
const pageRecords = 100;
const numberDigits = 9;

/** What one write takes along. */
export interface CountedWrite {
  readonly changes: readonly StateChange[];
  /** The write failed: what was counted waits for the next one. */
  takeBack(): void;
}

/**
 * Whole numbers that are only added up, by group and name.
 *
 * A write does not read: what was counted of a group since the last one becomes a record of its own, and a reader adds up the records
 * of the group. Now and then they are made one, so they stay few.
 */
export class Counters {
  readonly #store: StateStore;
  #pending = new Map<string, Sums>();
  #size = 0;
  /** Records of each group, as far as this process wrote them. */
  readonly #records = new Map<string, number>();

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Sums that wait for the next write. */
  get size(): number {
    return this.#size;
  }

  /** Adds whole numbers, or takes them away. @param place.name Without the separator of keys. Cost: no read. */
  count(place: { group: string; name: string }, counts: Counts, sign: 1 | -1): void {
    let sums = this.#pending.get(place.group);
    if (!sums) {
      sums = new Map();
      this.#pending.set(place.group, sums);
    }
    if (addTo(sums, { name: place.name, counts, sign })) this.#size++;
  }

  /** All that was counted in a group, by name. Not while a write is under way. */
  async in(group: string): Promise<ReadonlyMap<string, Counts>> {
    const sums: Sums = new Map();
    for (const [name, counts] of this.#pending.get(group) ?? []) sums.set(name, [...counts]);
    for await (const [, record] of this.#read(group)) addRecord(sums, record);
    for (const [name, sum] of sums) if (isNothing(sum)) sums.delete(name);
    return sums;
  }

  /** What was counted since the last write, as changes of the store. @param number Differs from that of every other write. */
  async take(number: number): Promise<CountedWrite> {
    const pending = this.#pending;
    this.#pending = new Map();
    this.#size = 0;
    const before = new Map(this.#records);
    const takeBack = () => {
      for (const [group, count] of before) this.#records.set(group, count);
      for (const [group, sums] of pending) {
        for (const [name, counts] of sums) this.count({ group, name }, counts, 1);
      }
    };
    const changes: StateChange[] = [];
    const write = (group: string, sums: ReadonlyMap<string, Counts>) => {
      const record = textOfSums(sums);
      if (record) changes.push([keyOf(group, number), Buffer.from(record)]);
    };
    let most: { group: string; records: number } = { group: "", records: recordsMax - 1 };
    for (const group of pending.keys()) {
      const records = (this.#records.get(group) ?? 0) + 1;
      this.#records.set(group, records);
      if (records > most.records) most = { group, records };
    }
    for (const [group, sums] of pending) if (group !== most.group) write(group, sums);
    try {
      if (most.group) write(most.group, await this.#merged(most.group, pending, changes));
    } catch (error) {
      takeBack();
      throw error;
    }
    return { changes, takeBack };
  }

  /** The sums of a group with those that wait; the records that they replace are removed by `changes`. */
  async #merged(group: string, pending: ReadonlyMap<string, Sums>, changes: StateChange[]): Promise<Sums> {
    const whole: Sums = new Map();
    for (const [name, sum] of pending.get(group) ?? []) whole.set(name, [...sum]);
    for await (const [key, record] of this.#read(group)) {
      addRecord(whole, record);
      changes.push([key, undefined]);
      await setImmediate(); // a record may hold thousands of names, and requests wait
    }
    this.#records.set(group, 1);
    return whole;
  }

  /** Removes the records of the groups `from` ≤ group < `to`, page by page. Not while a write is under way. */
  async forget(from: string, to: string): Promise<void> {
    for (;;) {
      const page = await this.#store.range({ from, to, limit: pageRecords });
      await this.#store.write(page.map(([key]) => [key, undefined]));
      for (const [key] of page) this.#records.delete(groupOfRecord(key));
      if (page.length < pageRecords) return;
    }
  }

  #read(group: string) {
    return entriesBetween(this.#store, { from: group, to: endOf(group), pageEntries: pageRecords });
  }
}

const keyOf = (group: string, number: number) => group + number.toString(36).padStart(numberDigits, "0");
/** The group of a record's key. */
export const groupOfRecord = (key: string): string => key.slice(0, -numberDigits);

/** @returns True where the name is new. */
function addTo(sums: Sums, { name, counts, sign }: { name: string; counts: Counts; sign: 1 | -1 }): boolean {
  const sum = sums.get(name);
  if (sum) addCounts(sum, counts, sign);
  else sums.set(name, sign === 1 ? [...counts] : counts.map((count) => -count));
  return sum === undefined;
}

/** Adds what a record holds. */
export function addRecord(sums: Sums, record: Uint8Array): void {
  const parts = Buffer.from(record.buffer, record.byteOffset, record.length).toString().split(separator);
  for (let at = 0; at + 1 < parts.length; at += 2) {
    addTo(sums, { name: parts[at] as string, counts: countsOfText(parts[at + 1] as string), sign: 1 });
  }
}

/** Sums as one record, by name; empty where nothing is counted. */
export function textOfSums(sums: ReadonlyMap<string, Counts>): string {
  const parts: string[] = [];
  for (const [name, sum] of sums) if (!isNothing(sum)) parts.push(name, textOfCounts(sum));
  return parts.join(separator);
}

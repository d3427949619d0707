import { createHash } from "node:crypto";
import { entriesBetween } from "../stores/entries-between.ts";
import type { StateStore } from "../stores/state-store.ts";
import { addRecord, groupOfRecord, textOfSums } from "./counters.ts";
import { bucketOf, firstKey, isCountsKey, positionsKey } from "./keys.ts";
import type { OwnCounts } from "./trend-counts.ts";
import { isKept } from "./trending.ts";

const pageEntries = 1000;

/**
 * SHA-256 (hex) over a written state but the positions: the same for equal events, whatever their order and the writes.
 * Of counts it takes the sums, since in how many records they lie depends on the writes; and of buckets of time those that are kept
 * for sure, since when the others are forgotten depends on the clock.
 */
export async function canonicalHash(store: StateStore): Promise<string> {
  const hash = createHash("sha256");
  const add = (key: string, text: string) => hash.update(JSON.stringify([key, text]));
  const counted = new Map<string, Map<string, OwnCounts>>();
  for await (const [key, value] of entriesBetween(store, { from: firstKey, to: positionsKey, pageEntries })) {
    if (isCountsKey(key)) addRecord(sumsOf(counted, groupOfRecord(key)), value);
    else add(key, Buffer.from(value).toString());
  }
  const newest = new Map<number, number>(); // begin of the newest bucket, by width
  const texts: (readonly [group: string, text: string])[] = [];
  for (const [group, sums] of [...counted].sort(byName)) {
    const text = textOfSums(new Map([...sums].sort(byName)));
    if (!text) continue;
    texts.push([group, text]);
    const bucket = bucketOf(group);
    if (bucket) newest.set(bucket.widthMs, Math.max(bucket.startMs, newest.get(bucket.widthMs) ?? 0));
  }
  for (const [group, text] of texts) {
    const bucket = bucketOf(group);
    if (!bucket || isKept(bucket, newest.get(bucket.widthMs) as number)) add(group, text);
  }
  return hash.digest("hex");
}

function sumsOf(counted: Map<string, Map<string, OwnCounts>>, group: string): Map<string, OwnCounts> {
  const sums = counted.get(group) ?? new Map<string, OwnCounts>();
  counted.set(group, sums);
  return sums;
}

const byName = ([left]: [string, unknown], [right]: [string, unknown]) => (left < right ? -1 : 1);

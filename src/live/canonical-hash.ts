import { createHash } from "node:crypto";
import type { StateStore } from "../stores/state-store.ts";
import { addRecord, groupOfRecord, textOfSums } from "./counters.ts";
import { firstKey, isCountsKey, positionsKey } from "./keys.ts";
import type { OwnCounts } from "./trend-counts.ts";

const pageEntries = 1000;

/**
 * SHA-256 (hex) over a written state but the positions: the same for equal events, whatever their order and the writes.
 * Of counts it takes the sums, since in how many records they lie depends on the writes.
 */
export async function canonicalHash(store: StateStore): Promise<string> {
  const hash = createHash("sha256");
  const add = (key: string, text: string) => hash.update(JSON.stringify([key, text]));
  const counted = new Map<string, Map<string, OwnCounts>>();
  for (let from = firstKey; ; ) {
    const page = await store.range({ from, to: positionsKey, limit: pageEntries });
    for (const [key, value] of page) {
      if (key === from) continue; // a page begins with the last key of the one before
      if (isCountsKey(key)) addRecord(sumsOf(counted, groupOfRecord(key)), value);
      else add(key, Buffer.from(value).toString());
    }
    const last = page.at(-1)?.[0];
    if (page.length < pageEntries || last === undefined) break;
    from = last;
  }
  for (const [group, sums] of [...counted].sort(byName)) {
    const text = textOfSums(new Map([...sums].sort(byName)));
    if (text) add(group, text);
  }
  return hash.digest("hex");
}

function sumsOf(counted: Map<string, Map<string, OwnCounts>>, group: string): Map<string, OwnCounts> {
  const sums = counted.get(group) ?? new Map<string, OwnCounts>();
  counted.set(group, sums);
  return sums;
}

const byName = ([left]: [string, unknown], [right]: [string, unknown]) => (left < right ? -1 : 1);

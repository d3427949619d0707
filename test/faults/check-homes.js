// Opens homes that a writer of the log left behind, in a process of its own, since a broken file can end the process.
import { join } from "node:path";
import { checkEach, load } from "./check-each.js";
import { changesOf, recordsOf } from "./ledger.js";

const { openLmdbEventLog } = await load("events/lmdb-event-log.js");
const { openLmdbStateStore } = await load("stores/lmdb-state-store.js");

/** The log: no gap, each call whole or absent, acknowledged ones there, ids and records agree. */
async function logFaults({ home, batch, acked, refused = [] }) {
  const faults = [];
  const log = await openLmdbEventLog({ folder: join(home, "state", "log") });
  try {
    const found = new Map();
    for (const { topic, partition, first, next } of await log.partitions()) {
      const records = await log.read(topic, partition, { from: 0, limit: 1_000_000 });
      if (first !== 0 || records.length !== next) faults.push(`torn: ${topic}/${partition} has gaps`);
      for (const [at, record] of records.entries()) {
        if (record.offset !== at) faults.push(`torn: ${topic}/${partition} lacks offset ${at}`);
        if (found.has(record.id)) faults.push(`doubled: ${record.id}`);
        found.set(record.id, record);
      }
    }
    const calls = new Set([...found.keys()].map((id) => Number.parseInt(id.slice(0, 8), 16)));
    for (const call of acked) if (!calls.has(call)) faults.push(`lost: acknowledged call ${call}`);
    for (const call of refused) if (calls.has(call)) faults.push(`kept: refused call ${call}`);
    for (const call of calls) {
      for (const record of recordsOf(call, batch)) {
        const kept = found.get(record.id);
        if (!kept) faults.push(`torn: call ${call} lacks ${record.id}`);
        else if (Buffer.compare(kept.value, record.value) !== 0) faults.push(`torn: value of ${record.id}`);
      }
    }
    // the table of ids agrees: what is there is a duplicate at its place, what is not there is taken
    const all = Math.max(-1, ...calls) + 2;
    for (let call = Math.max(0, all - 20); call < all; call++) {
      for (const { topic, partition, offset, isDuplicate } of await log.append(recordsOf(call, batch))) {
        if (isDuplicate !== calls.has(call)) faults.push(`torn: ids and records of call ${call} disagree`);
        const [record] = await log.read(topic, partition, { from: offset, limit: 1 });
        if (record === undefined || Number.parseInt(record.id.slice(0, 8), 16) !== call)
          faults.push(`torn: the id of call ${call} names another place`);
      }
    }
  } finally {
    await log.close();
  }
  return faults;
}

/** The state: exactly what states 0..m wrote, with m at least the last acknowledged one. */
async function storeFaults({ home, stores }) {
  const faults = [];
  const store = await openLmdbStateStore({ folder: join(home, "state", "live") });
  try {
    const entries = await store.range({ from: "a", to: "z" });
    const count = entries.find(([key]) => key === "count");
    const last = count === undefined ? -1 : Number(Buffer.from(count[1]).toString());
    if (last < stores) faults.push(`lost: acknowledged state ${stores}, found ${last}`);
    const expected = new Map();
    for (let state = 0; state <= last; state++)
      for (const [key, value] of changesOf(state)) expected.set(key, value);
    if (entries.length !== expected.size) faults.push(`torn: state ${last} has ${entries.length} entries`);
    for (const [key, value] of entries)
      if (!expected.has(key) || Buffer.compare(expected.get(key), value) !== 0)
        faults.push(`torn: state ${key}`);
  } finally {
    await store.close();
  }
  return faults;
}

await checkEach([logFaults, storeFaults]);

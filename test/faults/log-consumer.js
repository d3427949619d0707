// A consumer in a process of its own, so that it can be killed between effects. Takes one JSON argument: { home, out, plantEarly }.
// Its effect is a line in a file for each record; it prints `some` with each, and `done` when nothing is left.
import { appendFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { load } from "./check-each.js";

const { home, out, plantEarly = false } = JSON.parse(process.argv[2] ?? "{}");
const { openLmdbEventLog } = await load("events/lmdb-event-log.js");
const { openConsumer } = await load("events/consumer.js");

const log = await openLmdbEventLog({ folder: join(home, "state", "log") });
/** The planted bug: what is read counts as done. */
const early = {
  ...log,
  async read(topic, partition, options) {
    const records = await log.read(topic, partition, options);
    const last = records.at(-1);
    if (last) await log.commit("g", [{ topic, partition, offset: last.offset + 1 }]);
    return records;
  },
};
const consumer = openConsumer({
  log: plantEarly ? early : log,
  group: "g",
  topics: ["events_views"],
  batchMax: 20,
  effect: async (records) => {
    for (const { id } of records) {
      appendFileSync(out, `${id}\n`);
      writeSync(1, "some\n");
      await setTimeout(1);
    }
  },
});
await consumer.drain();
await log.close();
writeSync(1, "done\n");

// A writer of events and state in a process of its own, so that it can be traced, broken and killed. Takes one JSON argument:
// { home, from, calls, batch, writers, deadlineMs, trim, idGeneration }: calls from..calls−1. Prints, one write each, so that a trace has them in order:
//   recv <n>   the call n is about to be made        ack <n>      it was acknowledged
//   nak <n> <code> <reason>   it was refused         store <n>    the state n was acknowledged
//   snak <n> <code> <reason>  the state n was refused
//   failed <code>   the environment has failed for ever; the process then ends with 1, as a server does
import { writeSync } from "node:fs";
import { join } from "node:path";
import { load } from "./check-each.js";

const {
  home,
  from = 0,
  calls,
  batch,
  writers = 1,
  deadlineMs = 1000,
  idGeneration = 8,
  trim = false,
} = JSON.parse(process.argv[2] ?? "{}");
const { openLmdbEventLog } = await load("events/lmdb-event-log.js");
const { openLmdbStateStore } = await load("stores/lmdb-state-store.js");
const { recordsOf, changesOf } = await import("./ledger.js");

const print = (line) => writeSync(1, `${line}\n`);
const told = (error) => `${error.code} ${error.details?.reason ?? ""}`;
const onFailure = (failure) => {
  print(`failed ${failure.code}`);
  setImmediate(() => process.exit(1)); // after the refusals of what waits
};

let log;
let store;
try {
  log = await openLmdbEventLog({
    folder: join(home, "state", "log"),
    deadlineMs,
    idGeneration,
    onFailure,
  });
  store = await openLmdbStateStore({
    folder: join(home, "state", "live"),
    largeWrite: 1, // every state is kept whole first, then carried out in parts
    deadlineMs,
    onFailure,
  });
} catch (error) {
  print(`closed ${told(error)}`);
  process.exit(1);
}
print("open");

const append = async (call) => {
  print(`recv ${call}`);
  const began = performance.now();
  try {
    await log.append(recordsOf(call, batch));
    print(`ack ${call}`);
  } catch (error) {
    print(`nak ${call} ${told(error)} after ${Math.round(performance.now() - began)} ms`);
  }
};
const write = async (state) => {
  try {
    await store.write(changesOf(state));
    print(`store ${state}`);
  } catch (error) {
    print(`snak ${state} ${told(error)}`);
  }
};

let next = from;
const work = async () => {
  while (next < calls) {
    const call = next++;
    await append(call);
    if (writers === 1 && call % 3 === 2) await write((call - 2) / 3);
    if (trim && call === Math.floor(calls / 2))
      await log.commit("g", [{ topic: "events_views", partition: 0, offset: call }]);
  }
};
await Promise.all(Array.from({ length: writers }, work));
await log.close();
await store.close();
print("done");

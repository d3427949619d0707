// A writer of tables and releases in a process of its own, so that it can be traced and broken. Takes one JSON argument:
// { home, from, calls, sameNames }: calls from..calls−1; with `sameNames` random names are the same in each run. Each writes a version of two tables, every third one a release, too. Prints, one write each:
//   recv <n>   the call n is about to be made        ack <n>      both tables were committed
//   nak <n> <code> after <ms>   one was refused      store <n>    the release of call n serves
//   snak <n> <code> after <ms>  it was refused
import crypto from "node:crypto";
import { writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "./check-each.js";
import { rowsOf, trainingRows } from "./ledger.js";

const { home, from = 0, calls, sameNames = false } = JSON.parse(process.argv[2] ?? "{}");
if (sameNames) {
  let count = 0;
  crypto.randomUUID = () => `${String(count++).padStart(8, "0")}-0000-4000-8000-000000000000`;
  syncBuiltinESMExports();
}
const { openDuckdb } = await load("engine/duckdb.js");
const { openLake } = await load("lake/delta-lake.js");
const { commitOrDiscard } = await load("lake/lake.js");
const { asUsherError } = await load("errors.js");
const { releaseStore } = await load("registry/release-store.js");
const { trainRelease } = await load("registry/train-release.js");
const { interactionsFromTriples } = await load("data/interactions.js");
const { vocabulary } = await load("data/vocabulary.js");

const print = (line) => writeSync(1, `${line}\n`);
const told = async (name, call, work) => {
  const began = performance.now();
  try {
    await work();
    return true;
  } catch (error) {
    print(
      `${name} ${call} ${(name === "snak" ? asUsherError(error) : error).code} after ${Math.round(performance.now() - began)} ms`,
    );
    return false;
  }
};

// one thread, so that its calls come in one order
const engine = await openDuckdb({ threads: 1, temporaryFolder: join(tmpdir(), "usher-lake-writer") });
const lake = openLake(join(home, "lake"), engine);
const releases = releaseStore(home);
const { users, items, values, userCount, itemCount } = trainingRows();
const ids = (prefix, count) => vocabulary(Array.from({ length: count }, (_, at) => `${prefix}${at}`));
const set = {
  users: ids("u", userCount),
  items: ids("i", itemCount),
  ratings: interactionsFromTriples({ users, items, values }, { userCount, itemCount }),
};
const trained = await trainRelease({
  set,
  seed: 1,
  candidates: [
    { algorithm: "popularity", parameters: {} },
    { algorithm: "biased-mf", parameters: { factors: 2, epochs: 2 } },
  ],
});
print("open");

for (let call = from; call < calls; call++) {
  print(`recv ${call}`);
  const select = `SELECT ${call} AS call, range::INTEGER AS row, (range % 2)::VARCHAR AS part FROM range(${rowsOf(call)})`;
  const write = async (table, options) =>
    commitOrDiscard(lake, await lake.stage(table, select, options), { call });
  const isTaken = await told("nak", call, async () => {
    await write("silver_whole", {});
    await write("bronze_added", { mode: "append", partitionBy: ["part"], transactions: { writer: call } });
  });
  if (isTaken) print(`ack ${call}`);
  if (call % 3 !== 2) continue;
  const build = { number: call, tables: { silver_whole: 0 } };
  const isServed = await told("snak", call, async () =>
    releases.promote(await releases.save(trained, { build })),
  );
  if (isServed) print(`store ${call}`);
}
await engine.close();
print("done");

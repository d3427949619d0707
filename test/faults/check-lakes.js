// Opens homes that the writer of tables left behind, as check-homes.js does with those of the log.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkEach, load } from "./check-each.js";
import { rowsOf } from "./ledger.js";

const { openDuckdb } = await load("engine/duckdb.js");
const { openLake } = await load("lake/delta-lake.js");
const { commitOrDiscard } = await load("lake/lake.js");
const { releaseStore } = await load("registry/release-store.js");

const engine = await openDuckdb({ threads: 1, temporaryFolder: join(tmpdir(), "usher-check-lakes") });

/** Rows by call, of a table; empty where it has no version. */
async function rowsByCall(lake, table) {
  if ((await lake.latest(table)) === undefined) return new Map();
  const rows = await engine.rows(
    `SELECT call, count(*) AS n, count(DISTINCT row) AS kinds FROM ${await lake.relation(table)} GROUP BY call`,
  );
  return new Map(rows.map(({ call, n, kinds }) => [call, { n, kinds }]));
}

/** Each call's rows are there whole, once, or not at all; what was acknowledged is there; the next version can be written. */
async function lakeFaults({ home, acked }) {
  const faults = [];
  const lake = openLake(join(home, "lake"), engine);
  const whole = await rowsByCall(lake, "silver_whole");
  const added = await rowsByCall(lake, "bronze_added");
  for (const [call, { n, kinds }] of [...whole, ...added])
    if (n !== rowsOf(call) || kinds !== n) faults.push(`torn: ${n} rows of call ${call}, ${kinds} different`);
  const last = Math.max(-1, ...acked);
  if (whole.size > 1 || Math.max(-1, ...whole.keys()) < last)
    faults.push(`lost: silver_whole has not ${last}, but ${[...whole.keys()]}`);
  for (const call of acked) if (!added.has(call)) faults.push(`lost: bronze_added has not ${call}`);
  const { writer = -1 } =
    (await lake.latest("bronze_added")) === undefined ? {} : await lake.transactions("bronze_added");
  if (writer !== Math.max(-1, ...added.keys())) faults.push(`torn: the writer stands at ${writer}`);
  await commitOrDiscard(lake, await lake.stage("silver_whole", "SELECT 1 AS call, 1 AS row, 'x' AS part"));
  return faults;
}

/** The release that serves is whole, and not older than the last that was acknowledged; so is each that is listed. */
async function releaseFaults({ home, stores }) {
  const faults = [];
  const releases = releaseStore(home);
  const serving = await releases.current();
  const number = serving === undefined ? -1 : (await releases.load(serving)).report.build.number;
  if (number < stores) faults.push(`lost: the release of call ${stores}, found that of ${number}`);
  for (const { version } of await releases.list()) await releases.load(version);
  return faults;
}

await checkEach([releaseFaults, lakeFaults]);
await engine.close();

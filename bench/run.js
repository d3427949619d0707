// `npm run bench -- <name> [--data <folder>] [--tiny] [--rival] [--minutes <n>]`: builds what is not built, compiles the benchmarks and runs one.
// `npm run bench -- report` runs every contest with its rival and so writes bench/REPORT.md anew.
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isBuilt } from "../scripts/stamp.js";

const root = fileURLToPath(new URL("..", import.meta.url));

const node = (args) => {
  const done = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
};

if (!isBuilt()) node(["scripts/build.js"]);
node(["node_modules/typescript/bin/tsc", "-p", "tsconfig.bench.json"]);
copyFileSync(`${root}/package.json`, `${root}/dist/bench/package.json`); // the product reads its version beside src/

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string" },
    tiny: { type: "boolean", default: false },
    rival: { type: "boolean", default: false },
    minutes: { type: "string" },
  },
});
const load = (name) => import(pathToFileURL(`${root}/dist/bench/bench/${name}.js`).href);
const known = readdirSync(`${root}/dist/bench/bench`).map((file) => file.replace(/\.js$/, ""));
const [name = ""] = positionals;
/** In the order of the report. */
const contests = ["ials-25m", "ials-1m-spark", "top-k", "svd", "explicit-als", "ease", "item-knn", "scaling"];
const chosen = name === "report" ? contests : [name];
const benches = [];
for (const one of chosen) if (known.includes(one)) benches.push([one, await load(one)]);
if (benches.length === 0 || benches.some(([, bench]) => !("run" in bench))) {
  const names = [];
  for (const other of known) if ("run" in (await load(other))) names.push(other);
  console.error(`bench: expected report or one of ${names.join(", ")}, got ${name || "nothing"}`);
  process.exit(2);
}
const { tiny } = values;
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
if (minutes !== undefined && !(minutes > 0 && minutes <= 10_080)) {
  console.error(`bench: --minutes: expected a number in 0..10080, got ${values.minutes}`);
  process.exit(2);
}
const rival = values.rival || name === "report";
const dataFolder = values.data ?? process.env.USHER_DATA ?? `${root}/../shared/data`;
for (const [one, bench] of benches) {
  console.log(`${one}${tiny ? " (tiny)" : ""}, Node ${process.version}, ${process.arch}`);
  await bench.run({ dataFolder, tiny, rival, minutes });
}

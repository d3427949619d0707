// `npm run bench -- <name> [--data <folder>] [--tiny]`: builds what is not built, compiles the benchmarks and runs one.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: "string" }, tiny: { type: "boolean", default: false } },
});
const load = (name) => import(pathToFileURL(`${root}/dist/bench/bench/${name}.js`).href);
const names = [];
for (const file of readdirSync(`${root}/dist/bench/bench`)) {
  const name = file.replace(/\.js$/, "");
  if ("run" in (await load(name))) names.push(name);
}
const [name = ""] = positionals;
if (!names.includes(name)) {
  console.error(`bench: expected one of ${names.join(", ")}, got ${name || "nothing"}`);
  process.exit(2);
}
const dataFolder = values.data ?? process.env.USHER_DATA ?? `${root}/../shared/data`;
console.log(`${name}${values.tiny ? " (tiny)" : ""}, Node ${process.version}, ${process.arch}`);
await (await load(name)).run({ dataFolder, tiny: values.tiny });

// Before `npm start` and `npm test`: installs what package-lock.json names and builds, each only when needed.
// Plain JavaScript with nothing but Node, since on a fresh clone nothing else is there.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isBuilt } from "./stamp.js";

const root = fileURLToPath(new URL("..", import.meta.url));

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (!((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22)) {
  console.error(
    `usher: needs Node ^20.19 or >=22.12, this is ${process.versions.node}; install a newer Node`,
  );
  process.exit(2);
}

const run = (args) => {
  const done = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
};

/** True when what npm installed (its own record of it) has every package of package-lock.json at its version. */
const isInstalled = () => {
  const record = `${root}/node_modules/.package-lock.json`;
  if (!existsSync(record)) return false;
  const packages = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const installed = packages(record);
  return Object.entries(packages(`${root}/package-lock.json`)).every(
    ([path, wanted]) => path === "" || wanted.optional || installed[path]?.version === wanted.version,
  );
};

if (!isInstalled()) {
  const npm = process.env.npm_execpath;
  if (!npm) {
    console.error("usher: packages are missing; run `npm ci`");
    process.exit(2);
  }
  console.log("usher: installing packages (npm ci)");
  run([npm, "ci", "--no-fund", "--no-audit", "--loglevel", "error"]);
}
if (!isBuilt()) {
  console.log("usher: building");
  run(["scripts/build.js"]);
}

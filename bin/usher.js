#!/usr/bin/env node
// The command `usher`. Plain JavaScript, so that an old Node or a missing build is told plainly.
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const supported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
const entry = new URL("../dist/cli/main.js", import.meta.url);

if (!supported) {
  console.error(
    `usher: needs Node ^20.19 or >=22.12, this is ${process.versions.node}; install a newer Node`,
  );
  process.exit(2);
}
if (!existsSync(entry)) {
  console.error("usher: the program is not built yet; run `npm run build` (after `npm ci`)");
  process.exit(2);
}
const { main } = await import(entry.href);
process.exitCode = await main(process.argv.slice(2));

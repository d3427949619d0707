// `npm test`: format and lint, types, then every test; ends with the line `tests: N passed, N failed, N skipped`.
// Arguments after `--` go to the test runner, such as a file name. `--long` runs the campaigns of test/long instead,
// `--long --sample` a few rounds of each.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const given = process.argv.slice(2);
const long = given.includes("--long");
const sample = given.includes("--sample");
const args = given.filter((arg) => arg !== "--long" && arg !== "--sample");

/** Runs a Node program and gives its exit code. */
const run = (program, programArgs, environment = {}) =>
  spawnSync(process.execPath, [program, ...programArgs], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...environment },
  }).status ?? 1;

/** Checks of the whole tree, unless single tests were named. */
const checks = [
  ["format and lint", "node_modules/@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]],
  ["types", "node_modules/typescript/bin/tsc", ["-p", "tsconfig.test.json"]],
  ["types of the Studio", "node_modules/typescript/bin/tsc", ["-p", "studio/tsconfig.json"]],
  ["types of its tests", "node_modules/typescript/bin/tsc", ["-p", "test/studio/tsconfig.json"]],
];
let failedChecks = 0;
if (args.length === 0 && !long) {
  for (const [name, program, programArgs] of checks) {
    if (run(program, programArgs) === 0) continue;
    console.error(`check failed: ${name}`);
    failedChecks++;
  }
}

const folder = mkdtempSync(join(tmpdir(), "usher-test-"));
const report = join(folder, "report.json");
const verdict = run(
  "node_modules/vitest/vitest.mjs",
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
  long ? { USHER_LONG: sample ? "sample" : "1" } : {},
);
let counts = {
  numPassedTests: 0,
  numFailedTests: 1,
  numPendingTests: 0,
  numTodoTests: 0,
  numFailedTestSuites: 0,
};
try {
  counts = JSON.parse(readFileSync(report, "utf8"));
} catch {
  console.error("the test runner wrote no report: counted as one failure");
}
rmSync(folder, { recursive: true, force: true });

// a file that cannot be loaded has no failed test, so the runner's own verdict counts too
const unloaded = (counts.testResults ?? []).filter(
  (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
).length;
// and so does an error outside any test, such as a rejection that nobody handles
const known = counts.numFailedTests + unloaded;
const failed = failedChecks + (known === 0 && verdict !== 0 ? 1 : known);
console.log(
  `tests: ${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests + counts.numTodoTests} skipped`,
);
process.exitCode = failed === 0 && counts.numPassedTests > 0 ? 0 : 1;

import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** `npm run test:long` sets USHER_LONG and runs the campaigns of test/long instead of the daily tests. */
const long = process.env["USHER_LONG"] !== undefined;

/** Files that take from a minute to four: they begin first, so that no worker waits for one of them at the end. */
const longest = [
  "e2e/kill",
  "cli/bad-input",
  "e2e/retrain",
  "server/access/schemathesis",
  "studio/viewer-states",
  "studio/failures",
  "bench/benches",
  "e2e/start",
  "faults/failing-calls",
  "studio/reach",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).sort((left, right) => placeOf(left) - placeOf(right));
  }
}

export default defineConfig({
  test: {
    include: long ? ["test/long/**/*.test.ts"] : ["test/**/*.test.ts"],
    exclude: long ? [] : ["test/long/**"],
    pool: "forks",
    // strict kernels unless asked otherwise: the same bits on every machine
    env: { USHER_KERNELS: process.env["USHER_KERNELS"] ?? "wasm" },
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: long ? 3_600_000 : 60_000,
    hookTimeout: 120_000,
  },
});

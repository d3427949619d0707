import { defineConfig } from "vitest/config";

/** `npm run test:long` sets USHER_LONG and runs the campaigns of test/long instead of the daily tests. */
const long = process.env["USHER_LONG"] !== undefined;

export default defineConfig({
  test: {
    include: long ? ["test/long/**/*.test.ts"] : ["test/**/*.test.ts"],
    exclude: long ? [] : ["test/long/**"],
    pool: "forks",
    // strict kernels unless asked otherwise: the same bits on every machine
    env: { USHER_KERNELS: process.env["USHER_KERNELS"] ?? "wasm" },
    maxWorkers: 2,
    testTimeout: long ? 3_600_000 : 60_000,
    hookTimeout: 120_000,
  },
});

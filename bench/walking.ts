import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { defaultConfiguration } from "../src/contracts/configuration.ts";
import { openUsher } from "../src/usher.ts";
import type { BenchOptions } from "./movielens.ts";
import { serveHome } from "./served-home.ts";

export interface WalkingResult {
  readonly importSeconds: number;
  readonly trainSeconds: number;
  readonly startSeconds: number;
  readonly requestsPerSecond: number;
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
  /** Resident memory of the server, in bytes, after the requests; `undefined` where the system does not tell. */
  readonly memoryBytes: number | undefined;
  readonly checksum: string;
}

const connections = 16;
/**
 * The walking path on MovieLens-1M: files to silver and gold, training of all candidates with evaluation and refit, a second start,
 * and requests for 1,000 different users over 16 connections from this process. Tiny: the built-in demo and fewer requests.
 */
export async function run({ dataFolder, tiny }: BenchOptions): Promise<WalkingResult> {
  const home = await mkdtemp(join(tmpdir(), "usher-walking-"));
  try {
    const prepared = await prepare(home, tiny ? undefined : join(dataFolder, "ml-1m"));
    const result = { ...prepared, ...(await ask(home, tiny ? 300 : 10_000)) };
    print(result);
    return result;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function prepare(home: string, folder: string | undefined) {
  const usher = await openUsher({ home, configuration: defaultConfiguration });
  try {
    const began = performance.now();
    await usher.importSource(
      folder === undefined
        ? { source: "demo", location: "" }
        : { source: "movielens", location: folder, ratingsFile: "ratings-without-timestamps.dat" },
    );
    await usher.buildLake();
    const built = performance.now();
    await usher.train();
    return { importSeconds: (built - began) / 1000, trainSeconds: (performance.now() - built) / 1000 };
  } finally {
    await usher.close();
  }
}

async function ask(home: string, amount: number) {
  const began = performance.now();
  const server = await serveHome(home);
  const { address } = server;
  const startSeconds = (performance.now() - began) / 1000;
  try {
    const paths = Array.from({ length: 1000 }, (_, user) => `/v1/users/${user + 1}/recommendations?k=10`);
    const requests = paths.map((path) => ({ method: "GET" as const, path }));
    await autocannon({ url: address, connections, amount: Math.ceil(amount / 5), requests }); // warm-up
    const measured = await autocannon({ url: address, connections, amount, requests });
    if (measured.non2xx > 0 || measured.errors > 0) {
      throw new Error(
        `expected only answers 200, got ${measured.non2xx} others and ${measured.errors} errors`,
      );
    }
    return {
      startSeconds,
      requestsPerSecond: measured.requests.total / measured.duration,
      latencyMsP50: measured.latency.p50,
      latencyMsP99: measured.latency.p99,
      memoryBytes: await server.memoryBytes("VmRSS"),
      checksum: await checksumOf(address, paths),
    };
  } finally {
    await server.stop();
  }
}

/** Of the item ids that a hundred users are answered. */
async function checksumOf(address: string, paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths.slice(0, 100)) {
    const { items } = (await (await fetch(address + path)).json()) as { items: { item_id: string }[] };
    hash.update(items.map(({ item_id }) => item_id).join());
  }
  return hash.digest("hex").slice(0, 12);
}

function print(result: WalkingResult): void {
  const rows: [string, string][] = [
    ["files to silver and gold", `${result.importSeconds.toFixed(2)} s`],
    ["training: all candidates, evaluation, refit", `${result.trainSeconds.toFixed(2)} s`],
    ["second start, until it serves", `${result.startSeconds.toFixed(2)} s`],
    [
      `requests, ${connections} connections`,
      `${Math.round(result.requestsPerSecond).toLocaleString("en-US")} /s`,
    ],
    ["latency p50 / p99", `${result.latencyMsP50} / ${result.latencyMsP99} ms`],
    [
      "resident memory after the requests",
      result.memoryBytes === undefined ? "unknown" : `${Math.round(result.memoryBytes / 1e6)} MB`,
    ],
    ["checksum of 100 users' lists", result.checksum],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(46)}${value}`);
}

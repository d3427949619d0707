import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { RunRecord } from "../src/contracts/workflow.ts";
import { itemsOfServer } from "../src/simulate/catalogue-items.ts";
import { type Latencies, latencies } from "../src/simulate/latencies.ts";
import { type PlaySummary, playVisits, type Timing } from "../src/simulate/play.ts";
import { simulateUsers } from "../src/simulate/simulate-users.ts";

import type { BenchOptions } from "./movielens.ts";
import { movielens1mIn, prepareHome } from "./prepared-home.ts";
import { serveHome } from "./served-home.ts";

/** When a list was asked for, against the retraining. */
const phases = ["before", "during", "after"] as const;
type Phase = (typeof phases)[number];

export interface SimulateRetrainResult {
  readonly summary: PlaySummary;
  /** Times of lists, ms, by the phase in which they were answered. */
  readonly listMs: Readonly<Record<Phase, Timing>>;
  /** The retraining, and how long it took. */
  readonly run: RunRecord;
  readonly retrainSeconds: number;
}

const large = { users: 1000, rate: 100, minutes: 10 };
const small = { users: 50, rate: 50, minutes: 0.1 };
/** For so long it is played after the retraining at least. */
const tailMs = 2000;

/**
 * A simulation of so many minutes over a server in a process of its own, in whose middle all tasks of the workflow are run: is every
 * request served, and what does the retraining cost those who ask meanwhile? Fails where a request does.
 */
export async function run({ dataFolder, tiny, minutes }: BenchOptions): Promise<SimulateRetrainResult> {
  const sizes = { ...(tiny ? small : large), ...(minutes === undefined ? {} : { minutes }) };
  const home = await mkdtemp(join(tmpdir(), "usher-simulate-retrain-"));
  try {
    await prepareHome(home, { from: tiny ? undefined : movielens1mIn(join(dataFolder, "ml-1m")) });
    const result = await simulateRetrain(home, sizes);
    print(result);
    if (!result.summary.isServed) throw new Error("NOT every request was served");
    return result;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Serves a home, plays visits against it, and retrains at half of the time; where that takes longer than the rest, it is played on. */
async function simulateRetrain(
  home: string,
  { users, rate, minutes }: typeof large,
): Promise<SimulateRetrainResult> {
  const server = await serveHome(home);
  try {
    const { address } = server;
    const times: Record<Phase, Latencies> = { before: latencies(), during: latencies(), after: latencies() };
    let phase: Phase = "before";
    const halfMs = 30_000 * minutes;
    const over = new AbortController();
    const playing = playVisits({
      address,
      visits: simulateUsers({
        ...{ items: await itemsOfServer(address), users, rate, seed: 1 },
        ...{ startMs: Date.now(), malformedShare: 0.02 },
      }).visits(),
      durationMs: Number.POSITIVE_INFINITY,
      signal: over.signal,
      onList: (ms) => times[phase].add(ms),
    });
    await setTimeout(halfMs);
    phase = "during";
    const began = performance.now();
    const retrained = await retrain(address);
    const retrainSeconds = (performance.now() - began) / 1000;
    phase = "after";
    await setTimeout(Math.max(tailMs, halfMs - 1000 * retrainSeconds));
    over.abort();
    const summary = await playing;
    const listMs = Object.fromEntries(phases.map((one) => [one, timingOf(times[one])]));
    return { summary, listMs: listMs as Record<Phase, Timing>, run: retrained, retrainSeconds };
  } finally {
    await server.stop();
  }
}

/** Runs all tasks. @throws Where one fails. */
async function retrain(address: string): Promise<RunRecord> {
  const ask = async (path: string, options?: RequestInit) => {
    const answer = await fetch(address + path, options);
    if (!answer.ok) throw new Error(`${path}: expected a run, got ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as RunRecord;
  };
  const headers = { "content-type": "application/json" };
  let found = await ask("/v1/runs", { method: "POST", headers, body: "{}" });
  while (found.status === "running") {
    await setTimeout(200);
    found = await ask(`/v1/runs/${found.id}`);
  }
  if (found.status !== "succeeded")
    throw new Error(`expected a retraining that succeeds, got ${JSON.stringify(found)}`);
  return found;
}

const timingOf = (times: Latencies): Timing => ({
  count: times.count,
  p50: times.quantile(0.5),
  p99: times.quantile(0.99),
});

function print({ summary, listMs, run: { tasks }, retrainSeconds }: SimulateRetrainResult): void {
  const whole = (value: number) => value.toLocaleString("en-US");
  const { events, lists, eventToAnswer } = summary;
  const rejected = Object.values(events.rejected).reduce((sum, count) => sum + count, 0);
  const failed = events.failed + events.lost + events.unexpected;
  const rows: [string, string][] = [
    [
      "events",
      `${whole(events.sent)} in ${summary.seconds.toFixed(0)} s: ${whole(events.accepted)} accepted, ${whole(events.duplicates)} sent twice, ${whole(rejected)} spoilt on purpose, ${whole(failed)} failed`,
    ],
    ["lists", `${whole(lists.asked)}, ${whole(lists.failed)} failed, ${whole(eventToAnswer.stale)} stale`],
    ...phases.map((phase): [string, string] => {
      const { count, p50, p99 } = listMs[phase];
      return [
        `  ${phase} the retraining`,
        `${whole(count)} lists, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
      ];
    }),
    [
      "event to changed answer",
      `p50 ${eventToAnswer.p50.toFixed(1)} ms, p99 ${eventToAnswer.p99.toFixed(1)} ms`,
    ],
    ["retraining", `${retrainSeconds.toFixed(1)} s: ${tasks.map(({ name }) => name).join(", ")}`],
    ["releases that answered", summary.modelVersions.join(", then ")],
    ...summary.failures.map((text): [string, string] => ["failure", text]),
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(26)}${value}`);
  console.log(summary.isServed ? "every request was served" : "NOT every request was served");
}

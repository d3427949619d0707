import { rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunRecord } from "../../src/contracts/workflow.ts";
import type { PlaySummary } from "../../src/simulate/play.ts";
import { servedHome } from "../e2e/server-kills.ts";
import { runUsher, startServer } from "../e2e/usher-process.ts";
import { campaignSeed, rounds } from "./campaign.ts";

let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  ground = await servedHome();
});
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

const seconds = rounds(600, 30);

it(`usher simulate for ${seconds} s, seed ${campaignSeed}, with a retrain in the middle: every request is served`, async () => {
  const server = await startServer(["serve", "--home", ground.home]);
  const simulating = runUsher([
    ...["simulate", "--home", ground.home, "--json", "--users", "300", "--rate", "100"],
    ...["--duration", String(seconds), "--seed", String(campaignSeed), "--malformed", "0.02"],
  ]);
  await setTimeout(500 * seconds);
  const began = performance.now();
  const started = await fetch(`${server.address}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(started.status).toBe(202);
  const { id } = (await started.json()) as RunRecord;
  let run: RunRecord;
  do {
    await setTimeout(200);
    run = (await (await fetch(`${server.address}/v1/runs/${id}`)).json()) as RunRecord;
  } while (run.status === "running");
  const trainedIn = (performance.now() - began) / 1000;
  expect(run).toMatchObject({ status: "succeeded" });

  const { code, stdout, stderr } = await simulating;
  const summary = JSON.parse(stdout) as PlaySummary;
  console.log(
    `${summary.events.sent} events, ${summary.lists.asked} lists (${summary.lists.failed} failed), retrained in ${trainedIn.toFixed(1)} s, models ${summary.modelVersions.join()}, list p99 ${summary.listMs.p99} ms, event to answer p99 ${summary.eventToAnswer.p99} ms`,
  );
  expect([summary.failures, code, stderr]).toEqual([[], 0, ""]);
  expect(summary.modelVersions).toHaveLength(2); // the old one until the new one was ready
  expect(summary.events.accepted).toBeGreaterThan(80 * seconds);
  expect(Object.keys(summary.events.rejected).length).toBeGreaterThan(3);
  server.child.kill("SIGTERM");
  expect((await server.finished).code).toBe(0);
});

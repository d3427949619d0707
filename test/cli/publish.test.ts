import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { EditionBody } from "../../src/contracts/lists-http.ts";
import type { RunRecord } from "../../src/contracts/workflow.ts";
import { startServer, startUsher } from "../e2e/usher-process.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-publish-cli-"));
  await usher(["import", "demo"]);
  await usher(["build"]);
  await usher(["train", "--models", "popularity,item-knn,biased-mf"]);
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

async function usher(args: readonly string[], environment: Record<string, string> = {}): Promise<unknown> {
  const { code, stdout, stderr } = await startUsher([...args, "--home", home, "--json"], environment)
    .finished;
  expect([args, code, stderr]).toEqual([args, 0, expect.anything()]);
  return JSON.parse(stdout);
}

it("usher publish does the work itself, and has the server do it where one runs", async () => {
  const here = (await usher(["publish", "-k", "3"])) as EditionBody;
  expect(here).toMatchObject({ model_version: "v0001", k: 3 });
  expect(here.users).toBeGreaterThan(10);
  const server = await startServer(["serve", "--home", home]);
  const there = (await usher(["publish", "--k", "4", "--expire-hours", "1"])) as EditionBody;
  expect(there).toMatchObject({ k: 4, users: here.users });
  expect(Date.parse(there.expires_at) - Date.parse(there.computed_at)).toBe(3600_000);
  expect(((await (await fetch(`${server.address}/v1/lists`)).json()) as { items: unknown[] }).items).toEqual([
    there,
  ]);
  const { code } = await startUsher(["publish", "-k", "0", "--home", home]).finished;
  expect(code).toBe(2);
  server.child.kill("SIGTERM");
  await server.finished;
}, 120_000);

it("a retraining publishes lists only where that is configured", async () => {
  const tasks = ["run", "publish-lists"];
  const { code, stderr } = await startUsher([...tasks, "--home", home, "--json"]).finished;
  expect([code, stderr]).toEqual([2, expect.stringContaining("TASK_UNKNOWN")]);
  const run = (await usher(tasks, { USHER_LISTS_AFTER_TRAINING: "true" })) as RunRecord;
  expect(run.tasks).toMatchObject([
    { name: "publish-lists", status: "succeeded", outputs: { lists: expect.stringMatching(/^v0001-\d+$/) } },
  ]);
}, 120_000);

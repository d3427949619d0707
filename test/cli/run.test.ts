import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunRecord } from "../../src/contracts/workflow.ts";
import { startUsher } from "../e2e/usher-process.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-run-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const usher = (...args: string[]) => startUsher([...args, "--home", home, "--json"]).finished;
const run = async (...args: string[]) => {
  const { code, stdout } = await usher(...args);
  const record = JSON.parse(stdout) as RunRecord;
  return {
    code,
    record,
    statuses: Object.fromEntries(record.tasks.map(({ name, status }) => [name, status])),
  };
};

describe("usher run", () => {
  it("builds, trains and publishes what was imported, and then has nothing to do", async () => {
    await usher("import", "demo");
    const first = await run("run", "build,train,publish");
    expect(first).toMatchObject({
      code: 0,
      statuses: { build: "succeeded", train: "succeeded", publish: "succeeded" },
    });
    const second = await run("run", "build,train,publish");
    expect(second.statuses).toEqual({ build: "unchanged", train: "unchanged", publish: "unchanged" });
    expect(await run("vacuum", "--grace-hours", "1")).toMatchObject({
      code: 0,
      statuses: { vacuum: "succeeded" },
    });
    const { stdout } = await usher("runs");
    expect((JSON.parse(stdout) as RunRecord[]).map(({ id }) => id).slice(1)).toEqual([
      second.record.id,
      first.record.id,
    ]);
  }, 120_000);

  it("says which tasks there are, and ends with 1 where one failed", async () => {
    const wrong = await usher("run", "bake");
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("TASK_UNKNOWN")]);
    const empty = startUsher(["run", "build", "--home", join(home, "empty"), "--json"]);
    const { code, stdout } = await empty.finished;
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as RunRecord).tasks[0]?.error?.code).toBe("HOME_EMPTY");
  }, 60_000);

  it("has the server that owns the home do it", async () => {
    const server = startUsher(["serve", "--home", home, "--port", "0"]);
    await server.until(/serves on/);
    const { code, record } = await run("run", "build");
    expect([code, record.tasks[0]?.status]).toEqual([0, "unchanged"]);
    expect(JSON.parse((await usher("runs")).stdout)[0].id).toBe(record.id);
    server.child.kill("SIGTERM");
    await server.finished;
  }, 60_000);
});

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunRecord } from "../../src/contracts/workflow.ts";
import { UsherError } from "../../src/errors.ts";
import { type Jobs, jobsOf } from "../../src/workflow/jobs.ts";
import { openRunStore, type RunStore } from "../../src/workflow/run-store.ts";
import { type Runner, runnerOf } from "../../src/workflow/runner.ts";
import type { Task, TaskResult } from "../../src/workflow/task.ts";
import { heldClock, until } from "./held-clock.ts";

let folder: string;
let store: RunStore;
let runner: Runner;
let jobs: Jobs;
const clock = heldClock();
const open = async () => {
  store = await openRunStore(folder);
  runner = runnerOf({ tasks: [], store, clock });
  jobs = jobsOf({ runner, store, clock });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-jobs-"));
  await open();
});
afterEach(async () => {
  await runner.close();
  await rm(folder, { recursive: true, force: true });
});

/** A task that ends when it is told to. */
function heldTask(name = "work") {
  let finish: (result: TaskResult) => void = () => {};
  let isRunning = false;
  const task: Task = {
    name,
    retries: 0,
    run: ({ signal, onProgress }) => {
      isRunning = true;
      onProgress({ phase: "train", text: "epoch 1", fraction: 0.5 });
      return new Promise((resolve, reject) => {
        finish = resolve;
        signal.addEventListener("abort", () => reject(new Error("stopped")));
      });
    },
  };
  return { task, finish: (result: TaskResult = {}) => finish(result), isRunning: () => isRunning };
}
const start = (task: Task, kind = "train") => runner.start({ graph: [task], kind, trigger: "job" });
const status = async (id: string) => (await jobs.get(id)).status;

describe("jobs", () => {
  it("show progress, end with a result, and tell from the last of their kind how long they take", async () => {
    const first = heldTask();
    const { id, ended } = await start(first.task);
    await until(first.isRunning);
    expect(await jobs.get(id)).toMatchObject({
      kind: "train",
      status: "running",
      progress: { text: "epoch 1", fraction: 0.5 },
    });
    expect(await jobs.get(id)).not.toHaveProperty("estimate_seconds");
    await clock.move(60_000);
    first.finish({ outputs: { release: "v1" }, note: "better" });
    await ended;
    expect(await jobs.get(id)).toMatchObject({
      status: "succeeded",
      result: { release: "v1" },
      note: "better",
      progress: {},
    });
    await open(); // what is known of the last one outlives the process
    const second = heldTask();
    const next = await start(second.task);
    await until(second.isRunning);
    await clock.move(20_000);
    expect((await jobs.get(next.id)).estimate_seconds).toBe(40);
    expect((await jobs.list()).map((job) => job.id)).toEqual([next.id, id]);
    expect((await store.list()).map((run) => run.id)).toEqual([next.id, id]);
    second.finish();
    await next.ended;
  });

  it("fail with the code of their error, and are none where nobody asked for them", async () => {
    const fails = (): Promise<TaskResult> =>
      Promise.reject(new UsherError("SOURCE_NOT_FOUND", "no such folder"));
    const { id, ended } = await start({ name: "import", run: fails }, "import");
    await ended;
    expect(await jobs.get(id)).toMatchObject({
      status: "failed",
      error: { code: "SOURCE_NOT_FOUND", message: "no such folder" },
    });
    const run = await runner.start({ graph: [{ name: "a", run: async () => ({}) }], trigger: "manual" });
    await run.ended;
    for (const unknown of [run.id, "x", "../lineage", ""])
      await expect(jobs.get(unknown)).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
    await expect(jobs.cancel("x")).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
    expect((await jobs.list()).map((job) => job.id)).toEqual([id]);
    await expect(runner.retry(id)).rejects.toMatchObject({
      code: "PARAMETER_INVALID",
      details: { field: "retry" },
    });
  });

  it("wait for what is before them; one that is cancelled meanwhile lets nobody past", async () => {
    const [first, second, third] = [heldTask(), heldTask(), heldTask()];
    const { id } = await start(first.task);
    const waits = await start(second.task);
    const last = await start(third.task, "import");
    await until(first.isRunning);
    expect(await jobs.get(waits.id)).toMatchObject({
      status: "running",
      progress: { text: `waits for the end of ${id}` },
    });
    await expect(runner.start({ graph: [first.task], trigger: "manual" })).rejects.toMatchObject({
      code: "RUN_BUSY",
    });
    await jobs.cancel(waits.id);
    expect((await waits.ended).status).toBe("cancelled");
    expect((await jobs.cancel(waits.id)).status).toBe("cancelled");
    expect([second.isRunning(), third.isRunning()]).toEqual([false, false]);
    first.finish();
    await until(third.isRunning);
    await jobs.cancel(last.id);
    await jobs.cancel(last.id);
    expect((await last.ended).status).toBe("cancelled");
    expect(await jobs.get(last.id)).toMatchObject({ status: "cancelled", error: { code: "CANCELLED" } });
  });

  it("are refused where too many wait", async () => {
    const { task } = heldTask();
    for (let count = 0; count < 9; count++) await start(task);
    await expect(start(task)).rejects.toMatchObject({ code: "RUN_BUSY" });
  });

  it("of a process that was killed are interrupted, and say what to do; those that had ended stay", async () => {
    const held = heldTask();
    const done = await start({ name: "a", run: async () => ({ outputs: { x: 1 } }) });
    await done.ended;
    const running = await start(held.task, "import");
    const waiting = await start(heldTask().task);
    await until(held.isRunning);
    const killed = runner;
    await open(); // the next process reads what the first has written
    expect((await jobs.list()).map(({ id, kind, status }) => [id, kind, status])).toEqual([
      [waiting.id, "train", "interrupted"],
      [running.id, "import", "interrupted"],
      [done.id, "train", "succeeded"],
    ]);
    expect((await jobs.get(running.id)).error).toEqual({
      code: "RUN_INTERRUPTED",
      message: expect.stringContaining("Start it again"),
    });
    expect(await jobs.cancel(running.id)).toMatchObject({ status: "interrupted" });
    await killed.close();
  });

  it("are kept to the number of 200, apart from the runs of each minute", async () => {
    const save = (id: string, kind?: string) =>
      store.save({
        ...{ id, lane: "main", trigger: "t", status: "succeeded", started_at: "", tasks: [] },
        ...(kind ? { kind } : {}),
      } as RunRecord);
    const idOf = (prefix: string, at: number) =>
      `${prefix}-20260101T000000000-${String(at).padStart(8, "0")}`;
    for (let at = 0; at < 203; at++) await save(idOf("job", at), "train");
    await save(idOf("run", 0));
    expect((await readdir(folder)).filter((name) => name.startsWith("job"))).toHaveLength(200);
    expect((await jobs.list()).map(({ id }) => id).at(-1)).toBe(idOf("job", 3));
    await expect(status(idOf("job", 2))).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
  });
});

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunRecord, Versions } from "../../src/contracts/workflow.ts";
import { UsherError } from "../../src/errors.ts";
import { openRunStore, type RunStore } from "../../src/workflow/run-store.ts";
import { runnerOf } from "../../src/workflow/runner.ts";
import { inOrder, type Task } from "../../src/workflow/task.ts";
import { type HeldClock, heldClock, until } from "./held-clock.ts";

let folder: string;
let store: RunStore;
let clock: HeldClock;
beforeEach(async () => {
  clock = heldClock();
  folder = await mkdtemp(join(tmpdir(), "usher-runs-"));
  store = await openRunStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const done: string[] = [];
const task = (name: string, more: Partial<Task> = {}): Task => ({
  name,
  run: async () => {
    done.push(name);
    return {};
  },
  ...more,
});
const runner = (tasks: readonly Task[]) => runnerOf({ tasks, store, clock });
const statuses = (run: RunRecord) => Object.fromEntries(run.tasks.map(({ name, status }) => [name, status]));
beforeEach(() => void done.splice(0));

describe("the order of tasks", () => {
  it("puts each after those that it needs, and keeps the place of the others", () => {
    const graph = [task("c", { after: ["b"] }), task("a"), task("b", { after: ["a"] })];
    expect(inOrder(graph).map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(inOrder(graph, ["c", "a"]).map(({ name }) => name)).toEqual(["a", "c"]);
  });

  it("refuses an unknown name and a circle", () => {
    expect(() => inOrder([task("a")], ["b"])).toThrowError(
      expect.objectContaining({ code: "TASK_UNKNOWN", message: "tasks: expected names among a, got b" }),
    );
    const circle = [task("a", { after: ["b"] }), task("b", { after: ["a"] })];
    expect(() => inOrder(circle)).toThrowError(/comes after itself/);
  });
});

describe("a run", () => {
  it("does its tasks in order and is remembered with all that became of them", async () => {
    const tasks = [
      task("a", {
        inputs: async () => ({ x: 1 }),
        run: async () => ({ outputs: { y: "v1" }, note: "made" }),
      }),
      task("b", { after: ["a"] }),
    ];
    const { id, ended } = await runner(tasks).start({ trigger: "manual" });
    const run = await ended;
    expect(run).toMatchObject({ id, status: "succeeded", trigger: "manual", lane: "main" });
    expect(run.tasks[0]).toMatchObject({
      status: "succeeded",
      attempts: 1,
      note: "made",
      outputs: { y: "v1" },
    });
    expect(await (await openRunStore(folder)).get(id)).toEqual(run);
    expect(await store.lineage()).toEqual({
      a: { task: "a", run_id: id, at: run.tasks[0]!.ended_at, inputs: { x: 1 }, outputs: { y: "v1" } },
    });
  });

  it("leaves out what has the inputs of its last success, until they change or it is forced", async () => {
    let inputs: Versions = { x: 1, y: "a" };
    const graph = runner([task("a", { inputs: async () => inputs })]);
    const once = async (force = false) => statuses(await (await graph.start({ trigger: "t", force })).ended);
    expect(await once()).toEqual({ a: "succeeded" });
    inputs = { y: "a", x: 1 };
    expect(await once()).toEqual({ a: "unchanged" });
    expect(await once(true)).toEqual({ a: "succeeded" });
    inputs = { x: 2, y: "a" };
    expect(await once()).toEqual({ a: "succeeded" });
    expect(done).toHaveLength(3);
  });

  it("remembers what a task says that it read, and runs again only for what decides", async () => {
    let inputs: Versions = { x: 1, gone: 1 };
    const read = task("a", {
      inputs: async () => inputs,
      run: async () => {
        done.push("a");
        return { inputs: { x: 2, table: 7 }, outputs: { y: 1 } };
      },
    });
    const graph = runner([read]);
    const once = async () => (await (await graph.start({ trigger: "t" })).ended).tasks[0];
    expect(await once()).toMatchObject({ inputs: { x: 2, gone: 1, table: 7 } });
    expect((await store.lineage())["a"]).toMatchObject({
      inputs: { x: 2, gone: 1, table: 7 },
      outputs: { y: 1 },
    });
    expect((await once())?.status).toBe("succeeded"); // it read another x than was told before
    inputs = { x: 2, gone: 1 };
    expect(await once()).toMatchObject({
      status: "unchanged",
      inputs: { x: 2, gone: 1, table: 7 },
      outputs: { y: 1 },
    });
    expect(done).toHaveLength(2);
  });

  it("a failure does not count as a success of its inputs, and blocks what needs it, nothing else", async () => {
    let isBroken = true;
    const broken: Partial<Task> = {
      inputs: async () => ({ x: 1 }),
      run: async () => {
        if (isBroken) throw new UsherError("QUALITY_GATE", "too many");
        return {};
      },
    };
    const graph = runner([
      task("a", broken),
      task("b", { after: ["a"] }),
      task("c", { after: ["b"] }),
      task("d"),
    ]);
    const run = await (await graph.start({ trigger: "t" })).ended;
    expect(run.status).toBe("failed");
    expect(statuses(run)).toEqual({ a: "failed", b: "blocked", c: "blocked", d: "succeeded" });
    expect(run.tasks[0]).toMatchObject({ attempts: 1, error: { code: "QUALITY_GATE", message: "too many" } });
    isBroken = false;
    const again = await (await graph.retry(run.id)).ended;
    expect(again).toMatchObject({ status: "succeeded", retry_of: run.id, trigger: "retry" });
    expect(statuses(again)).toEqual({ a: "succeeded", b: "succeeded", c: "succeeded" });
    expect(done).toEqual(["d", "b", "c"]);
  });

  it("tries a failure of the machine again, waiting twice as long each time", async () => {
    let fails = 2;
    const flaky = task("a", {
      retries: 2,
      backoffMs: 1000,
      run: async () => {
        if (fails-- > 0) throw new Error("the disk hiccuped");
        return {};
      },
    });
    const { ended } = await runner([flaky]).start({ trigger: "t" });
    await until(() => clock.waits()[0] === 1000);
    await clock.move(1000);
    await until(() => clock.waits()[0] === 2000);
    await clock.move(2000);
    expect((await ended).tasks[0]).toMatchObject({ status: "succeeded", attempts: 3 });
  });

  it("waits at most 5 minutes, and not at all where another attempt cannot end otherwise", async () => {
    const broken = task("a", { retries: 12, backoffMs: 1000, run: () => Promise.reject(new Error("no")) });
    const { ended } = await runner([broken]).start({ trigger: "t" });
    for (const wait of [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]) {
      await until(() => clock.waits()[0] === wait);
      await clock.move(wait);
    }
    await until(() => clock.waits()[0] === 300_000);
    await clock.move(300_000);
    expect((await ended).tasks[0]?.attempts).toBe(13);
    const refused = task("a", { retries: 12, run: () => Promise.reject(new UsherError("QUALITY_GATE")) });
    const run = await (await runner([refused]).start({ trigger: "t" })).ended;
    expect(run.tasks[0]).toMatchObject({ status: "failed", attempts: 1 });
  });

  it("cancelled while it waits to try again, it does not try again", async () => {
    let attempts = 0;
    const broken = task("a", {
      retries: 5,
      backoffMs: 60_000,
      run: async () => {
        attempts++;
        throw new Error("no");
      },
    });
    const graph = runner([broken]);
    const { id, ended } = await graph.start({ trigger: "t" });
    await until(() => clock.waits()[0] === 60_000);
    graph.cancel(id);
    const run = await ended;
    expect(run).toMatchObject({ status: "cancelled", tasks: [{ status: "cancelled", attempts: 1 }] });
    expect([attempts, clock.waits()]).toEqual([1, []]);
  });

  it("a task has its whole time again at each attempt, and none is waited for after its end", async () => {
    let attempts = 0;
    const slow = task("a", {
      retries: 1,
      backoffMs: 10,
      timeoutMs: 5000,
      run: ({ signal }) => {
        attempts++;
        return new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(new Error("stopped"))),
        );
      },
    });
    const { ended } = await runner([slow]).start({ trigger: "t" });
    for (const wait of [5000, 10, 5000]) {
      await until(() => clock.waits()[0] === wait);
      await clock.move(wait);
    }
    expect((await ended).tasks[0]).toMatchObject({ attempts: 2, error: { code: "TASK_TIMEOUT" } });
    expect([attempts, clock.waits()]).toEqual([2, []]);
  });

  it("gives up when the retries are used up", async () => {
    const broken = task("a", {
      retries: 1,
      backoffMs: 10,
      run: async () => {
        throw new Error("no");
      },
    });
    const { ended } = await runner([broken]).start({ trigger: "t" });
    await until(() => clock.waits()[0] === 10);
    await clock.move(10);
    expect((await ended).tasks[0]).toMatchObject({ attempts: 2, error: { code: "INTERNAL", message: "no" } });
  });

  it("tells a task that takes too long to stop, and fails with TASK_TIMEOUT", async () => {
    let isStopped = false;
    const slow = task("a", {
      retries: 0,
      timeoutMs: 5000,
      run: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            isStopped = true;
            reject(new Error("stopped"));
          });
        }),
    });
    const { ended } = await runner([slow]).start({ trigger: "t" });
    await until(() => clock.waits()[0] === 5000);
    await clock.move(5000);
    expect((await ended).tasks[0]).toMatchObject({ status: "failed", error: { code: "TASK_TIMEOUT" } });
    expect(isStopped).toBe(true);
  });

  it("a task that does not listen cannot hold up its run for ever", async () => {
    const deaf = task("a", { retries: 0, timeoutMs: 5000, run: () => new Promise(() => {}) });
    const { ended } = await runner([deaf]).start({ trigger: "t" });
    await until(() => clock.waits()[0] === 5000);
    await clock.move(5000);
    await clock.move(10_000);
    expect((await ended).tasks[0]?.error?.code).toBe("TASK_TIMEOUT");
  });

  it("is alone in its lane; another lane runs beside it; cancelled, it stops and the rest is not begun", async () => {
    const held = task("held", {
      run: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
    });
    const graph = runner([held, task("later", { after: ["held"] }), task("other")]);
    const first = await graph.start({ trigger: "t", tasks: ["held", "later"] });
    await expect(graph.start({ trigger: "t" })).rejects.toMatchObject({ code: "RUN_BUSY" });
    const beside = await graph.start({ trigger: "t", tasks: ["other"], lane: "events" });
    expect((await beside.ended).status).toBe("succeeded");
    await until(() => graph.running()[0]?.run.tasks[0]?.status === "running");
    graph.cancel(first.id);
    const run = await first.ended;
    expect(run.status).toBe("cancelled");
    expect(statuses(run)).toEqual({ held: "cancelled", later: "cancelled" });
    expect(() => graph.cancel(first.id)).toThrowError(expect.objectContaining({ code: "RUN_UNKNOWN" }));
    await expect((await graph.start({ trigger: "t", tasks: ["other"] })).ended).resolves.toBeDefined();
  });

  it("closing stops what runs, and nothing starts afterwards", async () => {
    const held = task("held", {
      run: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
    });
    const graph = runner([held]);
    const { ended } = await graph.start({ trigger: "t" });
    await graph.close();
    expect((await ended).status).toBe("cancelled");
    await expect(graph.start({ trigger: "t" })).rejects.toMatchObject({ code: "RUN_BUSY" });
  });

  it("that did nothing is forgotten where that was asked for, and one that failed is not", async () => {
    let outcome: () => Promise<object> = async () => ({ note: "no news" });
    const graph = runner([task("a", { retries: 0, run: () => outcome() })]);
    const once = async () => (await graph.start({ trigger: "t", forgetIdle: true })).ended;
    await once();
    expect(await store.list()).toEqual([]);
    outcome = async () => ({ outputs: { x: 1 } });
    await once();
    outcome = () => Promise.reject(new UsherError("DATA_EMPTY"));
    await once();
    expect((await store.list()).map(({ status }) => status)).toEqual(["failed", "succeeded"]);
  });
});

describe("the history", () => {
  it("marks what the last process left as interrupted, and reads past damaged files", async () => {
    const id = "run-20260101T000000000-00000000";
    const tasks = [
      { name: "a", status: "succeeded", attempts: 1 },
      { name: "b", status: "running", attempts: 1 },
    ];
    const run = {
      id,
      lane: "main",
      trigger: "t",
      status: "running",
      started_at: "2026-01-01T00:00:00.000Z",
      tasks,
    };
    await store.save(run as RunRecord);
    await writeFile(join(folder, "run-20260101T000000001-00000000.json"), '{"id":');
    await writeFile(join(folder, "lineage.json"), "[");
    const read = await (await openRunStore(folder, { isOwner: false })).get(id);
    expect(read.status).toBe("running");
    const reopened = await openRunStore(folder);
    expect(await reopened.list()).toMatchObject([
      { id, status: "interrupted", tasks: [{ status: "succeeded" }, { status: "cancelled" }] },
    ]);
    expect(await reopened.lineage()).toEqual({});
  });

  it("knows no run that is none, whatever its name", async () => {
    for (const id of ["run-20260101T000000000-00000000", "../lineage", ""])
      await expect(store.get(id)).rejects.toMatchObject({ code: "RUN_UNKNOWN" });
  });

  it("keeps the newest 500 of a lane, and those of another beside them", async () => {
    const run = {
      lane: "events",
      trigger: "t",
      status: "succeeded",
      started_at: "2026-01-01T00:00:00.000Z",
      tasks: [],
    };
    const nightly = "run-20251231T000000000-00000000";
    await store.save({ ...run, lane: "main", id: nightly } as RunRecord);
    store = await openRunStore(folder); // the lanes are read again
    for (let at = 0; at < 505; at++)
      await store.save({ ...run, id: `run-20260101T${String(at).padStart(9, "0")}-00000000` } as RunRecord);
    const names = (await readdir(folder)).filter((name) => name.startsWith("run-")).sort();
    expect([names.length, names[0], names[1]]).toEqual([
      501,
      `${nightly}.json`,
      "run-20260101T000000005-00000000.json",
    ]);
    expect((await store.list({ lane: "main" })).map(({ id }) => id)).toEqual([nightly]);
    expect((await store.list({ lane: "events", limit: 600 })).length).toBe(500);
  });

  it("of a home without one is empty", async () => {
    expect(await (await openRunStore(join(folder, "none"), { isOwner: false })).list()).toEqual([]);
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecommendationsBody } from "../../src/contracts/http.ts";
import type { ReleaseReport } from "../../src/contracts/release.ts";
import { bronzeEventsTable } from "../../src/contracts/tables.ts";
import type { JobRecord, LineageRecord, RunRecord } from "../../src/contracts/workflow.ts";
import { loadConfiguration } from "../../src/home/configuration.ts";
import { readBuild } from "../../src/lake/build-record.ts";
import { openUsher, type Usher } from "../../src/usher.ts";
import { memoryLog } from "../lake/small-log.ts";
import { until } from "../workflow/held-clock.ts";

let home: string;
let usher: Usher;
let address: string;
const log = Object.assign(memoryLog(), { committed: [] as object[] });

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-upkeep-"));
  const { values } = await loadConfiguration({
    home,
    environment: {},
    flags: { port: 0, models: { ials: { factors: 8, epochs: 3 } } },
  });
  usher = await openUsher({ home, configuration: values });
  await usher.importSource({ source: "demo", location: "" });
  await usher.buildLake();
  await usher.train();
  await usher.serve();
  const commit = async (group: string, positions: readonly object[]) => {
    if (group === "lake") log.committed.push(...positions);
  };
  await usher.openUpkeep({
    events: {
      log: { ...log, commit } as never,
      trending: () => [
        {
          item_id: "1",
          genre: "",
          window: "1h",
          window_end: "2026-01-02T04:00:00.000Z",
          view_count: 3,
          click_count: 0,
          rating_count: 0,
          trend_score: 1.5,
          rank: 1,
          computed_at: "2026-01-02T04:00:00.000Z",
        },
      ],
    },
  });
  address = await usher.listen();
}, 120_000);
afterAll(async () => {
  await usher.close();
  await rm(home, { recursive: true, force: true });
});

const get = async <Body>(path: string): Promise<Body> => (await usher.ask(path)) as Body;
const send = async (method: string, path: string, body?: object) => {
  const answer = await fetch(address + path, {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const ended = async (run: RunRecord): Promise<RunRecord> => {
  let last = run;
  await until(async () => {
    last = await get<RunRecord>(`/v1/runs/${run.id}`);
    return last.status !== "running";
  });
  return last;
};
const statuses = (run: RunRecord) => Object.fromEntries(run.tasks.map(({ name, status }) => [name, status]));
const refresh = ["sink-events", "build", "train", "publish"];
const start = async (tasks: readonly string[]) => {
  const { status, body } = await send("POST", "/v1/runs", { tasks });
  expect(status).toBe(202);
  return ended(body as unknown as RunRecord);
};

describe("the slow loop of a home", () => {
  it("does nothing again that the start has done", async () => {
    const run = await start(refresh);
    expect(statuses(run)).toEqual({
      "sink-events": "succeeded",
      build: "unchanged",
      train: "unchanged",
      publish: "unchanged",
    });
  });

  it("takes events into a new release, which serves without a refused request", async () => {
    const { items } = await get<{ items: { item_id: string }[] }>("/v1/items?page_size=3");
    for (const { item_id } of items)
      log.add({ event_type: "rating", user_id: "brand-new", item_id, rating: 5 });
    log.add({ event_type: "view", user_id: "brand-new", item_id: "unheard-of" });
    let [asked, refused] = [0, 0];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const answer = await fetch(`${address}/v1/users/brand-new/recommendations`);
        await answer.arrayBuffer();
        asked++;
        if (answer.status !== 200) refused++;
      }
    })();
    const run = await start(refresh);
    isOver = true;
    await asking;
    expect(statuses(run)).toEqual(Object.fromEntries(refresh.map((name) => [name, "succeeded"])));
    expect(asked).toBeGreaterThan(10);
    expect(refused).toBe(0);
    const answer = await get<RecommendationsBody>("/v1/users/brand-new/recommendations");
    expect(answer).toMatchObject({ surface: "for-you", model_version: "v0002" });
    expect(answer.items.map(({ item_id }) => item_id)).not.toContain(items[0]!.item_id);
    expect(answer.items.map(({ item_id }) => item_id)).not.toContain("unheard-of");
    expect(log.committed).toContainEqual({ topic: "events_ratings", partition: 0, offset: 3 });
    expect(statuses(await start(refresh))["build"]).toBe("unchanged");
  }, 60_000);

  it("says where everything came from: from the release back to the rows of bronze and the offsets of the log", async () => {
    const { items } = await get<{ items: LineageRecord[] }>("/v1/lineage");
    const made = (output: string, version: unknown) => {
      const found = items.find(({ outputs }) => outputs[output] === version);
      if (!found) throw new Error(`nothing made ${output} ${version}`);
      return found.inputs;
    };
    const { release } = made("serving", "v0002");
    const { build } = made("release", release);
    const read = made("build", build);
    expect([release, build]).toEqual(["v0002", 2]);
    expect(read).toMatchObject({ bronze_demo_films_raw: 0, bronze_demo_ratings_raw: 0 });
    for (const [topic, count] of [
      ["events_ratings", 3],
      ["events_views", 1],
    ] as const) {
      const table = bronzeEventsTable(topic);
      const version = Number(read[table]);
      const rows = await usher.engine.rows(
        `SELECT log_partition, log_offset FROM ${await usher.lake.relation(table, version)} ORDER BY log_offset`,
      );
      expect(rows).toEqual(Array.from({ length: count }, (_, at) => ({ log_partition: 0, log_offset: at })));
      expect(read[`${topic}/0`]).toBe(count);
      expect(made(table, version)).toMatchObject({ [`${topic}/0`]: count });
    }
    const record = await readBuild(usher.lake.folder, Number(build));
    expect(read).toMatchObject({ ...record.inputs });
    expect(await usher.releases.report(String(release))).toMatchObject({ build: { number: build } });
  });

  it("compacting makes no reason to build anew", async () => {
    for (let at = 0; at < 9; at++) {
      log.add({ event_type: "view", user_id: "u1", item_id: "1" });
      await start(["sink-events"]);
    }
    const before = await usher.lake.rowCount("bronze_events_views_raw");
    expect((await start(["build"])).tasks[0]?.status).toBe("succeeded");
    const run = await start(["compact", "checkpoint"]);
    expect(run.tasks[0]?.outputs).toHaveProperty("bronze_events_views_raw");
    expect(await usher.lake.rowCount("bronze_events_views_raw")).toBe(before);
    expect((await start(["build"])).tasks[0]?.status).toBe("unchanged");
    log.add({ event_type: "view", user_id: "u1", item_id: "1" });
    await start(["sink-events"]);
    expect(await usher.lake.rowCount("bronze_events_views_raw")).toBe(before + 1);
  }, 60_000);

  it("writes what trends", async () => {
    await start(["trending"]);
    const rows = await usher.engine.rows(`SELECT * FROM ${await usher.lake.relation("gold_trending")}`);
    expect(rows).toMatchObject([{ item_id: "1", window: "1h", view_count: 3, rating_avg: null, rank: 1 }]);
  });

  it("trains as a job, with its progress and its release", async () => {
    const { status, body } = await send("POST", "/v1/models", {});
    expect(status).toBe(202);
    const path = `/v1/jobs/${(body as unknown as JobRecord).id}`;
    expect((await send("POST", "/v1/runs", { tasks: ["train"] })).body["code"]).toBe("RUN_BUSY");
    await until(async () => (await get<JobRecord>(path)).status !== "running");
    expect(await get<JobRecord>(path)).toMatchObject({
      kind: "train",
      status: "succeeded",
      result: { release: "v0003", serving: "v0003" },
    });
  }, 60_000);

  it("refuses a training that asks for what there is not, naming it", async () => {
    const asked = async (body: object) => {
      const { status, body: problem } = await send("POST", "/v1/models", body);
      const { code, errors } = problem as { code: string; errors: { field: string; message: string }[] };
      return [status, code, errors[0]?.field, errors[0]?.message];
    };
    expect(await asked({ algorithms: ["ials", "poplarity"] })).toEqual([
      ...[400, "MODEL_UNKNOWN", "algorithms"],
      expect.stringContaining("did you mean popularity?"),
    ]);
    expect(await asked({ parameters: { ialz: {} } })).toEqual([
      ...[400, "MODEL_UNKNOWN", "parameters.ialz"],
      expect.stringContaining("did you mean ials?"),
    ]);
    expect(await asked({ parameters: { ials: { factros: 8 } } })).toEqual([
      ...[400, "MODEL_PARAMETER", "parameters.ials.factros"],
      expect.stringContaining("did you mean factors?"),
    ]);
    expect(await asked({ parameters: { ials: { factors: 0 } } })).toEqual([
      ...[400, "MODEL_PARAMETER", "parameters.ials.factors"],
      "ials: factors must be an integer in 1..1024, got 0",
    ]);
    expect(await asked({ parameters: { svd: { factors: 8 } } })).toEqual([
      ...[400, "PARAMETER_INVALID", "parameters.svd"],
      expect.stringContaining("name svd in `algorithms` too"),
    ]);
    expect(await asked({ parameters: { ials: { factors: [8] } } })).toEqual([
      ...[400, "BODY_INVALID", "parameters.ials.factors"],
      "parameters.ials.factors: expected a number or a text, got 1 values",
    ]);
    expect(await asked({ algorithms: [] })).toEqual([
      ...[400, "BODY_INVALID", "algorithms"],
      "algorithms: expected a list of 1..20 entries, got 0 values",
    ]);
    expect(await asked({ seed: -1 })).toEqual([
      ...[400, "BODY_INVALID", "seed"],
      "seed: expected an integer in 0..4294967295, got -1",
    ]);
    expect((await get<{ items: JobRecord[] }>("/v1/jobs")).items).toHaveLength(1);
  });

  it("a job can be cancelled; what serves stays", async () => {
    const { body } = await send("POST", "/v1/models", {});
    const path = `/v1/jobs/${(body as unknown as JobRecord).id}`;
    expect((await send("DELETE", path)).status).toBe(202);
    await until(async () => (await get<JobRecord>(path)).status !== "running");
    expect((await get<JobRecord>(path)).status).toBe("cancelled");
    expect(await usher.releases.current()).toBe("v0003");
  });

  it("imports as a job, and refuses what is no data set", async () => {
    const { body } = await send("POST", "/v1/imports", { source: "demo" });
    const path = `/v1/jobs/${(body as unknown as JobRecord).id}`;
    await until(async () => (await get<JobRecord>(path)).status !== "running");
    expect(await get<JobRecord>(path)).toMatchObject({ kind: "import", status: "succeeded" });
    const wrong = await send("POST", "/v1/imports", { source: "nothing" });
    expect([wrong.status, wrong.body["code"]]).toEqual([400, "PARAMETER_INVALID"]);
    expect(wrong.body["errors"]).toMatchObject([{ field: "source" }]);
    const missing = await send("POST", "/v1/imports", { source: "movielens:/no/such/folder" });
    expect([missing.status, missing.body["code"]]).toEqual([400, "SOURCE_NOT_FOUND"]);
  }, 60_000);

  it("rolls back to the release before, and promotes again", async () => {
    expect((await send("POST", "/v1/models/v0001/rollback")).body["code"]).toBe("PARAMETER_INVALID");
    expect((await send("POST", "/v1/models/v0003/rollback")).body).toEqual({ version: "v0002" });
    const served = async () => (await get<RecommendationsBody>("/v1/users/1/recommendations")).model_version;
    expect(await served()).toBe("v0002");
    expect((await send("POST", "/v1/models/v0003/promote")).body).toEqual({ version: "v0003" });
    expect(await served()).toBe("v0003");
    for (const path of ["v0099/promote", "v0099/rollback", "none/promote"]) {
      const { status, body } = await send("POST", `/v1/models/${path}`);
      expect([status, body["code"], body["errors"]]).toMatchObject([
        404,
        "RELEASE_UNKNOWN",
        [{ field: "version" }],
      ]);
    }
    expect(await get<object>("/v1/models/v0002")).toMatchObject({ version: "v0002", serving: false });
    const { status, body } = await send("GET", "/v1/models/v0099");
    expect([status, body["code"], body["errors"]]).toMatchObject([
      404,
      "RELEASE_UNKNOWN",
      [{ field: "version" }],
    ]);
    expect((await send("POST", "/v1/models/v0001/promote")).status).toBe(200);
    expect((await send("POST", "/v1/models/v0001/rollback")).body["code"]).toBe("RELEASE_UNKNOWN");
    expect((await send("POST", "/v1/models/v0003/promote")).status).toBe(200);
  });

  it("trains with what was asked for, and says so in the release and in the lineage", async () => {
    const asked = {
      algorithms: ["item-knn", "ials", "svd"],
      parameters: { ials: { epochs: 4 }, svd: { factors: 3 } },
      seed: 7,
    };
    const { status, body } = await send("POST", "/v1/models", asked);
    expect(status).toBe(202);
    const path = `/v1/jobs/${body["id"]}`;
    await until(async () => (await get<JobRecord>(path)).status !== "running");
    const job = await get<JobRecord>(path);
    expect([job.status, job.error]).toEqual(["succeeded", undefined]);
    const release = await get<ReleaseReport>(`/v1/models/${job.result?.["release"]}`);
    expect(release.settings).toEqual({
      models: { ials: { factors: 8, epochs: 4 }, svd: { factors: 3 } },
      seed: 7,
      algorithms: ["item-knn", "ials", "svd"],
    });
    expect(release.seed).toBe(7);
    const tried = [...release.rankers, ...release.raters].map(({ algorithm }) => algorithm);
    expect(tried).toContain("svd");
    expect(release.rankers.find(({ algorithm }) => algorithm === "ials")?.parameters).toMatchObject({
      epochs: 4,
    });
    const settings = async () => {
      const { items } = await get<{ items: { task: string; inputs: { settings?: string } }[] }>(
        "/v1/lineage",
      );
      return JSON.parse(items.find(({ task }) => task === "train")?.inputs.settings ?? "{}");
    };
    expect(await settings()).toEqual(release.settings);
    // the configuration asks for something else: so it is no longer unchanged
    const run = await start(["train"]);
    expect(run.tasks[0]?.status).toBe("succeeded");
    expect(await settings()).toEqual({ models: { ials: { factors: 8, epochs: 3 } }, seed: 42 });
  }, 60_000);

  it("shows quality reports and rejected rows", async () => {
    const { items } = await get<{ items: { number: number; accepted: boolean }[] }>(
      "/v1/quality-reports?limit=1",
    );
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ accepted: true });
    expect(await get<object>("/v1/rejected-rows")).toEqual({ items: [] });
  });

  it("vacuums nothing that a release or a build needs", async () => {
    const run = await start(["vacuum"]);
    expect(run.tasks[0]).toMatchObject({ status: "succeeded", note: expect.stringContaining("0 files") });
    await usher.serve();
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toMatch(/usher_freshness_seconds\{layer="bronze"\} [\d.]+/);
    expect(metrics).toMatch(/usher_task_seconds_count\{task="train"\} \d/);
  });

  it("tells its tasks, which comes after which, and when they next run", async () => {
    const { body } = await send("GET", "/v1/tasks");
    expect(body["items"]).toContainEqual({ name: "train", after: ["build"] });
    const [{ name, next_at: at } = {}] = body["schedules"] as { name?: string; next_at?: string }[];
    expect(name).toBe("events");
    expect(Date.parse(at ?? "") - Date.now()).toBeLessThanOrEqual(61_000);
  });

  it("knows no run, job or task that is none", async () => {
    expect((await send("GET", "/v1/runs/run-1")).body["code"]).toBe("RUN_UNKNOWN");
    expect((await send("DELETE", "/v1/runs/run-1")).body["code"]).toBe("RUN_UNKNOWN");
    expect((await send("GET", "/v1/jobs/1")).body["code"]).toBe("JOB_UNKNOWN");
    expect((await send("POST", "/v1/runs", { tasks: ["bake"] })).body["code"]).toBe("TASK_UNKNOWN");
    expect((await send("POST", "/v1/runs", { retry: "run-1" })).body["code"]).toBe("RUN_UNKNOWN");
  });
});

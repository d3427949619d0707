import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunRecord } from "../../src/contracts/workflow.ts";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { startServer, startUsher } from "../e2e/usher-process.ts";

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

  it("does all else where the release cannot be read, and says so", async () => {
    const models = join(home, "lake", "gold", "gold_models");
    const version = (await readdir(models)).sort().at(-1) as string;
    const ranker = join(models, version, "ranker.bin");
    await rename(ranker, `${ranker}.away`);
    const { code, stdout } = await startUsher(["run", "sink-events", "--home", home]).finished;
    await rename(`${ranker}.away`, ranker);
    expect([code, stdout]).toEqual([0, expect.stringContaining("note: trending tells no genres")]);
  }, 60_000);

  it("without a server works on the events that the log holds", async () => {
    const server = await startServer(["serve", "--home", home]);
    const { items } = (await (await fetch(`${server.address}/v1/items?page_size=1`)).json()) as {
      items: { item_id: string; genres: string[] }[];
    };
    const [{ item_id, genres } = { item_id: "", genres: [] }] = items;
    const event = {
      event_type: "rating",
      event_id: randomUUID(),
      event_ts: new Date().toISOString(),
      user_id: "run-newcomer",
      item_id,
      rating: 5,
    };
    const answer = await fetch(`${server.address}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
    });
    expect(await answer.json()).toMatchObject({ results: [{ status: "accepted" }] });
    server.child.kill("SIGKILL");
    await server.finished;
    const { code, record, statuses } = await run("run", "sink-events,trending,build");
    expect([code, statuses]).toEqual([
      0,
      { "sink-events": "succeeded", trending: "succeeded", build: "succeeded" },
    ]);
    expect(record.tasks[0]?.note).toMatch(/^\d events$/);
    const engine = await openDuckdb({ threads: 1 });
    const lake = openLake(join(home, "lake"), engine);
    const rowsOf = async (table: string, columns: string) =>
      engine.rows(`SELECT ${columns} FROM ${await lake.relation(table)}`);
    expect(await rowsOf("silver_ratings", "user_id, event_id")).toContainEqual({
      user_id: "run-newcomer",
      event_id: event.event_id,
    });
    const trends = await rowsOf("gold_trending", "item_id, genre");
    for (const genre of ["", ...genres]) expect(trends).toContainEqual({ item_id, genre });
    await engine.close();
  }, 120_000);
});

describe("usher train", () => {
  it("has the server that owns the home train, with what the options say", async () => {
    const server = await startServer(["serve", "--home", home]);
    const options = [
      "--models",
      "item-knn,ials",
      "--parameters",
      '{"ials":{"factors":8,"epochs":2}}',
      "--seed",
      "9",
    ];
    const { code, stdout, stderr } = await usher("train", ...options);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^(train|evaluate|publish): /m)]);
    expect(JSON.parse(stdout)).toMatchObject({
      serving: true,
      settings: { models: { ials: { factors: 8, epochs: 2 } }, seed: 9, algorithms: ["item-knn", "ials"] },
    });
    const served = (await (await fetch(`${server.address}/v1/users/1/recommendations`)).json()) as object;
    expect(served).toMatchObject({ model_version: JSON.parse(stdout).version });
    const wrong = await usher("train", "--models", "ails");
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("did you mean ials?")]);
    server.child.kill("SIGTERM");
    await server.finished;
  }, 120_000);
});

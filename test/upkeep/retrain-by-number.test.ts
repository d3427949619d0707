import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ImportedSource } from "../../src/contracts/imports.ts";
import type { ReleaseReport } from "../../src/contracts/release.ts";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { UsherError } from "../../src/errors.ts";
import { buildLake } from "../../src/lake/build.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import { openUpkeep, type Upkeep } from "../../src/upkeep/upkeep.ts";
import { goodItems, goodRatings, itemsSelect, ratingsSelect, smallImport } from "../lake/small-import.ts";
import { memoryLog, type SmallLog } from "../lake/small-log.ts";
import { heldClock, until } from "../workflow/held-clock.ts";
import { type WebhookServer, webhookServer } from "../workflow/webhook-server.ts";

const good = smallImport({ items: itemsSelect(goodItems(100)), ratings: ratingsSelect(goodRatings(100)) });
const bad = smallImport({
  items: itemsSelect(goodItems(100)),
  ratings: ratingsSelect([...goodRatings(90), ...Array(10).fill({ user: "u1", item: "i1", rating: "9" })]),
});

let engine: Engine;
let folder: string;
let log: SmallLog;
let upkeep: Upkeep;
let hook: WebhookServer;
let imported: ImportedSource;
let trainingFails: boolean;
let sinkFails: boolean;
let troubles: string[];
/** How often the newest release was looked at: each minute does it. */
let looks = 0;
const clock = heldClock();
beforeAll(async () => {
  engine = await openDuckdb({ threads: 1 });
});
afterAll(() => engine.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-by-number-"));
  [log, imported, trainingFails, sinkFails, troubles] = [memoryLog(), good, false, false, []];
});
afterEach(async () => {
  await upkeep.close();
  hook.close();
  await rm(folder, { recursive: true, force: true });
});

/** The slow loop over a real lake, with a training that only notes its build; a release of the import serves already. */
async function open(answer: number | "never" = 204): Promise<void> {
  const lake = openLake(join(folder, "lake"), engine);
  const build = () => buildLake({ lake, engine, imports: [imported] });
  const first = await build();
  const releases = [{ version: "v0001", build: first }] as unknown as ReleaseReport[];
  hook = await webhookServer(answer);
  upkeep = await openUpkeep({
    folder: join(folder, "runs"),
    site: {
      ...{ lake, build, graceMs: 0, now: clock.now, trainingSettings: "" },
      log: {
        ...log,
        partitions: async () => {
          if (sinkFails) throw new UsherError("DATA_INVALID", "no event can be read");
          return log.partitions();
        },
      },
      importVersions: async () => ({ imported: imported === good ? 0 : 1 }),
      train: async () => {
        if (trainingFails) throw new UsherError("GATE_REFUSED", "worse than what serves");
        const number = (await upkeep.store.lineage())["build"]?.outputs["build"];
        releases.push({
          version: `v000${releases.length + 1}`,
          build: { number },
          chosen: { reason: "" },
        } as unknown as ReleaseReport);
        return releases.at(-1) as ReleaseReport;
      },
      newestRelease: async () => {
        looks++;
        return releases.at(-1);
      },
      publish: async () => {},
      pins: async () => ({ builds: releases.map((release) => release.build.number), versions: {} }),
    },
    settings: {
      ...{ cron: "", zone: "UTC", catchUp: "once", afterInteractions: 5 },
      ...{ webhookUrl: hook.url, webhookTimeoutMs: 2000 },
    },
    serving: "v0001",
    clock,
    onTrouble: (text) => void troubles.push(text),
  });
}

const viewed = (count: number) => {
  for (let at = 0; at < count; at++) log.add({ event_type: "view", user_id: "u1", item_id: "i1" });
};
/** Runs of the main lane, the oldest first. */
const retrainings = async () => (await upkeep.store.list()).filter(({ lane }) => lane === "main").reverse();
/** A minute goes by, and what it started ends. */
async function minute(): Promise<void> {
  const before = looks;
  await clock.move(60_000);
  await upkeep.scheduler.tick();
  await until(() => looks > before);
  // then the run that it starts, if it starts one
  for (let calm = 0; calm < 10; calm++) {
    await until(() => upkeep.runner.running().length === 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a retraining by the number of events", () => {
  it("starts at so many new events and not before, counted from the newest release", async () => {
    await open();
    viewed(4);
    await minute();
    expect(await retrainings()).toEqual([]);
    viewed(1);
    await minute();
    await minute();
    expect(await retrainings()).toMatchObject([{ trigger: "interactions", status: "succeeded" }]);
    viewed(5);
    await minute();
    expect(await retrainings()).toHaveLength(2);
    expect(hook.notices).toEqual([]);
  });

  it("that the gate of the build refuses is told and remembered, and waits for as many events more", async () => {
    await open();
    imported = bad;
    viewed(5);
    for (let at = 0; at < 10; at++) await minute();
    const [failed, ...others] = await retrainings();
    expect(others).toEqual([]);
    expect(failed).toMatchObject({ trigger: "interactions", status: "failed" });
    expect(failed?.tasks.find(({ name }) => name === "build")?.error?.code).toBe("QUALITY_GATE");
    await until(() => hook.notices.length > 0);
    expect(hook.notices).toEqual([{ event: "run_failed", run: failed }]);
    viewed(4);
    await minute();
    expect(await retrainings()).toHaveLength(1);
    viewed(1);
    await minute();
    expect(await retrainings()).toHaveLength(2);
    imported = good;
    viewed(5);
    await minute();
    expect((await retrainings()).at(-1)).toMatchObject({ status: "succeeded" });
    expect(troubles).toEqual([]);
  });

  it("whose training is refused waits for as many events more, too", async () => {
    await open();
    trainingFails = true;
    viewed(5);
    for (let at = 0; at < 5; at++) await minute();
    expect(await retrainings()).toMatchObject([{ status: "failed" }]);
    trainingFails = false;
    viewed(5);
    await minute();
    expect((await retrainings()).map(({ status }) => status)).toEqual(["failed", "succeeded"]);
  });

  it("is started by the number again where the run before was still under way", async () => {
    await open();
    viewed(5);
    const held = await upkeep.runner.start({
      trigger: "t",
      graph: [
        {
          name: "held",
          run: ({ signal }) =>
            new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
        },
      ],
    });
    await clock.move(60_000);
    await upkeep.scheduler.tick();
    await until(async () => (await upkeep.store.list()).some(({ lane }) => lane === "events"));
    await until(() => upkeep.runner.running().every(({ run }) => run.id === held.id));
    upkeep.runner.cancel(held.id);
    await held.ended;
    await minute();
    expect((await retrainings()).map(({ trigger }) => trigger)).toEqual(["t", "interactions"]);
  });
});

describe("a webhook", () => {
  it.each([500, "never"] as const)("that answers %s does no harm", async (answer) => {
    await open(answer);
    imported = bad;
    viewed(5);
    await minute();
    await until(() => hook.notices.length === 1);
    await until(() => troubles.length === 1);
    expect(troubles[0]).toMatch(/the webhook was not told of run-/);
    imported = good;
    viewed(5);
    await minute();
    expect((await retrainings()).map(({ status }) => status)).toEqual(["failed", "succeeded"]);
  });

  it("that hangs holds up no closing", async () => {
    await open("never");
    imported = bad;
    viewed(5);
    await minute();
    await until(() => hook.notices.length === 1);
    await upkeep.close();
    expect(troubles).toEqual([]); // it did not wait for the notice
  });

  it("is told once of what fails each minute, until it has succeeded again", async () => {
    await open();
    sinkFails = true;
    const seen: number[] = [];
    for (const fails of [true, true, true, false, true]) {
      sinkFails = fails;
      viewed(1);
      await minute();
      await new Promise((resolve) => setTimeout(resolve, 200));
      seen.push(hook.notices.length);
    }
    expect(seen).toEqual([1, 1, 1, 1, 2]);
  });
});

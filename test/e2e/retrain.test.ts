import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JobRecord, RunRecord } from "../../src/contracts/workflow.ts";
import { webhookServer } from "../workflow/webhook-server.ts";
import { servedHome } from "./server-kills.ts";
import { writeSmallMovielens } from "./small-movielens.ts";
import { startServer } from "./usher-process.ts";

let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  ground = await servedHome();
});
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

/** Nothing by the clock, nothing by number, unless a test says so. */
const never = { USHER_RETRAIN_CRON: "", USHER_RETRAIN_AFTER_INTERACTIONS: "0" };
/** More events than {@link clients} send in many minutes. */
const enough = 3000;
type Server = Awaited<ReturnType<typeof startServer>>;

const get = async <Body>({ address }: Server, path: string): Promise<Body> => {
  const answer = await fetch(address + path);
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as Body;
};
const send = async ({ address }: Server, method: string, path: string, body?: object) => {
  const answer = await fetch(address + path, {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
/** Waits for something that a server does by itself: at a full minute, or after a training. */
async function until<Found>(find: () => Promise<Found | undefined>): Promise<Found> {
  const end = Date.now() + 200_000;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error("it never became so");
    await setTimeout(100);
  }
}
const rating = (at: number) => ({
  event_id: randomUUID(),
  event_type: "rating",
  event_ts: new Date().toISOString(),
  user_id: `new-${at % 5}`,
  item_id: String(1 + (at % 40)),
  rating: 4,
});
async function rate(server: Server, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1000) {
    const events = Array.from({ length: Math.min(left, 1000) }, (_, at) => rating(at));
    const { status, body } = await send(server, "POST", "/v1/events", events);
    const accepted = { event_id: expect.any(String), status: "accepted" };
    expect([status, body["results"]]).toEqual([202, events.map(() => accepted)]);
  }
}
/** Newest run of the main lane that has ended and is none of those. */
const newRun = (server: Server, but: readonly string[] = []) =>
  until(async () => {
    const { items } = await get<{ items: RunRecord[] }>(server, "/v1/runs?lane=main");
    return items.find(({ id, status }) => status !== "running" && !but.includes(id));
  });

/** Asks for lists and sends events without a pause. @returns How to end it, and what it saw. */
function clients({ address }: Server) {
  const seen = { lists: 0, events: 0, failures: [] as string[], versions: new Set<string>() };
  let isOver = false;
  const asking = async (client: number) => {
    while (!isOver) {
      const list = await fetch(`${address}/v1/users/new-${client}/recommendations`);
      const body = (await list.json()) as { model_version: string };
      seen.lists++;
      if (list.status === 200) seen.versions.add(body.model_version);
      else seen.failures.push(`list: ${list.status} ${JSON.stringify(body)}`);
    }
  };
  const acting = async () => {
    for (let at = 0; !isOver; at++) {
      const view = { ...rating(at), event_type: "view", rating: undefined, user_id: "viewer" };
      const taken = await fetch(`${address}/v1/events`, {
        method: "POST",
        body: JSON.stringify(view),
        headers: { "content-type": "application/json" },
      });
      const text = await taken.text();
      seen.events++;
      if (taken.status !== 202 || !text.includes("accepted"))
        seen.failures.push(`event: ${taken.status} ${text}`);
      await setTimeout(200);
    }
  };
  const all = Promise.all([asking(0), asking(1), acting()]);
  return {
    seen,
    end: async () => {
      isOver = true;
      await all;
      return seen;
    },
  };
}
async function stop(server: Server): Promise<void> {
  server.child.kill("SIGTERM");
  expect((await server.finished).code).toBe(0);
}

it("so many new events start build, training and switch by themselves, and no request fails; a refused build is told", async () => {
  const home = await ground.copy();
  const hook = await webhookServer();
  const server = await startServer(["serve", "--home", home], {
    ...never,
    USHER_RETRAIN_AFTER_INTERACTIONS: String(enough),
    USHER_NOTIFY_WEBHOOK_URL: hook.url,
  });
  const asking = clients(server);
  await rate(server, enough);
  const run = await newRun(server);
  expect(run).toMatchObject({ trigger: "interactions", status: "succeeded" });
  await until(async () => asking.seen.versions.has("v0002") || undefined);
  expect(await get(server, "/v1/users/new-0/recommendations")).toMatchObject({
    model_version: "v0002",
    surface: "for-you",
  });

  // a data set of which more than 5 % cannot be taken
  const bad = await writeSmallMovielens(join(ground.folder, "bad"), { users: 60, items: 40, ratings: 15 });
  const rows = Array.from(
    { length: 200 },
    (_, at) => `${at + 1},${1 + (at % 40)},${at % 5 === 0 ? 9 : 4},1000000000`,
  );
  await writeFile(join(bad, "ratings.csv"), `userId,movieId,rating,timestamp\n${rows.join("\n")}\n`);
  const job = await send(server, "POST", "/v1/imports", { source: `movielens:${bad}` });
  await until(async () => {
    const { status } = await get<JobRecord>(server, `/v1/jobs/${job.body["id"]}`);
    return status === "running" ? undefined : status;
  });
  const imported = await newRun(server, [run.id]);
  await rate(server, enough);
  const failed = await newRun(server, [run.id, imported.id]);
  expect(failed).toMatchObject({ trigger: "interactions", status: "failed" });
  expect(failed.tasks.find(({ name }) => name === "build")).toMatchObject({
    status: "failed",
    attempts: 1,
    error: { code: "QUALITY_GATE" },
  });
  expect(failed.tasks.find(({ name }) => name === "train")?.status).toBe("blocked");
  await until(async () => (hook.notices.length > 0 ? true : undefined));
  expect(hook.notices).toEqual([{ event: "run_failed", run: failed }]);
  expect(await get(server, `/v1/runs/${failed.id}`)).toEqual(failed);

  const seen = await asking.end();
  expect(seen.failures).toEqual([]);
  expect([...seen.versions].sort()).toEqual(["v0001", "v0002"]);
  console.log(`${seen.lists} lists and ${seen.events} events while it retrained: none failed`);
  expect(seen.lists).toBeGreaterThan(100);
  await stop(server);
  hook.close();
}, 480_000);

it("a pattern of seconds in a zone retrains; a time that passed while no server ran is made up for once", async () => {
  const home = await ground.copy();
  const zone = "Pacific/Kiritimati"; // 14 hours from UTC, whose hour the pattern never names
  const hour = (new Date().getUTCHours() + 14) % 24;
  const server = await startServer(["serve", "--home", home], {
    ...never,
    USHER_RETRAIN_CRON: `*/10 * ${hour},${(hour + 1) % 24} * * *`,
    USHER_RETRAIN_ZONE: zone,
  });
  const asking = clients(server);
  await rate(server, 30);
  await until(async () => asking.seen.versions.has("v0002") || undefined);
  const { items } = await get<{ items: RunRecord[] }>(server, "/v1/runs");
  expect(items.filter(({ lane }) => lane === "main").map(({ trigger }) => trigger)).toContain("schedule");
  expect((await asking.end()).failures).toEqual([]);
  await stop(server);

  const due = new Date(Date.now() + 2000);
  const daily = `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
  await setTimeout(4000); // it passes
  const runsOf = async (environment: Record<string, string>) => {
    const again = await startServer(["serve", "--home", home], {
      ...never,
      USHER_RETRAIN_CRON: daily,
      ...environment,
    });
    const known = items.map(({ id }) => id);
    const fresh = async () =>
      (await get<{ items: RunRecord[] }>(again, "/v1/runs")).items.filter(
        ({ id, lane, started_at }) =>
          lane === "main" && !known.includes(id) && Date.parse(started_at) > due.getTime(),
      );
    return { again, fresh };
  };
  const forgetful = await runsOf({ USHER_RETRAIN_CATCH_UP: "none" });
  await setTimeout(3000); // it looks at the clock each second
  expect(await forgetful.fresh()).toEqual([]);
  await stop(forgetful.again);
  const late = await runsOf({ USHER_RETRAIN_CATCH_UP: "once" });
  await until(async () =>
    (await late.fresh()).some(({ status }) => status === "succeeded") ? true : undefined,
  );
  expect((await late.fresh()).map(({ trigger }) => trigger)).toEqual(["schedule"]);
  await stop(late.again);
}, 480_000);

it("one run at a time; cancelled in the middle of training it leaves what serves, and can be done again", async () => {
  const home = await ground.copy();
  // long enough to be cancelled in its middle, on any machine
  const models = { ials: { factors: 256, epochs: 1000 } };
  await writeFile(join(home, "usher.json"), JSON.stringify({ models }));
  const server = await startServer(["serve", "--home", home], never);
  const asking = clients(server);
  await rate(server, 30);
  const { status, body } = await send(server, "POST", "/v1/runs", {});
  expect(status).toBe(202);
  const now = () => get<RunRecord>(server, `/v1/runs/${body["id"]}`);
  const of = (run: RunRecord, task: string) => run.tasks.find(({ name }) => name === task)?.status;
  await until(async () => (of(await now(), "train") === "running" ? true : undefined));
  const second = await send(server, "POST", "/v1/runs", {});
  expect([second.status, second.body["code"]]).toEqual([409, "RUN_BUSY"]);
  await setTimeout(1000);
  expect((await send(server, "DELETE", `/v1/runs/${body["id"]}`)).status).toBe(202);
  const run = await until(async () => ((await now()).status === "running" ? undefined : now()));
  expect(run.status).toBe("cancelled");
  expect([of(run, "build"), of(run, "train"), of(run, "publish")]).toEqual([
    "succeeded",
    "cancelled",
    "cancelled",
  ]);
  expect((await asking.end()).failures).toEqual([]);
  expect([...asking.seen.versions]).toEqual(["v0001"]);
  await stop(server);

  await writeFile(join(home, "usher.json"), "{}");
  const again = await startServer(["serve", "--home", home], never);
  expect((await send(again, "POST", "/v1/runs", { retry: run.id })).status).toBe(202);
  expect(await newRun(again, [run.id])).toMatchObject({
    status: "succeeded",
    trigger: "retry",
    retry_of: run.id,
  });
  expect(await get(again, "/v1/users/new-0/recommendations")).toMatchObject({ model_version: "v0002" });
  await stop(again);
}, 480_000);

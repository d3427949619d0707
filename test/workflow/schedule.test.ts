import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { RunRecord } from "../../src/contracts/workflow.ts";
import { type Schedule, schedulerOf } from "../../src/workflow/schedule.ts";
import { noticeOfFailure } from "../../src/workflow/webhook.ts";
import { heldClock, until } from "./held-clock.ts";

const memory = (fired: Record<string, number> = {}) => ({
  lastFired: async (name: string) => fired[name],
  fired: async (name: string, atMs: number) => {
    fired[name] = atMs;
  },
});
const at = (text: string) => Date.parse(text);

describe("a schedule", () => {
  const opened = async (
    schedule: Partial<Schedule>,
    options: { now: string; fired?: Record<string, number> },
  ) => {
    const clock = heldClock(at(options.now));
    const times: string[] = [];
    const whole: Schedule = {
      name: "s",
      cron: "0 3 * * *",
      catchUp: "none",
      fire: () => void times.push(new Date(clock.now()).toISOString()),
      ...schedule,
    };
    const scheduler = await schedulerOf([whole], { clock, store: memory(options.fired) });
    return { clock, scheduler, times };
  };

  it("fires at its times, by the clock of its zone, also over the change to summer time", async () => {
    const { clock, scheduler, times } = await opened(
      { cron: "30 3 * * *", zone: "Europe/Berlin" },
      { now: "2026-03-28T00:00:00Z" },
    );
    for (let hour = 0; hour < 60; hour++) {
      await scheduler.tick();
      clock.set(clock.now() + 1800_000);
    }
    expect(times).toEqual(["2026-03-28T02:30:00.000Z", "2026-03-29T01:30:00.000Z"]);
  });

  it("makes up once for all times that passed, or forgets them, as chosen", async () => {
    const fired = { s: at("2026-01-01T03:00:00Z") };
    const late = await opened({ catchUp: "once" }, { now: "2026-01-05T12:00:00Z", fired: { ...fired } });
    await late.scheduler.tick();
    await late.scheduler.tick();
    expect(late.times).toEqual(["2026-01-05T12:00:00.000Z"]);
    expect(late.scheduler.next()).toEqual({ s: at("2026-01-06T03:00:00Z") });
    const forgetful = await opened({ catchUp: "none" }, { now: "2026-01-05T12:00:00Z", fired: { ...fired } });
    await forgetful.scheduler.tick();
    expect(forgetful.times).toEqual([]);
  });

  it("makes up for a time that passed before it ever fired, counted from when it was first there", async () => {
    const fired: Record<string, number> = {};
    const first = await opened({ catchUp: "once" }, { now: "2026-01-01T20:00:00Z", fired });
    await first.scheduler.tick();
    expect(first.times).toEqual([]);
    const late = await opened({ catchUp: "once" }, { now: "2026-01-02T08:00:00Z", fired });
    await late.scheduler.tick();
    expect(late.times).toEqual(["2026-01-02T08:00:00.000Z"]);
    const forgetful: Record<string, number> = {};
    await opened({ catchUp: "none" }, { now: "2026-01-01T20:00:00Z", fired: forgetful });
    const none = await opened({ catchUp: "none" }, { now: "2026-01-02T08:00:00Z", fired: forgetful });
    await none.scheduler.tick();
    expect(none.times).toEqual([]);
  });

  it("fires by seconds where the pattern has six fields", async () => {
    const { clock, scheduler, times } = await opened(
      { cron: "*/20 * * * * *" },
      { now: "2026-01-01T00:00:05Z" },
    );
    for (let second = 0; second < 40; second++) {
      await scheduler.tick();
      clock.set(clock.now() + 1000);
    }
    expect(times).toEqual(["2026-01-01T00:00:20.000Z", "2026-01-01T00:00:40.000Z"]);
  });

  it("a clock that jumps forward fires it once, one that jumps back fires nothing twice", async () => {
    const { clock, scheduler, times } = await opened({}, { now: "2026-01-01T00:00:00Z" });
    clock.set(at("2026-01-09T12:00:00Z"));
    await scheduler.tick();
    clock.set(at("2026-01-02T02:59:00Z"));
    await scheduler.tick();
    clock.set(at("2026-01-02T03:01:00Z"));
    await scheduler.tick();
    expect(times).toEqual(["2026-01-09T12:00:00.000Z"]);
  });

  it("refuses a pattern and a zone that it cannot read", async () => {
    const now = "2026-01-01T00:00:00Z";
    for (const wrong of [{ cron: "every day" }, { zone: "Europe/Berln" }, { cron: "61 * * * *" }])
      await expect(opened(wrong, { now })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("looks at the clock by itself until it is closed", async () => {
    const { clock, scheduler, times } = await opened({ cron: "* * * * *" }, { now: "2026-01-01T00:00:30Z" });
    scheduler.run();
    await until(() => clock.waits().length === 1);
    await clock.move(31_000);
    await until(() => times.length === 1);
    scheduler.close();
    await until(() => clock.waits().length === 0);
    expect(times).toEqual(["2026-01-01T00:01:00.000Z"]);
  });
});

describe("a notice of failure", () => {
  const run = { id: "run-1", status: "failed", tasks: [] } as unknown as RunRecord;
  const serverOf = async (status: number, headers: Record<string, string> = {}) => {
    const bodies: string[] = [];
    const paths: string[] = [];
    const server = createServer((request: IncomingMessage, answer) => {
      paths.push(request.url ?? "");
      let body = "";
      request.on("data", (part) => (body += part));
      request.on("end", () => {
        bodies.push(body);
        answer.writeHead(status, headers).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    return { url, bodies, paths, close: () => server.close() };
  };

  it("is a POST of the run", async () => {
    const hook = await serverOf(204);
    expect(await noticeOfFailure(run, { url: hook.url, timeoutMs: 5000 })).toEqual({
      sent: true,
      status: 204,
    });
    expect(hook.bodies.map((body) => JSON.parse(body))).toEqual([{ event: "run_failed", run }]);
    hook.close();
  });

  it("follows no redirect and never fails", async () => {
    const hook = await serverOf(307, { location: "/elsewhere" });
    const notice = await noticeOfFailure(run, { url: hook.url, timeoutMs: 5000 });
    expect(notice).toEqual({ sent: false, reason: "status 307" });
    expect(hook.paths).toEqual(["/hook"]);
    hook.close();
    const nobody = await noticeOfFailure(run, { url: "http://127.0.0.1:9/", timeoutMs: 5000 });
    expect(nobody).toMatchObject({ sent: false });
  });

  it("does not wait longer than it may", async () => {
    const server = createServer(() => {}); // never answers
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const began = Date.now();
    expect(await noticeOfFailure(run, { url, timeoutMs: 100 })).toMatchObject({ sent: false });
    expect(Date.now() - began).toBeLessThan(3000);
    server.closeAllConnections();
    server.close();
  });
});

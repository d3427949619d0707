import { mkdtempSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Notice } from "../../src/contracts/notices.ts";
import { createApp } from "../../src/server/app.ts";
import type { ServerContext } from "../../src/server/context.ts";
import { type Notices, openNotices } from "../../src/server/notices.ts";
import { startServer } from "../e2e/usher-process.ts";
import { closedApp, tokenOf } from "./access/closed-app.ts";
import { smallContext } from "./checked-app.ts";
import { openStream, type StreamReader } from "./stream-reader.ts";

const profile = (user_id: string, at = "2026-01-01T00:00:00.000Z"): Notice => ({
  kind: "profile",
  data: { user_id, at },
});
const release = (version: string): Notice => ({ kind: "release", data: { version } });
const session = "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10";
const run: Notice = { kind: "run", data: { id: "run-1", lane: "main", status: "running" } };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A real server with an open hub. */
async function start(notices: Notices = openNotices(), changes: Partial<ServerContext> = {}) {
  const app = createApp(smallContext({ notices, ...changes }));
  const address = await app.listen({ host: "127.0.0.1", port: 0 });
  closing.push(() => app.close());
  const open = async (path = "/v1/stream", headers = {}) => {
    const reader = await openStream(address, path, headers);
    closing.unshift(() => reader.close());
    return reader;
  };
  return { app, notices, address, open };
}

const told = ({ heard }: StreamReader) =>
  heard.map(({ event, data }) => [event, data["version"] ?? data["user_id"] ?? data["id"]]);

describe("a stream", () => {
  it("says hello, then what changes, in its order", async () => {
    const { notices, open } = await start();
    const reader = await open("/v1/stream?user_id=7");
    expect(reader.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    await reader.until(1);
    for (const notice of [profile("7"), profile("8"), release("v0002"), run, profile("7")])
      notices.tell(notice);
    await reader.until(5);
    expect(told(reader)).toEqual([
      ["hello", "v0001"],
      ["profile", "7"],
      ["release", "v0002"],
      ["run", "run-1"],
      ["profile", "7"],
    ]);
    expect(new Set(reader.heard.map(({ id }) => id)).size).toBe(5);
  });

  it("of nobody in particular tells nobody's actions", async () => {
    const { notices, open } = await start();
    const reader = await open();
    await reader.until(1);
    notices.tell(profile("7"));
    notices.tell(release("v0002"));
    expect((await reader.until(2)).map(({ event }) => event)).toEqual(["hello", "release"]);
  });

  it("that comes back hears what it missed, and is told where that is forgotten", async () => {
    const { notices, open } = await start(openNotices({ memoryMs: 200 }));
    const first = await open("/v1/stream?user_id=7");
    await first.until(1);
    notices.tell(profile("7"));
    const [, last] = await first.until(2);
    first.close();
    await wait(50);
    notices.tell(release("v0002"));
    const again = { "last-event-id": last?.id ?? "" };
    const second = await open("/v1/stream?user_id=7", again);
    await second.until(2);
    expect(second.heard.map(({ event, data }) => [event, data["missed"]])).toEqual([
      ["hello", false],
      ["release", undefined],
    ]);
    second.close();
    await vi.waitUntil(() => !notices.isHeard);
    const third = await open("/v1/stream", again);
    expect((await third.until(1))[0]?.data["missed"]).toBe(true);
    const stranger = await open("/v1/stream", { "last-event-id": "another-process-7" });
    expect((await stranger.until(1))[0]?.data["missed"]).toBe(true);
  });

  it("lets a reader go that does not read, and keeps the others", async () => {
    const { notices, open } = await start();
    const [slow, quick] = [await open(), await open()];
    await Promise.all([slow.until(1), quick.until(1)]);
    slow.pause();
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < 600; at++) {
      notices.tell(release(String(at).padEnd(32 * 1024, "x")));
      await wait(1);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
    await quick.until(601);
    slow.resume(); // what the sockets hold is read to its end, and then there is no last chunk
    expect(await slow.ended).toBe("cut");
    expect(slow.heard.length).toBeLessThan(601);
  });

  it("is one of at most 16 of one asker; a closed one makes room", async () => {
    const { open } = await start();
    const readers = [];
    for (let at = 0; at < 16; at++) readers.push(await open());
    expect((await open()).status).toBe(429);
    readers[0]?.close();
    await vi.waitUntil(async () => (await open()).status === 200);
  });

  it("ends in order when the server stops, at once", async () => {
    const { app, open } = await start();
    const reader = await open();
    await reader.until(1);
    const from = performance.now();
    const [end] = await Promise.all([reader.ended, app.close()]);
    expect(end).toBe("end");
    expect(performance.now() - from).toBeLessThan(1500);
  });

  it("has no head, and is refused where nothing changes", async () => {
    const { app } = await start();
    expect(
      (await app.inject({ method: "HEAD", url: "/v1/stream", headers: { host: "localhost" } })).statusCode,
    ).toBe(405);
    const silent = createApp(smallContext());
    closing.push(() => silent.close());
    const answer = await silent.inject({ url: "/v1/stream", headers: { host: "localhost" } });
    expect([answer.statusCode, answer.json().code]).toEqual([503, "NOT_READY"]);
  });
});

describe("a hub that nobody listens to", () => {
  it("keeps nothing", () => {
    const notices = openNotices();
    notices.tell(release("v0002"));
    expect(notices.isHeard).toBe(false);
    expect(notices.listen({ onNotice: () => {}, onEnd: () => {} }).earlier).toEqual([]);
    expect(notices.isHeard).toBe(true);
    notices.close();
  });

  it("remembers 256 notices at most", () => {
    const notices = openNotices();
    const { last } = notices.listen({ onNotice: () => {}, onEnd: () => {} });
    const ids: string[] = [];
    notices.listen({ onNotice: ({ id }) => void ids.push(id), onEnd: () => {} });
    for (let at = 0; at < 300; at++) notices.tell(release(String(at)));
    const again = (after: string | undefined) =>
      notices.listen({ after, onNotice: () => {}, onEnd: () => {} });
    expect(again(last)).toMatchObject({ missed: true, earlier: [] });
    expect(again(ids[44])).toMatchObject({ missed: false, earlier: { length: 255 } });
    expect(again(ids[43])).toMatchObject({ missed: true, earlier: [] });
    expect(again(ids.at(-1))).toMatchObject({ missed: false, earlier: [] });
    notices.close();
  });
});

describe("a stream behind keys", () => {
  it("tells administrators what is theirs, readers what is everybody's, and a token its own user", async () => {
    const notices = openNotices();
    const server = await closedApp({}, { notices });
    await server.app.listen({ host: "127.0.0.1", port: 0 });
    closing.push(() => server.close());
    const address = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
    const open = (credential: string, path = "/v1/stream?user_id=1") =>
      openStream(address, path, { authorization: `Bearer ${credential}` });
    const [admin, read, own] = await Promise.all([
      open(server.keys.admin),
      open(server.keys.read),
      open(await tokenOf("1")),
    ]);
    await Promise.all([admin, read, own].map((reader) => reader.until(1)));
    for (const notice of [run, profile("1"), profile("2"), release("v0002")]) notices.tell(notice);
    await Promise.all([admin, read, own].map((reader) => reader.until(reader === admin ? 4 : 3)));
    expect(told(admin).slice(1)).toEqual([
      ["run", "run-1"],
      ["profile", "1"],
      ["release", "v0002"],
    ]);
    expect(told(read).slice(1)).toEqual([
      ["profile", "1"],
      ["release", "v0002"],
    ]);
    expect(told(own).slice(1)).toEqual([
      ["profile", "1"],
      ["release", "v0002"],
    ]);
    const statusOf = async (credential: string, path: string) => (await open(credential, path)).status;
    expect(await statusOf(await tokenOf("1"), "/v1/stream?user_id=2")).toBe(403);
    expect(await statusOf(await tokenOf("1"), "/v1/stream")).toBe(403);
    expect(await statusOf(await tokenOf("1"), `/v1/stream?session_id=${session}`)).toBe(403);
    expect(await statusOf(await tokenOf("1"), `/v1/stream?user_id=1&session_id=${session}`)).toBe(400);
    expect(await statusOf(server.keys.events, "/v1/stream")).toBe(403);
    expect(await statusOf("nobody", "/v1/stream")).toBe(401);
  });
});

describe("a whole server", () => {
  it("tells of events, items, jobs and releases as they happen, and stops with a stream open", async () => {
    const home = join(mkdtempSync(join(tmpdir(), "usher-stream-")), "home");
    const server = await startServer(["start", "--data", "demo", "--home", home]);
    closing.push(() => server.child.kill("SIGKILL")); // where something below fails
    const reader = await openStream(server.address, "/v1/stream?user_id=ada");
    await reader.until(1);
    const send = async (method: string, path: string, body: object) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${server.address}${path}`, { method, headers, body: JSON.stringify(body) });
      expect(answer.ok).toBe(true);
    };
    const like = { event_type: "like", item_id: "jaws-1975", event_ts: new Date().toISOString() };
    const of = (user_id: string) => ({ ...like, user_id, event_id: crypto.randomUUID() });
    await send("POST", "/v1/events", [of("ada"), of("bob"), of("ada")]);
    const visitor = await openStream(server.address, `/v1/stream?session_id=${session}`);
    await visitor.until(1);
    const { user_id: _, ...anonymous } = of("nobody");
    await send("POST", "/v1/events", { ...anonymous, session_id: session });
    await visitor.until(2);
    await send("POST", "/v1/users/ada/merge", { session_id: session });
    await send("PUT", "/v1/items/new-one", { title: "New one" });
    await send("POST", "/v1/models/v0001/promote", {});
    await send("POST", "/v1/lists", {});
    const kinds = () => reader.heard.map(({ event }) => event);
    await vi.waitUntil(() => kinds().includes("release") && kinds().includes("events"), { timeout: 30_000 });
    expect(
      reader.heard.filter(({ event }) => event === "profile").map(({ data }) => data["user_id"]),
    ).toEqual(["ada", "ada"]); // her events, then the merge
    expect(visitor.heard.filter(({ event }) => event === "profile").map(({ data }) => data)).toEqual([
      { session_id: session, at: expect.any(String) },
    ]);
    visitor.close();
    expect(reader.heard.find(({ event }) => event === "events")?.data).toMatchObject({
      accepted: { events_feedback: 4 },
      duplicates: 0,
      rejected: {},
      lag: { live: expect.any(Number) },
    });
    expect(reader.heard.find(({ event }) => event === "catalogue")?.data).toEqual({ items: 1, revision: 1 });
    await vi.waitUntil(
      () => reader.heard.some(({ event, data }) => event === "job" && data["status"] === "succeeded"),
      {
        timeout: 10_000,
      },
    );
    server.child.kill("SIGTERM");
    expect(await reader.ended).toBe("end");
    expect((await server.finished).code).toBe(0);
  });
});

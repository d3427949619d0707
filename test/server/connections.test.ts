import { type AddressInfo, connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/server/app.ts";
import type { ServerContext } from "../../src/server/context.ts";
import { listen } from "../../src/server/listen.ts";
import { asServerError } from "../../src/server/problem.ts";
import { smallContext } from "./checked-app.ts";

type App = ReturnType<typeof createApp>;
let app: App;
afterEach(async () => {
  app.server.closeAllConnections();
  await app.close();
});

async function start(changes: Partial<ServerContext> = {}): Promise<number> {
  app = createApp(smallContext(changes));
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** Sends bytes and gives what comes back until the other side closes. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (bytes) => {
      received += bytes;
    });
    socket.on("close", () => resolve(received));
    socket.on("error", () => {});
    socket.write(text);
  });
}

const batch = (body: string, ...head: string[]) =>
  ["POST /v1/recommendations/batch HTTP/1.1", "Host: localhost", ...head, "", body].join("\r\n");
const json = "Content-Type: application/json";
const answersIn = (received: string) => received.match(/HTTP\/1\.1 \d{3}/g);

describe("a stop", () => {
  it("does not wait for ever for connections without a whole request", async () => {
    const port = await start();
    const halves = [
      "",
      "GET /v1/top HTTP/1.1\r\nHost: loc",
      batch('{"user_ids"', json, "Content-Length: 100"),
    ].map((text) => exchange(port, text));
    const count = () => new Promise<number>((done) => app.server.getConnections((_, found) => done(found)));
    await vi.waitUntil(async () => (await count()) === halves.length);
    const isStopped = await Promise.race([app.close().then(() => true), wait(8000, false)]);
    expect(isStopped).toBe(true);
    await Promise.all(halves);
  });

  it("lets a request finish that is under way", async () => {
    let finish: (reports: []) => void = () => {};
    const releases = vi.fn(
      () =>
        new Promise<[]>((done) => {
          finish = done;
        }),
    );
    const port = await start({ releases });
    const answer = exchange(port, "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    await vi.waitUntil(() => releases.mock.calls.length > 0);
    const closed = app.close();
    finish([]);
    expect(await answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*"items":\[\]/);
    await closed;
  });
});

describe("a slow client", () => {
  it("gets one 408 for a body that does not arrive", async () => {
    const port = await start();
    app.server.headersTimeout = app.server.requestTimeout = 300;
    const received = await exchange(port, batch('{"user_ids"', json, "Content-Length: 100"));
    expect(answersIn(received)).toEqual(["HTTP/1.1 408"]);
    expect(received).toMatch(/X-Request-Id: [\s\S]*"code":"REQUEST_TIMEOUT"/);
  });
  it("gets 408 for a head that does not arrive", async () => {
    const port = await start();
    expect(app.server.headersTimeout).toBe(10_000);
    app.server.headersTimeout = 300;
    const began = performance.now();
    const received = await exchange(port, "GET /v1/top HTTP/1.1\r\nHost: loc");
    expect(received).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"REQUEST_TIMEOUT"/);
    expect(performance.now() - began).toBeLessThan(10_000); // Node itself looks only every 30 s
  });
  it("gets nothing after a refusal that came before all of its body", async () => {
    const port = await start();
    app.server.headersTimeout = app.server.requestTimeout = 300;
    const received = await exchange(port, batch("{", "Content-Type: text/plain", "Content-Length: 100"));
    expect(answersIn(received)).toEqual(["HTTP/1.1 415"]);
  });
});

it("a handler that waits for ever is TOO_SLOW, or the client where its request is not all there", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  try {
    app = createApp(smallContext({ releases: () => new Promise(() => {}) }));
    await app.ready();
    const answer = app.inject({ url: "/v1/models", headers: { host: "localhost" } });
    await new Promise((done) => setImmediate(done));
    await vi.advanceTimersByTimeAsync(61_000);
    const { statusCode, body } = await answer;
    expect([statusCode, JSON.parse(body).code]).toEqual([503, "TOO_SLOW"]);
    const error = { code: "FST_ERR_HANDLER_TIMEOUT", statusCode: 503 };
    expect(asServerError(error, { isComplete: false }).code).toBe("REQUEST_TIMEOUT");
  } finally {
    vi.useRealTimers();
  }
});

describe("below the routes", () => {
  const closing = "Host: localhost\r\nConnection: close\r\n\r\n";
  it.each([
    ["no Host", "GET /v1/top HTTP/1.1\r\nConnection: close\r\n\r\n", 403, "HOST_REFUSED"],
    ["an expectation", `GET /v1/top HTTP/1.1\r\nExpect: nonsense\r\n${closing}`, 417, "EXPECTATION_FAILED"],
    ["a broken request line", "GET\r\n\r\n", 400, "PARAMETER_INVALID"],
    ["NUL in the path", `GET /v1/items/a\0b HTTP/1.1\r\n${closing}`, 400, "PARAMETER_INVALID"],
    ["raw bytes in the query", `GET /v1/top?genre=\u00e9 HTTP/1.1\r\n${closing}`, 400, "PARAMETER_INVALID"],
    ["a head too large", `GET / HTTP/1.1\r\nX: ${"a".repeat(20_000)}\r\n${closing}`, 431, "HEAD_TOO_LARGE"],
    ["CONNECT", `CONNECT x:1 HTTP/1.1\r\n${closing}`, 405, "METHOD_NOT_ALLOWED"],
    [
      "a page outside",
      `GET /docs/static/../../../package.json HTTP/1.1\r\n${closing}`,
      400,
      "PARAMETER_INVALID",
    ],
    ["another host", `GET http://evil.example/v1/top HTTP/1.1\r\n${closing}`, 403, "HOST_REFUSED"],
    [
      "another method",
      `POST http://localhost:1/health/live HTTP/1.1\r\n${closing}`,
      405,
      "METHOD_NOT_ALLOWED",
    ],
    ["a whole address", `GET http://localhost:1/nope HTTP/1.1\r\n${closing}`, 404, "ROUTE_UNKNOWN"],
  ])("%s gets a problem document with its request id", async (_, text, status, code) => {
    const received = await exchange(await start(), text);
    const [head = "", body = ""] = received.split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    const requestId = /x-request-id: (\S+)/i.exec(head)?.[1];
    const problem = JSON.parse(body.slice(body.indexOf("{"), body.lastIndexOf("}") + 1));
    expect(problem).toMatchObject({ code, status, request_id: requestId });
  });
  it("a whole address is served like its path", async () => {
    const received = await exchange(
      await start(),
      `GET http://localhost:1/health/live HTTP/1.1\r\n${closing}`,
    );
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("listening", () => {
  it.each(["127.0.0.999", "0.0.0.0", "example.com"])("on %s is refused", async (host) => {
    app = createApp(smallContext());
    await expect(listen(app, { host, port: 0 })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(host),
    });
  });
  it("on a name that does not resolve is refused", async () => {
    app = createApp(smallContext());
    const unresolved = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    vi.spyOn(app, "listen").mockRejectedValue(unresolved as never);
    await expect(listen(app, { host: "localhost", port: 0 })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});

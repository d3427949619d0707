import { type AddressInfo, connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { smallContext } from "./checked-app.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const lines: string[] = [];
const app = createApp(
  smallContext({ logger: { level: "info", stream: { write: (line: string) => void lines.push(line) } } }),
);
let port: number;
beforeAll(async () => {
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
afterAll(() => app.close());
const url = (path: string) => `http://127.0.0.1:${port}${path}`;

/** Sends bytes as they are and gives everything that comes back until the other side closes. */
async function raw(...pieces: (string | Buffer)[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes;
  });
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
  });
  for (const piece of pieces) socket.write(piece);
  await Promise.race([closed, wait(5000)]);
  socket.destroy();
  return received;
}

describe("over a socket", () => {
  it("recommends", async () => {
    const answer = await fetch(url("/v1/users/auth0%7C123/recommendations?k=1"));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      user_id: "auth0|123",
      request_id: answer.headers.get("x-request-id"),
    });
  });
  it("logs the route's template and the request id, and not who asked", async () => {
    lines.length = 0;
    const answer = await fetch(url("/v1/users/auth0%7C123/recommendations?k=1"));
    await wait(20);
    const logged = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === "answered");
    expect(logged).toMatchObject({
      request_id: answer.headers.get("x-request-id"),
      method: "GET",
      route: "/v1/users/:user_id/recommendations",
      status: 200,
    });
    expect(lines.join("")).not.toContain("auth0");
  });
  it("takes the method QUERY for what it is", async () => {
    const answer = await raw(
      "QUERY /v1/top HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).toContain("allow: GET, HEAD, OPTIONS");
    expect(answer).toContain("METHOD_NOT_ALLOWED");
  });
  it("refuses CONNECT", async () => {
    const answer = await raw("CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 405 [\s\S]*Allow: /);
  });
  it("answers broken HTTP plainly and goes on", async () => {
    expect(await raw("hello\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*X-Request-Id: [0-9a-f-]{36}/,
    );
    const noHost = await raw("GET /v1/top HTTP/1.1\r\nConnection: close\r\n\r\n");
    expect(noHost).toMatch(/^HTTP\/1\.1 403 [\s\S]*x-request-id[\s\S]*HOST_REFUSED/i);
    const expectation = "GET /v1/top HTTP/1.1\r\nHost: localhost\r\nExpect: nonsense\r\n\r\n";
    expect(await raw(expectation)).toMatch(/^HTTP\/1\.1 417 [\s\S]*x-request-id[\s\S]*100-continue/i);
    const foreign = "GET http://evil.example/v1/top HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    expect(await raw(foreign)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await raw("GET /v1/top HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 403 /,
    );
    expect(await raw("GET /v1/top HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
    expect(await raw(`GET /v1/items/${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(await raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(
      await raw(
        "POST /v1/recommendations/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      ),
    ).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(url("/health/live"))).status).toBe(200);
  });
  it("judges the Host header where the target names another server", async () => {
    const answer = await raw(
      "GET http://evil.example/v1/top HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe("a body of 100 MB", () => {
  const megabyte = Buffer.alloc(1024 * 1024, 0x20);
  const request = (path: string, ...head: string[]) =>
    [`POST ${path} HTTP/1.1`, "Host: localhost", ...head, "", ""].join("\r\n");

  /** Sends it all, the way a client does that reads only afterwards, and gives the answer, and what the server held after 90 MB. */
  async function sendAll(head: string, chunked: boolean): Promise<{ received: string; keptBytes: number }> {
    const before = process.memoryUsage().external;
    let keptBytes = Number.POSITIVE_INFINITY;
    const socket = connect(port, "127.0.0.1");
    let received = "";
    const failed = new Promise<never>((_, reject) => socket.on("error", reject));
    const answered = new Promise<void>((resolve) => {
      socket.on("data", (bytes) => {
        received += bytes;
        resolve();
      });
    });
    socket.write(head);
    const send = async () => {
      for (let sent = 0; sent < 100; sent++) {
        if (sent === 90) {
          collectGarbage();
          keptBytes = process.memoryUsage().external - before;
        }
        const parts = chunked ? [`${megabyte.length.toString(16)}\r\n`, megabyte, "\r\n"] : [megabyte];
        for (const part of parts) {
          if (!socket.write(part)) await new Promise((drained) => socket.once("drain", drained));
        }
      }
      if (chunked) socket.write("0\r\n\r\n");
      await answered;
    };
    await Promise.race([send(), failed]);
    socket.destroy();
    return { received, keptBytes };
  }

  const json = "Content-Type: application/json";
  const length = `Content-Length: ${100 * 1024 * 1024}`;
  const chunks = "Transfer-Encoding: chunked";
  it.each([
    ["of a stated length", 413, request("/v1/recommendations/batch", json, length)],
    ["in chunks", 413, request("/v1/recommendations/batch", json, chunks)],
    [
      "before the connection closes",
      413,
      request("/v1/recommendations/batch", json, length, "Connection: close"),
    ],
    [
      "in chunks before it closes",
      413,
      request("/v1/recommendations/batch", json, chunks, "Connection: close"),
    ],
    [
      "of another type",
      415,
      request("/v1/recommendations/batch", "Content-Type: text/plain", length, "Connection: close"),
    ],
    ["to a route without bodies", 405, request("/v1/top", json, length, "Connection: close")],
  ])("%s gets %i, and is not kept in memory", async (_, status, head) => {
    const { received, keptBytes } = await sendAll(head, head.includes(chunks));
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(received).toContain("request_id");
    expect(keptBytes).toBeLessThan(45 * 1024 * 1024);
    expect((await fetch(url("/health/live"))).status).toBe(200);
  });
});

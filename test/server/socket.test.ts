import { type AddressInfo, connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { smallContext } from "./checked-app.ts";

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
    expect(await raw("GET /v1/top HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /); // no Host
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
  async function* hundred() {
    for (let sent = 0; sent < 100; sent++) yield megabyte;
  }
  it.each([true, false])(
    "is refused without being kept in memory (length announced: %s)",
    async (announced) => {
      const before = process.memoryUsage();
      const head = announced ? `Content-Length: ${100 * 1024 * 1024}` : "Transfer-Encoding: chunked";
      const socket = connect(port, "127.0.0.1");
      let received = "";
      socket.on("data", (bytes) => {
        received += bytes;
      });
      socket.on("error", () => {}); // the server may close while we still send
      socket.write(
        `POST /v1/recommendations/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${head}\r\n\r\n`,
      );
      for await (const piece of hundred()) {
        if (socket.destroyed || received) break;
        const bytes = announced ? [piece] : [`${piece.length.toString(16)}\r\n`, piece, "\r\n"];
        for (const part of bytes)
          if (!socket.write(part))
            await Promise.race([new Promise((drained) => socket.once("drain", drained)), wait(500)]);
      }
      for (let waited = 0; waited < 100 && !received; waited++) await wait(20);
      socket.destroy();
      expect(received).toMatch(/^HTTP\/1\.1 413 /);
      expect(received).toContain("BODY_TOO_LARGE");
      const after = process.memoryUsage();
      expect(after.rss - before.rss).toBeLessThan(40 * 1024 * 1024);
      expect((await fetch(url("/health/live"))).status).toBe(200);
    },
  );
});

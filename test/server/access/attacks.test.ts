import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { depthMax } from "../../../src/server/validation.ts";
import { livingParts } from "../../events/living-parts.ts";
import { problem } from "../checked-app.ts";
import { type ClosedApp, closedApp, tokenOf } from "./closed-app.ts";

let server: ClosedApp;
beforeAll(async () => {
  server = await closedApp(
    { access: { cors_origins: ["https://shop.example"] } },
    { living: (await livingParts()).living },
  );
});
afterAll(() => server.close());
const list = "/v1/users/1/recommendations";
const batch = "/v1/recommendations/batch";
const post = (payload: string | object, type = "application/json", url = batch) =>
  server.ask({ method: "POST", url, payload, headers: { "content-type": type } }, server.keys.admin);

/** Texts that broke other servers, for every place where a text may stand. */
const injections = [
  ..."' OR 1=1 --|'; DROP TABLE silver_items; --|x' UNION SELECT * FROM read_csv('/etc/passwd') --".split(
    "|",
  ),
  ..."read_csv('/etc/passwd')|COPY (SELECT 1) TO '/tmp/x'|ATTACH '/tmp/x.db'".split("|"),
  ["$", "{7*7}"].join(""),
  ..."{{7*7}}|<%= 7*7 %>|#{7*7}|$(id)|`id`|;id|%0aid".split("|"),
  ..."<script>alert(1)</script>|\"><img src=x onerror=alert(1)>|=cmd|' /C calc'!A0".split("|"),
  ..."../../etc/passwd|..%2f..%2fetc%2fpasswd|file:///etc/passwd|\\\\host\\share".split("|"),
  ..."__proto__|constructor|toString|hasOwnProperty|valueOf|null|undefined|NaN|true".split("|"),
  ...[
    "a\r\nX-Injected: 1",
    "\u202Eevil",
    "\uFEFF",
    "𝕏",
    "ſ",
    "İ",
    "a".repeat(64),
    "%",
    "_",
    "*",
    "(",
    "[",
    "\\",
  ],
];

describe("media types (four holes of other servers in twelve months)", () => {
  it.each([
    "application/json ; charset=utf-8x;;",
    "application/json\t; charset=utf-8",
    " application/json",
    "application/json garbage",
    "APPLICATION/JSON",
    "application/json;",
    "application/jsonx",
    "text/json",
    "application/json, text/plain",
    "application/x-www-form-urlencoded",
    "",
  ])("%j does not get a body past its check", async (type) => {
    for (const url of [batch, "/v1/keys", "/v1/imports", "/v1/runs"]) {
      const answer = await post('{"unexpected":true}', type, url);
      expect([url, answer.statusCode]).toEqual([
        url,
        expect.toSatisfy((status) => status === 400 || status === 415 || status === 503),
      ]);
    }
    // the one that is let in by every server must be read as what it is
    const answer = await post('{"user_ids":["1"],"k":2}', type);
    expect([200, 415]).toContain(answer.statusCode);
  });

  it("a body that looks like a parsed upload is no upload", async () => {
    const fake = {
      files: { x: { filepath: "/etc/passwd", originalFilename: "ratings.csv" } },
      file: "/etc/passwd",
    };
    problem(await post(fake, "application/json", "/v1/keys"), 400, "BODY_INVALID");
    const { statusCode, body } = await post(fake, "application/json", "/v1/imports");
    expect(statusCode).toBeGreaterThanOrEqual(400);
    expect(body).not.toContain("root:");
  });
});

describe("bodies", () => {
  it("are refused where they are nested deeper than any route needs, and the process goes on", async () => {
    const nested = (depth: number) => `{"user_ids":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    for (const [url, key] of [
      [batch, server.keys.admin],
      ["/v1/events", server.keys.events],
    ] as const) {
      for (const depth of [depthMax, 400_000]) {
        const answer = await server.ask(
          { method: "POST", url, payload: nested(depth), headers: { "content-type": "application/json" } },
          key,
        );
        expect(problem(answer, 400, "BODY_INVALID").detail).toContain("levels");
      }
    }
    expect((await post(nested(depthMax - 1))).json().detail).not.toContain("levels"); // refused for what it is
    expect((await post('{"user_ids":["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\"[["]}')).statusCode).toBe(
      200,
    ); // brackets in a text
  });

  it.each([
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '{"user_ids":["1"],"__proto__":{}}',
  ])("with %s pollute nothing", async (text) => {
    problem(await post(text), 400, "BODY_INVALID");
    problem(await post(text, "application/json", "/v1/keys"), 400, "BODY_INVALID");
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });

  it("are held to their schema: a field that only the server may set is refused", async () => {
    for (const field of [
      "id",
      "created_at",
      "last_used_at",
      "key",
      "sha256",
      "expires_at",
      "admin",
      "owner",
    ]) {
      const answer = await post(
        { name: "x", scopes: ["read"], [field]: "x" },
        "application/json",
        "/v1/keys",
      );
      expect(problem(answer, 400, "BODY_INVALID").errors?.[0]?.field).toBe(field);
    }
  });
});

describe("texts that broke other servers", () => {
  it.each(injections)("%j changes nothing in any place", async (text) => {
    const value = encodeURIComponent(text);
    const urls = [
      ...[`/v1/users/${value}/recommendations`, `/v1/items/${value}`, `/movie/${value}`],
      ...[
        `/v1/items?query=${value}`,
        `/v1/items?genre=${value}`,
        `/v1/items?sort=${value}`,
        `/v1/items?cursor=${value}`,
      ],
      ...[
        `${list}?exclude=${value}`,
        `${list}?surface=${value}`,
        `/v1/top?genre=${value}`,
        `/v1/audit?cursor=${value}`,
      ],
      ...[`/v1/models/${value}`, `/v1/dead-letters?reason=${value}`, `/rec/v3/${value}`],
    ];
    for (const url of urls) {
      const answer = await server.ask(url, server.keys.admin);
      // 503: what this application was built without
      expect([url, answer.statusCode]).toEqual([
        url,
        expect.toSatisfy((status) => [200, 400, 404, 503].includes(status)),
      ]);
      expect(answer.headers).not.toHaveProperty("x-injected");
      expect(answer.body).not.toContain("root:x:");
      expect(answer.headers["content-type"]).toMatch(/^application\/(problem\+)?json/);
    }
  });

  it("take no longer the longer they are (no pattern goes back and forth)", async () => {
    const pumps = ["a", " ", "0", ".", "-", "_", "[", "(", "%20", "a.", "1:"].map((part) =>
      part.repeat(Math.floor(7000 / part.length)),
    );
    const hosts = pumps.map((pump) => pump.replaceAll("%20", ""));
    const longestMs = async (texts: string[], ask: (text: string) => Promise<unknown>) => {
      let worst = 0;
      for (const text of texts) {
        const begun = process.cpuUsage();
        await ask(text);
        const { user, system } = process.cpuUsage(begun);
        worst = Math.max(worst, (user + system) / 1000);
      }
      return worst;
    };
    const ask = (headers: Record<string, string>, url = list) =>
      server.app.inject({ url, headers: { host: "localhost", ...headers } });
    const kinds = [
      await longestMs(hosts, (text) => ask({ authorization: `Bearer ${text}` })),
      await longestMs(hosts, (text) => ask({ authorization: text })),
      await longestMs(hosts, (text) => ask({ host: text })),
      await longestMs(hosts, (text) => ask({ origin: `http://${text}` })),
      await longestMs(pumps, (text) => server.ask(`/v1/items?query=${text}`, server.keys.read)),
      await longestMs(pumps, (text) => server.ask(`/v1/items?cursor=${text}`, server.keys.read)),
      await longestMs(pumps, (text) => ask({}, `/v1/${text}`)),
    ];
    // CPU time, not the clock; quadratic work on 7,000 characters would be 49 million steps
    for (const ms of kinds) expect(ms).toBeLessThan(1000);
  });
});

describe("pages of other origins", () => {
  const preflight = (origin: string, url = batch) =>
    server.ask({ method: "OPTIONS", url, headers: { origin, "access-control-request-method": "POST" } });

  it("are told that they may ask where they are on the list, and never with cookies", async () => {
    const told = await preflight("https://shop.example");
    expect(told.statusCode).toBe(204);
    expect(told.headers).toMatchObject({
      "access-control-allow-origin": "https://shop.example",
      "access-control-allow-methods": "OPTIONS, POST",
      "access-control-allow-headers": "authorization, content-type",
      vary: "Origin",
    });
    expect(told.headers).not.toHaveProperty("access-control-allow-credentials");
    const answer = await server.ask(
      { url: list, headers: { origin: "https://shop.example" } },
      server.keys.read,
    );
    expect([answer.statusCode, answer.headers["access-control-allow-origin"]]).toEqual([
      200,
      "https://shop.example",
    ]);
    expect((await server.ask(list, server.keys.read)).headers).not.toHaveProperty(
      "access-control-allow-origin",
    );
  });

  it.each([
    "https://evil.example",
    "https://shop.example.evil.example",
    "https://shop.example:444",
    "http://shop.example",
    "null",
  ])("%s is not on the list", async (origin) => {
    for (const method of ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"] as const) {
      const answer = await server.ask({ method, url: "/v1/keys", headers: { origin } }, server.keys.admin);
      problem(answer, 403, "HOST_REFUSED");
      expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
    }
  });

  it("a name that was bound to this machine is refused, a number is not", async () => {
    const asked = (host: string) => server.ask({ url: list, headers: { host } }, server.keys.read);
    problem(await asked("evil.example"), 403, "HOST_REFUSED");
    expect((await asked("192.168.1.5:8000")).statusCode).toBe(200);
    expect((await asked("[2001:db8::1]:8000")).statusCode).toBe(200);
  });
});

describe("answers", () => {
  it("tell a browser to run nothing, keep nothing and frame nothing, refusals too", async () => {
    for (const answer of [
      await server.ask(list, server.keys.read),
      await server.ask(list),
      await server.ask("/nowhere"),
    ]) {
      expect(answer.headers).toMatchObject({
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
      });
      expect(answer.headers).not.toHaveProperty("x-powered-by");
      expect(answer.headers).not.toHaveProperty("server");
      expect(answer.headers).not.toHaveProperty("set-cookie");
    }
    const page = await server.ask("/docs", server.keys.read);
    expect(page.headers["content-security-policy"]).toMatch(/script-src 'self';/);
  });
});

describe("a proxy", () => {
  it("that nobody named does not make its clients people of this machine", async () => {
    const open = await closedApp({ access: { keys: "auto" } });
    expect((await open.ask(list)).statusCode).toBe(200);
    for (const name of ["x-forwarded-for", "forwarded", "x-real-ip"]) {
      problem(await open.ask({ url: list, headers: { [name]: "203.0.113.9" } }), 401, "KEY_REQUIRED");
    }
    // a credential that is sent is held to, on loopback too
    problem(await open.ask(list, "wrong"), 401, "KEY_INVALID");
    problem(await open.ask(list, await tokenOf("2")), 403, "USER_FORBIDDEN");
    await open.close();
  });

  it("may show the server under a path", async () => {
    const based = await closedApp({ access: { base_path: "/usher" } });
    const { read } = based.keys;
    for (const url of [`/usher${list}`, list]) {
      const answer = await based.app.inject({
        url,
        headers: { host: "localhost", authorization: `Bearer ${read}` },
      });
      expect(answer.statusCode).toBe(200);
    }
    const asked = async (url: string) =>
      based.app.inject({ url, headers: { host: "localhost", authorization: `Bearer ${read}` } });
    const json = { host: "localhost", accept: "application/json" };
    expect((await based.app.inject({ url: "/usher", headers: json })).headers.location).toBe(
      "/usher/openapi.json",
    );
    expect((await asked("/usher")).statusCode).toBe(200);
    expect((await asked("/usher/openapi.json")).json().servers).toEqual([{ url: "/usher" }]);
    expect((await asked("/usherx/v1/top")).statusCode).toBe(404);
    expect((await asked("/usher/usher/v1/top")).statusCode).toBe(404);
    expect((await asked("/usher/v1/keys")).statusCode).toBe(403);
    await based.close();
  });
});

describe("the process", () => {
  it("outlives any bytes on a socket", async () => {
    await server.app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = server.app.server.address() as { port: number };
    const line = fc.constantFrom(
      ...[
        "GET / HTTP/1.1",
        "Authorization: Bearer ",
        "Authorization:",
        "Content-Length: -1",
        "Content-Length: 5",
        "Host: localhost",
      ],
      ...[
        "Transfer-Encoding: chunked",
        "X-Forwarded-For: ,,,",
        "POST /v1/keys HTTP/1.1",
        "Expect: 100-continue",
        "",
        "0",
        "\u0000",
      ],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
        const socket = connect(port, "127.0.0.1").on("error", () => {});
        socket.end(`${lines.join("\r\n")}\r\n\r\n`);
        socket.resume();
        await once(socket, "close");
      }),
      { numRuns: 150, seed: 7 },
    );
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
  });
});

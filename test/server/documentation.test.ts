import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckedApp, checkedApp } from "./checked-app.ts";

let server: CheckedApp;
beforeAll(async () => {
  server = await checkedApp();
});
afterAll(() => server.app.close());

describe("/openapi.json", () => {
  it("documents exactly the routes that are registered, less the files of the page", async () => {
    const { openapi, paths, info } = (await server.ask("/openapi.json")).json();
    expect(openapi).toBe("3.1.0");
    expect(info.version).toMatch(/^\d+\.\d+\.\d+/);
    const documented = Object.entries(paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
    );
    const routes = server.routes.filter((route) => !/^HEAD | \/$| \/(docs|assets)/.test(route));
    expect(routes.length).toBeGreaterThan(12);
    expect(documented.sort()).toEqual(routes.sort());
  });
  it("describes each answer, the problems too", async () => {
    const { paths } = (await server.ask("/openapi.json")).json();
    const { responses } = paths["/v1/items/{item_id}/similar"].get;
    expect(Object.keys(responses).sort()).toEqual([
      "200",
      "400",
      "401",
      "403",
      "404",
      "429",
      "431",
      "500",
      "503",
    ]);
    expect(Object.keys(responses["404"].content)).toEqual(["application/problem+json"]);
    const k = paths["/v1/top"].get.parameters.find(({ name }: { name: string }) => name === "k");
    expect(k.schema).toMatchObject({ type: "integer", minimum: 1, maximum: 200, default: 10 });
  });
  it("names each operation, sums it up, and promises the request id with every answer", async () => {
    const { paths } = (await server.ask("/openapi.json")).json() as {
      paths: Record<
        string,
        Record<
          string,
          { operationId?: string; summary?: string; responses: Record<string, { headers: object }> }
        >
      >;
    };
    const operations = Object.values(paths).flatMap((path) => Object.values(path));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { operationId, summary, responses } of operations) {
      expect([operationId, summary]).toEqual([expect.any(String), expect.any(String)]);
      for (const answer of Object.values(responses)) expect(answer.headers).toHaveProperty("X-Request-Id");
    }
  });
  it("says what an id may be in a way that clients can check, and limits that can be reached", async () => {
    const { paths } = (await server.ask("/openapi.json")).json();
    const { schema } = paths["/v1/items/{item_id}"].get.parameters.find(
      ({ name }: { name: string }) => name === "item_id",
    );
    const isId = (id: string) => new RegExp(schema.pattern, "u").test(id);
    expect(["1", "été", "a/b", "...", ".a", "a b"].filter(isId)).toHaveLength(6);
    expect(["", ".", "..", "a\u0000", "\u001f", "\u007f", "a\u0085b"].filter(isId)).toEqual([]);
    const { maxLength } = paths["/rec/v3/{users}"].get.parameters[0].schema;
    const users = `${"u".repeat(100)},`
      .repeat(100)
      .slice(0, maxLength - 1)
      .concat("x");
    expect((await server.ask(`/rec/v3/${users}`)).statusCode).toBe(200);
    expect((await server.ask(`/rec/v3/${"1".repeat(maxLength + 1)}`)).statusCode).toBe(400);
  });
});

describe("/docs", () => {
  it("loads only files of this server, under a policy that lets nothing else in", async () => {
    const page = await server.ask("/docs");
    expect(page.statusCode).toBe(200);
    expect(page.headers["content-security-policy"]).toContain("script-src 'self';");
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) {
      expect(file).toMatch(/^\/docs\//);
      expect((await server.ask(file)).statusCode).toBe(200);
    }
    expect(page.body).not.toMatch(/<script(?![^>]*src=)/);
    const start = await server.ask("/docs/static/swagger-initializer.js");
    expect(start.body).toContain("./json");
    expect((await server.ask("/docs/json")).json()).toEqual((await server.ask("/openapi.json")).json());
    expect(start.body).toMatch(/"?validatorUrl"?:\s*null/);
  });
  it("sends the security headers with everything", async () => {
    for (const url of ["/docs", "/v1/top", "/nope", "/v1/items/%ZZ", "/docs/static/swagger-ui.css"]) {
      expect((await server.ask(url)).headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
      });
    }
  });
});

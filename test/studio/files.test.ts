import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClosedApp, closedApp } from "../server/access/closed-app.ts";
import { type CheckedApp, checkedApp } from "../server/checked-app.ts";

const folder = fileURLToPath(new URL("../../dist/studio", import.meta.url));
const files = readdirSync(join(folder, "assets"));
const zipped = (name: string) => gzipSync(readFileSync(join(folder, "assets", name)), { level: 9 }).length;

/** Everything that a script imports before it runs, itself too. */
function withImports(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const code = readFileSync(join(folder, "assets", name), "utf8");
  for (const [, other = ""] of code.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g))
    withImports(other, seen);
  return seen;
}

describe("the files of the Studio", () => {
  it("are under 60 KB of script for the first page and 150 KB in all, gzipped", () => {
    const page = readFileSync(join(folder, "index.html"), "utf8");
    const [, entry = ""] = /<script type="module"[^>]* src="\.\/assets\/([\w.-]+)"/.exec(page) ?? [];
    const home = files.find((name) => /^home-.*\.js$/.test(name)) ?? "";
    const first = new Set([...withImports(entry), ...withImports(home)]);
    const sum = (names: Iterable<string>) => [...names].reduce((bytes, name) => bytes + zipped(name), 0);
    const all = files.filter((name) => name.endsWith(".js"));
    console.log(`script: ${sum(first)} bytes for the first page in ${first.size} files, ${sum(all)} in all`);
    expect(first.size).toBeGreaterThan(1);
    expect(sum(first)).toBeLessThan(60_000);
    expect(sum(all)).toBeLessThan(150_000);
  });

  it("ask nothing of another host, and hold no script or style in the page", () => {
    const page = readFileSync(join(folder, "index.html"), "utf8");
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
    expect([...page.matchAll(/(?:src|href)="(https?:)?\/\//g)]).toEqual([]);
    for (const name of files.filter((file) => file.endsWith(".css"))) {
      expect(readFileSync(join(folder, "assets", name), "utf8")).not.toMatch(
        /url\(["']?(https?:|data:|\/\/)/,
      );
    }
  });

  it("bring the licences of what is in them", () => {
    expect(readFileSync(join(folder, "LICENSES.txt"), "utf8")).toMatch(/MIT[\s\S]*SIL OPEN FONT/i);
  });
});

describe("the server of the Studio", () => {
  let server: CheckedApp;
  let closed: ClosedApp;
  beforeAll(async () => {
    server = await checkedApp();
    closed = await closedApp({ access: { base_path: "/usher" } });
  });
  afterAll(async () => {
    await server.app.close();
    await closed.close();
  });
  const script = files.find((name) => name.endsWith(".js")) ?? "";

  it("shows the page to whoever takes pages, under a policy that runs nothing but its own files", async () => {
    for (const accept of [
      undefined,
      "*/*",
      "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
      "application/json, */*",
    ]) {
      const answer = await server.ask({ url: "/", headers: accept === undefined ? {} : { accept } });
      expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
      expect(answer.headers).toMatchObject({
        "cache-control": "no-cache",
        vary: "Accept",
        "x-content-type-options": "nosniff",
      });
      const policy = String(answer.headers["content-security-policy"]);
      expect(policy).toContain("default-src 'self';");
      expect(policy).not.toMatch(/unsafe|script-src|style-src|blob:/);
    }
  });

  it("leads a client that takes JSON only to the description", async () => {
    const answer = await server.ask({ url: "/", headers: { accept: "application/json" } });
    expect([answer.statusCode, answer.headers["location"]]).toEqual([302, "/openapi.json"]);
  });

  it("sends the page again only where it changed", async () => {
    const { etag } = (await server.ask("/")).headers;
    const again = await server.ask({ url: "/", headers: { "if-none-match": String(etag) } });
    expect([again.statusCode, again.body]).toEqual([304, ""]);
  });

  it("sends files compressed, to be kept for good", async () => {
    const url = `/assets/${script}`;
    const answer = await server.ask({ url, headers: { "accept-encoding": "gzip" } });
    expect(answer.headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-encoding": "gzip",
      "x-content-type-options": "nosniff",
    });
    const plain = await server.ask(url);
    expect(gunzipSync(answer.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(plain.headers["content-type"]).toContain("javascript");
  });

  it("takes HEAD, no other method, and gives nothing that is no file of the Studio", async () => {
    for (const url of ["/", `/assets/${script}`]) {
      const head = await server.ask({ method: "HEAD", url });
      expect([url, head.statusCode, head.body]).toEqual([url, 200, ""]);
      const post = await server.ask({ method: "POST", url });
      expect([post.statusCode, post.headers["allow"]]).toEqual([405, expect.stringContaining("GET")]);
    }
    for (const url of [
      "/assets/nope.js",
      "/assets/",
      "/assets/..%2findex.html",
      "/assets/%2e%2e/LICENSES.txt",
    ]) {
      expect([url, (await server.ask(url)).statusCode >= 400]).toEqual([url, true]);
    }
  });

  it("is no part of the description of the API", async () => {
    const { paths } = (await server.ask("/openapi.json")).json();
    expect(Object.keys(paths).filter((path) => path === "/" || path.startsWith("/assets"))).toEqual([]);
  });

  it("shows itself under the path of a proxy, with a slash at its end and without, and without a key", async () => {
    for (const url of ["/usher", "/usher/", "/"]) {
      const answer = await closed.ask(url);
      expect([answer.statusCode, answer.body]).toEqual([
        200,
        expect.stringContaining('<head><base href="/usher/">'),
      ]);
    }
    expect((await closed.ask(`/usher/assets/${script}`)).statusCode).toBe(200);
    expect((await closed.ask("/usher/v1/me")).statusCode).toBe(401);
  });
});

describe("GET /v1/me", () => {
  it("says who asks and what they may, to whoever has any key", async () => {
    const server = await closedApp({}, { catalogueKind: () => "books" });
    const { tokenOf } = await import("../server/access/closed-app.ts");
    const of = async (credential: string) => (await server.ask("/v1/me", credential)).json();
    const always = { needs_key: true, version: expect.stringMatching(/^\d+\.\d+/), catalogue: "books" };
    expect(await of(server.keys.events)).toEqual({
      kind: "key",
      name: "events",
      scopes: ["events"],
      ...always,
    });
    expect(await of(server.keys.admin)).toEqual({ kind: "key", name: "admin", scopes: ["admin"], ...always });
    expect(await of(await tokenOf("ada"))).toEqual({
      kind: "user",
      user_id: "ada",
      scopes: ["read", "events"],
      ...always,
    });
    expect((await server.ask("/v1/me")).json().code).toBe("KEY_REQUIRED");
    expect((await server.ask("/v1/me", "wrong")).json().code).toBe("KEY_INVALID");
    await server.close();
    const open = await checkedApp();
    expect((await open.ask("/v1/me")).json()).toMatchObject({
      kind: "loopback",
      scopes: ["admin"],
      needs_key: false,
      catalogue: "items",
    });
    await open.app.close();
  });
});

it("the Studio is built", () => expect(existsSync(join(folder, "index.html"))).toBe(true));

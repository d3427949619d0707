import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { homePaths } from "../../../src/home/home.ts";
import { readOwnerKey } from "../../../src/server/access/access.ts";
import { type Running, runUsher, startUsher } from "../../e2e/usher-process.ts";

/** An address of this machine that others can reach; where it has none, 127.0.0.2 with keys required stands for it. */
const reachable = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;
const outside = reachable ?? "127.0.0.2";
const asOutside: Record<string, string> = reachable ? {} : { USHER_ACCESS_KEYS: "required" };
const home = join(mkdtempSync(join(tmpdir(), "usher-outside-")), "home");
const canary = "canary-of-the-environment-0123456789";
const printed: string[] = [];

async function usher(...args: string[]) {
  const { code, stdout, stderr } = await runUsher([...args, "--home", home], asOutside);
  printed.push(stdout, stderr);
  return { code, stdout, stderr };
}

describe("a server that others can reach", () => {
  let running: Running;
  let address: string;
  let key: string;
  const ask = (path: string, credential?: string, init: RequestInit = {}) =>
    fetch(address + path, {
      ...init,
      headers: {
        ...init.headers,
        ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
      },
    });

  beforeAll(async () => {
    expect((await usher("start", "--data", "demo", "--once")).code).toBe(0);
  });
  afterAll(async () => {
    running?.child.kill("SIGTERM");
    await running?.finished;
  });

  it.runIf(reachable)(
    "does not begin to listen without a key, and says which command makes one",
    async () => {
      const { code, stderr } = await usher("serve", "--host", outside, "--port", "0");
      expect(code).toBe(2);
      expect(stderr).toContain("usher keys create --name site --scopes read,events");
      expect(stderr).toContain("CONFIG_INVALID");
    },
  );

  it("begins with one, and answers only who has it", async () => {
    const made = await usher("keys", "create", "--name", "site", "--scopes", "read,events", "--json");
    key = JSON.parse(made.stdout).key;
    running = startUsher(["serve", "--home", home, "--host", outside, "--port", "0"], {
      ...asOutside,
      ...{ USHER_ACCESS_ADMIN_KEY: canary, USHER_LOG_LEVEL: "debug" },
    });
    const found = await running.until(/serves on (http:\/\/[\d.]+:\d+)/);
    address = found[1] ?? "";
    expect(new URL(address).hostname).toBe(outside);
    const list = "/v1/users/viewer-0001/recommendations";
    expect((await ask(list)).status).toBe(401);
    expect((await ask("/openapi.json")).status).toBe(401);
    expect((await ask("/health/live")).status).toBe(200);
    const answer = await ask(list, key);
    expect([answer.status, answer.headers.get("ratelimit-limit")]).toEqual([200, "20000"]);
    expect((await ask("/v1/keys", key)).status).toBe(403);
    expect((await ask("/v1/keys", canary)).status).toBe(200);
  });

  it("is no more open from this machine, by whatever name", async () => {
    const { port } = new URL(address);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, "127.0.0.1"]) {
      const status = await new Promise((resolve, reject) => {
        const sent = request(`${address}/v1/top`, { headers: { host } }, ({ statusCode }) =>
          resolve(statusCode),
        );
        sent.on("error", reject).end();
      });
      expect(status).toBe(401);
    }
  });

  it("takes keys from the command line and gives them up again without a restart", async () => {
    const { stdout } = await usher("keys", "create", "--name", "job", "--scopes", "admin", "--json");
    const made = JSON.parse(stdout);
    expect((await ask("/v1/audit", made.key)).status).toBe(200);
    expect((await usher("keys", "list")).stdout).toContain(`${made.id}  admin`);
    expect((await usher("keys", "revoke", made.id)).code).toBe(0);
    expect((await ask("/v1/audit", made.key)).status).toBe(401);
    const listed = (await usher("audit")).stdout;
    expect(listed).toMatch(/command line {2}DELETE \/v1\/keys\/:id {2}done/);
    expect(listed).toMatch(/command line {2}usher keys create {2}done/); // before the server ran
    expect((await usher("audit", "verify")).code).toBe(0);
    expect((await usher("models")).code).toBe(0); // other commands find their way in too
  });

  it("asks no address that a request names", async () => {
    let asked = 0;
    const trap = createServer((socket) => {
      asked++;
      socket.end();
    }).listen(0, "127.0.0.1");
    await once(trap, "listening");
    const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/data`;
    const headers = { "content-type": "application/json" };
    for (const source of [url, `movielens:${url}`, `csv:${url}`]) {
      const answer = await ask("/v1/imports", canary, {
        method: "POST",
        headers,
        body: JSON.stringify({ source }),
      });
      expect([source, answer.status]).toEqual([source, 400]);
    }
    const hook = { name: "x", scopes: ["read"], webhook_url: url };
    expect(
      (await ask("/v1/keys", canary, { method: "POST", headers, body: JSON.stringify(hook) })).status,
    ).toBe(400);
    expect(asked).toBe(0);
    trap.close();
  });

  it("shows no secret in anything that it prints or answers", async () => {
    const owner = (await readOwnerKey(homePaths(home).access)) ?? "";
    expect(owner.length).toBeGreaterThan(40);
    const paths = [
      "/v1/keys",
      "/v1/audit",
      "/metrics",
      "/openapi.json",
      "/health/ready",
      "/v1/users/x?",
      "/v1/keys/zzz",
      "/%ZZ",
    ];
    for (const path of paths) printed.push(await (await ask(path, canary)).text());
    const { stdout } = await runUsher(["config", "show", "--home", home], {
      USHER_ACCESS_ADMIN_KEY: canary,
      USHER_TOKENS_SECRET: canary,
    });
    expect(stdout).toMatch(/access\.admin_key +"\[hidden\]" {2}\(environment\)/);
    printed.push(stdout, running.output());
    for (const secret of [canary, owner]) expect(printed.join("\n")).not.toContain(secret);
    expect(printed.join("\n").split(key)).toHaveLength(2); // shown once, when it was made
    running.child.kill("SIGTERM");
    expect((await running.finished).code).toBe(0);
    expect(await readOwnerKey(homePaths(home).access)).toBeUndefined();
    printed.length = 0;
  });
});

describe("secrets in the configuration", () => {
  it("are refused in usher.json and read from files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "usher-secret-"));
    const file = join(folder, "secret.txt");
    writeFileSync(file, `${canary}\n`);
    const shown = await runUsher(["config", "show", "--home", folder, "--json"], {
      USHER_TOKENS_SECRET_FILE: file,
    });
    expect(JSON.parse(shown.stdout)).toContainEqual({
      ...{
        key: "tokens.secret",
        value: "[hidden]",
        origin: "environment",
        environment: "USHER_TOKENS_SECRET",
      },
    });
    writeFileSync(join(folder, "usher.json"), JSON.stringify({ tokens: { secret: canary } }));
    const refused = await runUsher(["config", "check", "--home", folder]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("USHER_TOKENS_SECRET");
    expect(refused.stdout + refused.stderr + shown.stdout).not.toContain(canary);
  });
});

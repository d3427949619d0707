import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../../src/secret.ts";
import { openAccess } from "../../../src/server/access/access.ts";
import { openKeys } from "../../../src/server/access/api-keys.ts";
import { problem } from "../checked-app.ts";
import { type ClosedApp, closedApp, closedConfiguration, tokenOf } from "./closed-app.ts";

const newFolder = async () => join(await mkdtemp(join(tmpdir(), "usher-keys-")), "access");
const list = "/v1/users/1/recommendations";

describe("the key store", () => {
  it("keeps only hashes, in a file of its owner", async () => {
    const folder = await newFolder();
    const keys = await openKeys(folder);
    const { key, id } = await keys.create({ name: "site", scopes: ["read"] });
    expect(key).toMatch(/^usher_[0-9a-f]{8}_[\w-]{43}$/);
    const file = join(folder, "keys.json");
    const text = await readFile(file, "utf8");
    expect(text).toContain(id);
    expect(text).not.toContain(key.split("_").slice(2).join("_"));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await openKeys(folder)).find(key)).toMatchObject({ id, scopes: ["read"] });
  });

  it("forgets a key that is revoked or has expired, and says when one was used", async () => {
    const folder = await newFolder();
    let nowMs = Date.UTC(2026, 0, 1);
    const keys = await openKeys(folder, { now: () => nowMs });
    const made = await keys.create({ name: "short", scopes: ["events"], expires_in_days: 1 });
    expect(keys.list()[0]).not.toHaveProperty("last_used_at");
    expect(keys.find(made.key)?.name).toBe("short");
    nowMs += 86_400_000 - 1;
    expect(keys.find(made.key)?.name).toBe("short");
    await keys.close();
    expect((await openKeys(folder)).list()[0]?.last_used_at).toBe("2026-01-01T23:59:59.999Z");
    nowMs += 1;
    expect(keys.find(made.key)).toBeUndefined();
    const other = await keys.create({ name: "other", scopes: ["read"] });
    await keys.revoke(other.id);
    expect(keys.find(other.key)).toBeUndefined();
    expect((await openKeys(folder)).list().map(({ name }) => name)).toEqual(["short"]);
    await expect(keys.revoke(other.id)).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
  });

  it.each(["{", "[]", '{"format":1,"keys":[{"id":"a"}]}', '{"format":2,"keys":[]}'])(
    "refuses a file of keys that holds %s",
    async (text) => {
      const folder = await newFolder();
      await openKeys(folder).then((keys) => keys.create({ name: "x", scopes: ["read"] }));
      await writeFile(join(folder, "keys.json"), text);
      await expect(openKeys(folder)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    },
  );
});

describe("keys over HTTP", () => {
  let server: ClosedApp;
  beforeAll(async () => {
    server = await closedApp();
  });
  afterAll(() => server.close());
  const as = (credential: string) => server.ask(list, credential);

  it("are made, shown once, used at once, revoked at once, all by an administrator", async () => {
    const { admin } = server.keys;
    const payload = { name: "shop", scopes: ["read"], expires_in_days: 30 };
    const made = await server.ask({ method: "POST", url: "/v1/keys", payload }, admin);
    expect(made.statusCode).toBe(201);
    const { key, ...info } = made.json();
    expect((await as(key)).statusCode).toBe(200);
    const items = (await server.ask("/v1/keys", admin)).json().items as object[];
    expect(items).toContainEqual({ ...info, last_used_at: expect.any(String) });
    expect(JSON.stringify(items)).not.toContain(key.slice(15));
    expect((await server.ask({ method: "DELETE", url: `/v1/keys/${info.id}` }, admin)).json().id).toBe(
      info.id,
    );
    problem(await as(key), 401, "KEY_INVALID");
    problem(await server.ask({ method: "DELETE", url: `/v1/keys/${info.id}` }, admin), 404, "KEY_UNKNOWN");
  });

  it("tell nothing about themselves where they are wrong: unknown, half right, expired, of another form", async () => {
    const { read } = server.keys;
    const wrong = [
      `${read.slice(0, -1)}${read.endsWith("A") ? "B" : "A"}`,
      `usher_00000000_${read.slice(15)}`,
      `usher_${read.slice(6, 14)}_${"A".repeat(43)}`,
      "x",
      "a.b.c",
      await tokenOf("1", {}, "another secret of 32 bytes or more!"),
    ];
    const answers = await Promise.all(wrong.map(as));
    const [first, ...others] = answers.map((answer) => {
      const { request_id: _, ...body } = answer.json();
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
      return { status: answer.statusCode, body };
    });
    expect(first?.status).toBe(401);
    for (const other of others) expect(other).toEqual(first);
  });

  it("are missing is said as such, and never another's key used instead", async () => {
    problem(await server.ask(list), 401, "KEY_REQUIRED");
    problem(await server.ask({ url: `${list}?api_key=${server.keys.read}` }), 401, "KEY_REQUIRED");
  });

  it("refuse any text that is not the key", async () => {
    const lonely = await closedApp({ limits: { address_per_second: 1000 } });
    const { read, admin } = lonely.keys;
    const good = new Set([read, admin, lonely.keys.events].map((key) => `Bearer ${key}`));
    const header = fc.oneof(
      fc.string({
        unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
        maxLength: 200,
      }),
      fc.string().map((text) => `Basic ${Buffer.from(text).toString("base64")}`),
      fc.nat(read.length - 1).map((length) => `Bearer ${read.slice(0, length)}`),
      fc
        .tuple(fc.nat(read.length), fc.constantFrom("\t", " ", ",", ".", "a", "%00"))
        .map(([at, text]) => `Bearer ${read.slice(0, at)}${text}${read.slice(at)}`),
      fc
        .array(fc.base64String({ maxLength: 80 }), { maxLength: 5 })
        .map((parts) => `Bearer ${parts.join(".")}`),
    );
    await fc.assert(
      fc.asyncProperty(header, async (authorization) => {
        fc.pre(!good.has(authorization.trim().replace(/^bearer +/i, "Bearer ")));
        const { statusCode } = await lonely.app.inject({
          url: list,
          headers: { host: "localhost", authorization },
        });
        expect([401, 429]).toContain(statusCode);
      }),
      { numRuns: 2000, seed: 42 },
    );
    expect((await lonely.ask(list, read)).statusCode).toBe(200); // good keys are not locked out by the guesses of others
    await lonely.close();
  });

  it("are counted where they are guessed", async () => {
    const lonely = await closedApp({ limits: { address_per_second: 1000 } });
    const codes: number[] = [];
    for (let guess = 0; guess < 40; guess++)
      codes.push((await lonely.ask(list, `usher_00000000_${"A".repeat(43)}`)).statusCode);
    expect(codes.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(codes.at(-1)).toBe(429);
    await lonely.close();
  });
});

describe("a key of the environment", () => {
  it("is an administrator's, is no short one, and is seen nowhere", async () => {
    const key = "k".repeat(40);
    const server = await closedApp({ access: { admin_key: new Secret(key) } });
    expect((await server.ask("/v1/keys", key)).statusCode).toBe(200);
    expect((await server.ask("/v1/keys", key)).body).not.toContain(key);
    await server.close();
    const configuration = closedConfiguration({ access: { admin_key: new Secret("short") } });
    const opening = openAccess({ folder: await newFolder(), configuration });
    await expect(opening).rejects.toThrow("access.admin_key: expected at least 32");
    await expect(opening).rejects.not.toThrow("short");
  });
});

describe("the key that signs cursors", () => {
  it("is the same after a restart, another one in another home, and readable by its owner only", async () => {
    const folder = await newFolder();
    const cursorKeyOf = async (of: string) => {
      const access = await openAccess({ folder: of, configuration: closedConfiguration() });
      await access.close();
      return Buffer.from(access.cursorKey).toString("hex");
    };
    const first = await cursorKeyOf(folder);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await cursorKeyOf(folder)).toBe(first);
    expect(await cursorKeyOf(await newFolder())).not.toBe(first);
    expect((await stat(join(folder, "cursor-key"))).mode & 0o777).toBe(0o600);
    await writeFile(join(folder, "cursor-key"), "damaged");
    expect(await cursorKeyOf(folder)).not.toBe(first);
  });
});

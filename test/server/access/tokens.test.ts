import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import { defaultConfiguration } from "../../../src/contracts/configuration.ts";
import { Secret } from "../../../src/secret.ts";
import { openTokens } from "../../../src/server/access/user-tokens.ts";
import { tokenOf, tokenSecret } from "./closed-app.ts";

const settings = (changes: Partial<typeof defaultConfiguration.tokens> = {}) => ({
  ...defaultConfiguration.tokens,
  secret: new Secret(tokenSecret),
  ...changes,
});
const seconds = () => Math.floor(Date.now() / 1000);
const verify = async (token: string, changes: Partial<typeof defaultConfiguration.tokens> = {}) =>
  (await openTokens(settings(changes)))?.verify(token);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const good = { sub: "u", aud: "usher", exp: seconds() + 600 };

async function withPublicKeys() {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const file = join(await mkdtemp(join(tmpdir(), "usher-jwks-")), "jwks.json");
  await writeFile(file, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k1" }] }));
  return { file, publicKey, privateKey };
}

/** An issuer's key, as it is published, and tokens signed with it. */
async function keyPair(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  return {
    jwk: { ...(await exportJWK(publicKey)), kid },
    sign: (lifeSeconds = 600) =>
      new SignJWT({ ...good, exp: seconds() + lifeSeconds })
        .setProtectedHeader({ alg: "RS256", kid })
        .sign(privateKey),
  };
}

async function jwksFile(...keys: { jwk: object }[]): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "usher-jwks-")), "jwks.json");
  await writeFile(file, JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  return file;
}

describe("user tokens", () => {
  it("are off where no issuer is configured", async () => {
    expect(await openTokens(defaultConfiguration.tokens)).toBeUndefined();
  });

  it("name their user, by a shared secret or by published keys", async () => {
    expect(await verify(await tokenOf("auth0|123"))).toBe("auth0|123");
    const { file, privateKey } = await withPublicKeys();
    const token = await new SignJWT(good).setProtectedHeader({ alg: "RS256", kid: "k1" }).sign(privateKey);
    expect(await verify(token, { jwks_file: file, secret: new Secret("") })).toBe("u");
    expect(await verify(token)).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>]>([
    ["expired", { exp: seconds() - 10 }],
    ["without an end", { exp: undefined }],
    ["not yet good", { nbf: seconds() + 60 }],
    ["for another server", { aud: "other" }],
    ["for nobody", { aud: undefined }],
    ["without a user", { sub: undefined }],
    ["with a user that is no id", { sub: ".." }],
    ["with a number as user", { sub: 1 }],
    ["of another issuer", { iss: "https://else.example" }],
    ["of no issuer", {}],
  ])("are refused %s", async (_, claims) => {
    const issuer = "https://login.example";
    expect(await verify(await tokenOf("u", { iss: issuer }), { issuer })).toBe("u");
    const isIssuer = "iss" in claims || Object.keys(claims).length === 0;
    expect(await verify(await tokenOf("u", claims), isIssuer ? { issuer } : {})).toBeUndefined();
  });

  it("are refused with the algorithm none, in any writing, and with one that is not on the list", async () => {
    for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
      expect(await verify(`${part({ alg })}.${part(good)}.`)).toBeUndefined();
    }
    const token = await new SignJWT(good)
      .setProtectedHeader({ alg: "HS512" })
      .sign(new TextEncoder().encode(tokenSecret));
    expect(await verify(token)).toBeUndefined();
    expect(await verify(token, { algorithms: ["HS512"] })).toBe("u");
  });

  it("are refused where a public key was used as a shared secret", async () => {
    const { file, publicKey } = await withPublicKeys();
    const asSecret = new TextEncoder().encode(await exportSPKI(publicKey));
    const forged = await new SignJWT(good).setProtectedHeader({ alg: "HS256", kid: "k1" }).sign(asSecret);
    expect(await verify(forged, { jwks_file: file, secret: new Secret("") })).toBeUndefined();
    expect(await verify(forged, { jwks_file: file })).toBeUndefined();
  });

  it("are refused where one character was changed, and where they bring their own key", async () => {
    const token = await tokenOf("u");
    const [head = "", body = "", signature = ""] = token.split(".");
    expect(await verify(`${head}.${part({ ...good, sub: "v" })}.${signature}`)).toBeUndefined();
    expect(await verify(`${head}.${body}.${signature.slice(0, -2)}AA`)).toBeUndefined();
    const { privateKey, publicKey } = await withPublicKeys();
    const own = await new SignJWT(good)
      .setProtectedHeader({ alg: "RS256", jwk: await exportJWK(publicKey), jku: "https://evil.example/jwks" })
      .sign(privateKey);
    const { file } = await withPublicKeys();
    expect(await verify(own, { jwks_file: file })).toBeUndefined();
  });

  it("by keys that came after the start are good, and by keys that went are not: the file is read again, twice a minute at most", async () => {
    let nowMs = Date.now();
    const [first, second] = [await keyPair("k1"), await keyPair("k2")];
    const file = await jwksFile(first);
    const tokens = await openTokens(settings({ jwks_file: file }), { now: () => nowMs });
    const [byFirst, bySecond] = [await first.sign(), await second.sign()];
    expect([await tokens?.verify(byFirst), await tokens?.verify(bySecond)]).toEqual(["u", undefined]);
    await writeFile(file, JSON.stringify({ keys: [second.jwk] }));
    expect(await tokens?.verify(bySecond)).toBeUndefined();
    nowMs += 30_000;
    expect(await tokens?.verify(bySecond)).toBe("u");
    expect(await tokens?.verify(byFirst)).toBeUndefined(); // what was remembered of it is forgotten
    await writeFile(file, "{"); // half written: the keys from before go on
    nowMs += 30_000;
    expect([await tokens?.verify(byFirst), await tokens?.verify(bySecond)]).toEqual([undefined, "u"]);
    await writeFile(file, JSON.stringify({ keys: [first.jwk] }));
    await tokens?.reload(new Secret(tokenSecret));
    expect([await tokens?.verify(byFirst), await tokens?.verify(bySecond)]).toEqual(["u", undefined]);
  });

  it("by a key that was withdrawn end within the time that keys and tokens are remembered", async () => {
    let nowMs = Date.now();
    const [first, second] = [await keyPair("k1"), await keyPair("k2")];
    const file = await jwksFile(first);
    const tokens = await openTokens(settings({ jwks_file: file }), { now: () => nowMs });
    const token = await first.sign(7200);
    expect(await tokens?.verify(token)).toBe("u");
    await writeFile(file, JSON.stringify({ keys: [second.jwk] }));
    nowMs += 600_000;
    await tokens?.verify(token); // the file is read beside it
    await vi.waitFor(async () => expect(await tokens?.verify(token)).toBeUndefined());
  });

  it("are verified by what an issuer publishes, which is asked at most twice a minute and need not be there at the start", async () => {
    let nowMs = Date.now();
    const key = await keyPair("k1");
    let asked = 0;
    let answer = { status: 503, body: "" };
    const issuer = createServer((_, response) => {
      asked++;
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`;
    const tokens = await openTokens(settings({ jwks_url: url, secret: new Secret("") }), {
      now: () => nowMs,
    });
    const token = await key.sign();
    for (let attempt = 0; attempt < 5; attempt++) expect(await tokens?.verify(token)).toBeUndefined();
    expect(asked).toBe(1);
    answer = { status: 200, body: JSON.stringify({ keys: [key.jwk] }) };
    nowMs += 30_000;
    const many = await Promise.all(Array.from({ length: 20 }, () => tokens?.verify(token)));
    expect([new Set(many), asked]).toEqual([new Set(["u"]), 2]);
    issuer.close();
    const both = settings({ jwks_url: url, jwks_file: await jwksFile(key) });
    await expect(openTokens(both)).rejects.toThrow("tokens.jwks_url: expected none beside");
  });

  it("are verified by another secret after a reload, which is refused where it is short", async () => {
    const tokens = await openTokens(settings());
    const [before, after] = [
      await tokenOf("u"),
      await tokenOf("u", {}, "another secret of 32 bytes or more"),
    ];
    await expect(tokens?.reload(new Secret("short"))).rejects.toThrow("at least 32 bytes");
    expect([await tokens?.verify(before), await tokens?.verify(after)]).toEqual(["u", undefined]);
    await tokens?.reload(new Secret("another secret of 32 bytes or more"));
    expect([await tokens?.verify(before), await tokens?.verify(after)]).toEqual([undefined, "u"]);
  });

  it("stop with their end, also when they were seen before", async () => {
    let nowMs = Date.now();
    const tokens = await openTokens(settings(), { now: () => nowMs });
    const token = await tokenOf("u");
    expect(await tokens?.verify(token)).toBe("u");
    expect(tokens?.verify(token)).toBe("u"); // remembered: no promise
    nowMs += 700_000;
    expect(await tokens?.verify(token)).toBeUndefined();
  });

  it.each([
    [{ secret: new Secret("short") }, "tokens.secret: expected at least 32 bytes, got 5"],
    [{ audience: "" }, "tokens.audience"],
    [{ jwks_file: "no-such-file.json" }, "tokens.jwks_file: expected a JWKS file"],
  ])("are not begun with a configuration that would be unsafe", async (changes, message) => {
    await expect(openTokens(settings(changes))).rejects.toThrow(message);
  });

  it("are not begun with a file that holds a private key", async () => {
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const file = join(await mkdtemp(join(tmpdir(), "usher-jwks-")), "jwks.json");
    await writeFile(file, JSON.stringify({ keys: [await exportJWK(privateKey)] }));
    await expect(openTokens(settings({ jwks_file: file }))).rejects.toThrow("a key is secret or private");
  });
});

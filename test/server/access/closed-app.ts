import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InjectOptions } from "fastify";
import { SignJWT } from "jose";
import type { Scope } from "../../../src/contracts/access-http.ts";
import { type Configuration, defaultConfiguration } from "../../../src/contracts/configuration.ts";
import { Secret } from "../../../src/secret.ts";
import { openAccess } from "../../../src/server/access/access.ts";
import type { ServerContext } from "../../../src/server/context.ts";
import { checkedApp } from "../checked-app.ts";

export const tokenSecret = "a shared secret of 32 bytes or more";

type Changes = {
  [Group in "access" | "limits" | "tokens"]?: Partial<Configuration[Group]>;
} & { host?: string };

/** A configuration in which everything needs a key, and tokens are signed with {@link tokenSecret}. */
export function closedConfiguration({ access, limits, tokens, ...others }: Changes = {}): Configuration {
  const { access: a, limits: l, tokens: t } = defaultConfiguration;
  return {
    ...defaultConfiguration,
    ...others,
    access: { ...a, keys: "required", ...access },
    limits: { ...l, key_per_second: 0, user_per_second: 0, address_per_second: 0, ...limits },
    tokens: { ...t, secret: new Secret(tokenSecret), ...tokens },
  };
}

/** A token of a user, signed as a site would sign it. `claims` come last. */
export function tokenOf(
  userId: string,
  claims: Record<string, unknown> = {},
  secret = tokenSecret,
): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: userId, aud: "usher", exp: seconds + 600, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}

/** An application over the small release that is open to nobody without a key, with a key of each scope. */
export async function closedApp(changes: Changes = {}, context: Partial<ServerContext> = {}) {
  const folder = join(await mkdtemp(join(tmpdir(), "usher-access-")), "access");
  const access = await openAccess({ folder, configuration: closedConfiguration(changes) });
  const server = await checkedApp({ access, ...context });
  const keyOf = async (...scopes: Scope[]) => (await access.keys.create({ name: scopes.join(), scopes })).key;
  const keys = { read: await keyOf("read"), events: await keyOf("events"), admin: await keyOf("admin") };
  const ask = (request: InjectOptions | string, credential?: string) => {
    const options = typeof request === "string" ? { url: request } : request;
    const authorization = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
    return server.ask({ ...options, headers: { ...options.headers, ...authorization } });
  };
  const close = async () => {
    await server.app.close();
    await access.close();
  };
  return { ...server, folder, access, keys, keyOf, ask, close };
}

export type ClosedApp = Awaited<ReturnType<typeof closedApp>>;

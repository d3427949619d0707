import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import type { Configuration } from "../../contracts/configuration.ts";
import { writeFileDurable } from "../../durable-file.ts";
import { UsherError } from "../../errors.ts";
import { isLoopback } from "../listen.ts";
import { digestOf, type KeyStore, newSecret, openKeys } from "./api-keys.ts";
import { type AuditLog, openAuditLog } from "./audit-log.ts";
import { openTokens, type TokenVerifier } from "./user-tokens.ts";

/** Who may ask the server, and how much. */
export interface Access {
  /** Whether a request without a key is refused, from this machine too. */
  readonly isClosed: boolean;
  readonly limits: Configuration["limits"];
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Path under which a proxy shows the server, such as `/usher`; empty = none. */
  readonly basePath: string;
  readonly keys?: KeyStore;
  readonly tokens?: TokenVerifier;
  readonly audit?: AuditLog;
  /** Signs cursors of lists. Default: one of this process, so that cursors of before a restart are refused. */
  readonly cursorKey?: Uint8Array;
  /** SHA-256 of keys that are stored nowhere, by who has them: the command line, whoever set the environment. */
  readonly otherKeys?: readonly { readonly who: string; readonly hash: Buffer }[];
}

/** Access of a home that is open. */
export interface OpenAccess extends Access {
  readonly keys: KeyStore;
  readonly audit: AuditLog;
  /** The same after a restart. */
  readonly cursorKey: Uint8Array;
  /** With this the command line of this machine, and the process itself, ask the server. */
  readonly ownerKey: string;
  /** Whether anybody but the command line can have a key. */
  hasKey(): boolean;
  /**
   * Takes over secrets that were changed, and reads the keys of issuers again. Issuers that were not configured at the start are not
   * known until the next.
   * @throws UsherError `CONFIG_INVALID`; what was good before is good still.
   */
  reload(configuration: Pick<Configuration, "access" | "tokens">): Promise<void>;
  close(): Promise<void>;
}

/** A server for this machine alone: no key, no limit. */
export const openToLoopback: Access = {
  isClosed: false,
  limits: { key_per_second: 0, user_per_second: 0, address_per_second: 0, burst_seconds: 1 },
  corsOrigins: [],
  trustedProxies: [],
  basePath: "",
};

const ownerKeyName = "owner-key";
const cursorKeyName = "cursor-key";
const cursorKeyBytes = 32;
const adminKeyBytesMin = 32;

/**
 * Opens who may ask: keys, issuers of tokens, audit log, and a key for the command line that is good as long as this process lives.
 *
 * @param options.folder `access` in the home folder.
 * @throws UsherError `CONFIG_INVALID`, with the setting.
 */
export async function openAccess(options: {
  folder: string;
  configuration: Configuration;
}): Promise<OpenAccess> {
  const { folder, configuration } = options;
  const { access, limits, tokens: issuers, host } = configuration;
  for (const proxy of access.trusted_proxies) checkProxy(proxy);
  const tokens = await openTokens(issuers);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const keys = await openKeys(folder);
  const audit = await openAuditLog(folder);
  const ownerKey = `owner-${newSecret()}`;
  const commandLine = { who: "command line", hash: digestOf(ownerKey) };
  const otherKeys = [commandLine, ...adminKeys(access)];
  await writeFileDurable(join(folder, ownerKeyName), ownerKey, { mode: 0o600 });
  return {
    isClosed: access.keys === "required" || access.trusted_proxies.length > 0 || !isLoopback(host),
    limits,
    corsOrigins: access.cors_origins,
    trustedProxies: access.trusted_proxies,
    basePath: access.base_path,
    keys,
    audit,
    ...(tokens ? { tokens } : {}),
    otherKeys,
    ownerKey,
    cursorKey: await keptKey(join(folder, cursorKeyName)),
    reload: async (changed) => {
      const ofEnvironment = adminKeys(changed.access);
      await tokens?.reload(changed.tokens.secret);
      otherKeys.splice(1, otherKeys.length, ...ofEnvironment);
    },
    hasKey: () => otherKeys.length > 1 || keys.list().length > 0,
    close: async () => {
      await rm(join(folder, ownerKeyName), { force: true });
      await keys.close();
      await audit.close();
    },
  };
}

/** Random bytes that are made once and kept; anew where somebody damaged them. */
async function keptKey(path: string): Promise<Buffer> {
  const kept = await readFile(path).catch(() => undefined);
  if (kept?.length === cursorKeyBytes) return kept;
  const made = randomBytes(cursorKeyBytes);
  await writeFileDurable(path, made, { mode: 0o600 });
  return made;
}

/** The key by which the command line asks the server of a home; `undefined` where there is none or it may not be read. */
export async function readOwnerKey(folder: string): Promise<string | undefined> {
  return readFile(join(folder, ownerKeyName), "utf8").catch(() => undefined);
}

/** The key that the environment gives, where it gives one. */
function adminKeys({ admin_key: secret }: Configuration["access"]): { who: string; hash: Buffer }[] {
  const key = secret.reveal();
  if (key === "") return [];
  if (Buffer.byteLength(key) >= adminKeyBytesMin && !key.includes(".")) {
    return [{ who: "key of the environment", hash: digestOf(key) }];
  }
  throw new UsherError(
    "CONFIG_INVALID",
    `access.admin_key: expected at least ${adminKeyBytesMin} random bytes as text without dots, got ${key.length} characters`,
  );
}

/** An address, a network as in `10.0.0.0/8`, or one of the names that stand for several. */
function checkProxy(proxy: string): void {
  if (["loopback", "linklocal", "uniquelocal"].includes(proxy)) return;
  const [address = "", bits, ...rest] = proxy.split("/");
  const version = isIP(address);
  const isNetwork =
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
  if (version !== 0 && isNetwork && rest.length === 0) return;
  throw new UsherError(
    "CONFIG_INVALID",
    `access.trusted_proxies: expected addresses or networks such as 10.0.0.0/8, got "${proxy}"`,
  );
}

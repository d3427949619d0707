import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KeyInfo, type KeyRequest, keysMax, type Scope, scopes } from "../../contracts/access-http.ts";
import { writeFileDurable } from "../../durable-file.ts";
import { UsherError } from "../../errors.ts";
import { oneAtATime } from "../../one-at-a-time.ts";

/** How long the time of the last use may be behind on disk. */
const useDelayMs = 60_000;
const dayMs = 86_400_000;

/** A key that was presented and is good. */
export interface GoodKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** The API keys of a home. What is changed here holds from the next request on. */
export interface KeyStore {
  /** Makes a key; durable when it resolves. `key` is the only time that the secret is seen. */
  create(request: KeyRequest): Promise<KeyInfo & { readonly key: string }>;
  /** @throws UsherError `KEY_UNKNOWN`. */
  revoke(id: string): Promise<KeyInfo>;
  /** The oldest first, expired ones too. */
  list(): readonly KeyInfo[];
  /** Whose key this text is; `undefined` where it is none, revoked or expired. Takes as long for one answer as for another. */
  find(credential: string): GoodKey | undefined;
  /** Writes when keys were used last. */
  close(): Promise<void>;
}

interface StoredKey extends Omit<KeyInfo, "last_used_at"> {
  readonly sha256: string;
  last_used_at?: string;
}

interface HeldKey {
  readonly stored: StoredKey;
  readonly hash: Buffer;
  readonly expiresMs: number;
  usedMs: number;
}

/**
 * SHA-256 without salt or stretching: a key is 256 random bits, so there is nothing to guess and no table to make, and a slow hash
 * would only slow down each request.
 */
export const digestOf = (credential: string): Buffer => hash("sha256", credential, "buffer");

/** `usher_<id>_<secret>`: the id is 8 hexadecimal digits, the secret 32 random bytes in base64url. */
const form = /^usher_([0-9a-f]{8})_[\w-]{43}$/;
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** Compared with where no key has the id, so that it takes the same time; nothing hashes to it that anybody could find. */
const decoy: HeldKey = {
  stored: { id: "", name: "", scopes: [], created_at: "", sha256: "" },
  hash: randomBytes(32),
  expiresMs: 0,
  usedMs: 0,
};

/**
 * Opens the keys of a home: `keys.json` in its folder `access`, readable by its owner only.
 *
 * @param options.now Clock in ms since 1970. Default: that of the system.
 * @throws UsherError `CONFIG_INVALID`: the file is there and no list of keys.
 */
export async function openKeys(
  folder: string,
  { now = Date.now }: { now?: () => number } = {},
): Promise<KeyStore> {
  const path = join(folder, "keys.json");
  const held = new Map((await readKeys(path)).map((stored) => [stored.id, holding(stored)]));
  const inTurn = oneAtATime();
  let isUseUnsaved = false;
  let savedMs = now();

  /** One writer at a time, each writing what then holds. */
  const write = (): Promise<void> =>
    inTurn(() => {
      isUseUnsaved = false;
      savedMs = now();
      const keys = [...held.values()].map(({ stored }) => stored);
      return writeFileDurable(path, `${JSON.stringify({ format: 1, keys }, null, 2)}\n`, { mode: 0o600 });
    });
  const noteUse = (key: HeldKey, nowMs: number) => {
    key.usedMs = nowMs;
    key.stored.last_used_at = new Date(nowMs).toISOString();
    isUseUnsaved = true;
    if (nowMs - savedMs < useDelayMs) return;
    savedMs = nowMs;
    write().catch(() => {}); // the next use, or the end, tries again
  };
  return {
    create: async (request) => {
      if (held.size >= keysMax) {
        throw new UsherError(
          "PARAMETER_INVALID",
          `keys: expected at most ${keysMax}, there are ${held.size}`,
        );
      }
      const { key, stored } = newKey(request, now());
      held.set(stored.id, holding(stored));
      await write().catch((error) => {
        held.delete(stored.id);
        throw error;
      });
      return { ...infoOf(stored), key };
    },
    revoke: async (id) => {
      const key = held.get(id);
      if (!key) throw new UsherError("KEY_UNKNOWN", `id: expected one of the keys, got "${id.slice(0, 64)}"`);
      held.delete(id); // at once, whatever becomes of the file
      await write();
      return infoOf(key.stored);
    },
    list: () => [...held.values()].map(({ stored }) => infoOf(stored)),
    find: (credential) => {
      const digest = digestOf(credential);
      const id = form.exec(credential)?.[1];
      const key = (id === undefined ? undefined : held.get(id)) ?? decoy;
      const isSame = timingSafeEqual(digest, key.hash);
      const nowMs = now();
      if (!isSame || nowMs >= key.expiresMs) return undefined;
      if (nowMs - key.usedMs >= 1000) noteUse(key, nowMs); // making the text for each request would cost more than the check
      return key.stored;
    },
    close: async () => {
      if (isUseUnsaved) await write();
      await inTurn(() => {}); // those that were under way
    },
  };
}

function newKey(request: KeyRequest, nowMs: number): { key: string; stored: StoredKey } {
  const id = randomBytes(4).toString("hex");
  const key = `usher_${id}_${newSecret()}`;
  const { name, expires_in_days: days } = request;
  return {
    key,
    stored: {
      id,
      name,
      scopes: scopes.filter((scope) => request.scopes.includes(scope)),
      created_at: new Date(nowMs).toISOString(),
      ...(days === undefined ? {} : { expires_at: new Date(nowMs + days * dayMs).toISOString() }),
      sha256: digestOf(key).toString("hex"),
    },
  };
}

const holding = (stored: StoredKey): HeldKey => ({
  stored,
  hash: Buffer.from(stored.sha256, "hex"),
  expiresMs: stored.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(stored.expires_at),
  usedMs: 0,
});

const infoOf = ({ sha256: _, ...info }: StoredKey): KeyInfo => info;

async function readKeys(path: string): Promise<StoredKey[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    const { format, keys } = JSON.parse(text) as { format: unknown; keys: StoredKey[] };
    const isGood = ({ id, name, sha256, scopes: allowed, created_at, expires_at }: StoredKey) =>
      [id, name, created_at].every((value) => typeof value === "string") &&
      /^[0-9a-f]{64}$/.test(sha256) &&
      allowed.every((scope) => scopes.includes(scope)) &&
      (expires_at === undefined || !Number.isNaN(Date.parse(expires_at)));
    if (format === 1 && keys.every(isGood)) return keys;
  } catch {
    // told below: a file that is no JSON is as bad as one with another content
  }
  throw new UsherError(
    "CONFIG_INVALID",
    `${path}: expected the keys of this home, got something else; restore it from a backup, or remove it and make new keys`,
  );
}

import { readFile } from "node:fs/promises";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { UsherError } from "../../errors.ts";

/** The public keys by which an issuer's tokens are verified. */
export interface IssuerKeys {
  /** The key that a token names. A key that is not known has the set read again, though not more than twice a minute. */
  readonly find: JWTVerifyGetKey;
  /** Reads the set again. @throws UsherError `CONFIG_INVALID`; the keys from before go on. */
  reload(): Promise<void>;
}

type Setting = "jwks_file" | "jwks_url";

/** A set is not read again before so many ms have passed, whatever tokens name. */
const restMs = 30_000;
/** A set that is older is read again beside the next token, so that a key which was withdrawn ends. */
const ageMsMax = 600_000;
const timeoutMs = 3000;

/**
 * Opens the keys of an issuer, from a file or from its address.
 *
 * A file must be readable now. An issuer that cannot be reached is asked again when tokens come: it must not keep the server from
 * starting.
 *
 * @param options.onChange Told when other keys have taken the place of those before.
 * @throws UsherError `CONFIG_INVALID`: a file that is no JWKS or holds a private key; file and address.
 */
export async function openIssuerKeys(options: {
  file: string;
  url: string;
  now: () => number;
  onChange: () => void;
}): Promise<IssuerKeys | undefined> {
  const { file, url, now, onChange } = options;
  if (file === "" && url === "") return undefined;
  if (file !== "" && url !== "") {
    throw new UsherError(
      "CONFIG_INVALID",
      "tokens.jwks_url: expected none beside tokens.jwks_file, got both",
    );
  }
  const place =
    file === ""
      ? { setting: "jwks_url" as const, place: url }
      : { setting: "jwks_file" as const, place: file };
  let known: { text: string; find: JWTVerifyGetKey } | undefined;
  let readMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const read = async () => {
    readMs = now();
    const text = await (file === "" ? fetched(url) : fileText(file));
    if (known?.text === text) return;
    const find = createLocalJWKSet(publicKeysIn(text, place));
    if (known) onChange();
    known = { text, find };
  };
  const reload = () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  // the keys from before go on; it is tried again after the rest
  const refresh = () => reload().catch(() => {});
  const mayRead = () => reading !== undefined || now() - readMs >= restMs;
  await (file === "" ? refresh() : reload());
  return {
    reload,
    find: async (header, token) => {
      if (!known && mayRead()) await refresh();
      else if (now() - readMs >= ageMsMax) void refresh();
      try {
        return await keyIn(known, [header, token]);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !mayRead()) throw error;
        await refresh();
        return keyIn(known, [header, token]);
      }
    },
  };
}

function keyIn(
  known: { find: JWTVerifyGetKey } | undefined,
  of: Parameters<JWTVerifyGetKey>,
): ReturnType<JWTVerifyGetKey> {
  if (known) return known.find(...of);
  throw new errors.JWKSNoMatchingKey();
}

const fileText = (file: string) =>
  readFile(file, "utf8").catch((error: Error) => {
    throw invalid("jwks_file", `${file}: ${error.message}`, error);
  });

async function fetched(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
    if (answer.ok) return await answer.text();
    throw new Error(`it answered ${answer.status}`);
  } catch (error) {
    throw invalid("jwks_url", `${url}: ${(error as Error).message}`, error);
  }
}

function publicKeysIn(text: string, { setting, place }: { setting: Setting; place: string }): JSONWebKeySet {
  try {
    const set = JSON.parse(text) as { keys: { kty?: string; d?: unknown }[] };
    if (set.keys.some(({ kty, d }) => kty === "oct" || d !== undefined)) {
      throw new Error("a key is secret or private");
    }
    return set as JSONWebKeySet;
  } catch (error) {
    throw invalid(setting, `${place}: ${(error as Error).message}`, error);
  }
}

const invalid = (setting: Setting, words: string, cause: unknown) =>
  new UsherError(
    "CONFIG_INVALID",
    `tokens.${setting}: expected a JWKS file with the issuer's public keys at ${words}`,
    { cause },
  );

import { decodeProtectedHeader, type JWTVerifyOptions, jwtVerify } from "jose";
import type { Configuration } from "../../contracts/configuration.ts";
import { isId } from "../../contracts/mismatch.ts";
import { UsherError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { digestOf } from "./api-keys.ts";
import { openIssuerKeys } from "./issuer-keys.ts";

/** Clocks of issuer and server may differ by this. */
const clockToleranceSeconds = 5;
/** Verified tokens that are remembered, so that one of many requests pays for the signature. */
const rememberedMax = 10_000;
/** So long, ms: a key that is withdrawn is found out then. */
const rememberedMs = 600_000;
/** A secret must be at least as long as the hash that it is used with. */
const secretBytesMin = 32;

/** Verifies tokens that another system signs for its users. */
export interface TokenVerifier {
  /** The user that a token names; `undefined` where it is not good. */
  verify(token: string): string | undefined | Promise<string | undefined>;
}

/** A verifier whose keys can be replaced while it is in use. */
export interface ReloadableVerifier extends TokenVerifier {
  /** Takes another shared secret and reads the issuer's keys again; what was verified before is looked at anew. @throws UsherError `CONFIG_INVALID`; nothing has changed then. */
  reload(secret: Secret): Promise<void>;
}

/**
 * A verifier for JSON Web Tokens; `undefined` where no issuer key is configured.
 *
 * The algorithm must be on the list of the configuration, and the kind of key decides: the shared secret verifies HMAC only, the
 * issuer's public keys everything else. So `none` is never good, nor a token that is signed with a public key as a secret.
 * `exp` and the user must be there; `exp`, `nbf`, `aud` and (where configured) `iss` must hold.
 *
 * @throws UsherError `CONFIG_INVALID`: an unreadable JWKS file, a short secret, an audience that is empty.
 */
export async function openTokens(
  settings: Configuration["tokens"],
  { now = Date.now }: { now?: () => number } = {},
): Promise<ReloadableVerifier | undefined> {
  const {
    jwks_file: file,
    jwks_url: url,
    secret,
    issuer,
    audience,
    algorithms,
    user_claim: claim,
  } = settings;
  if (file === "" && url === "" && !secret.isSet) return undefined;
  if (audience === "") {
    throw new UsherError(
      "CONFIG_INVALID",
      "tokens.audience: expected the name that tokens for this server carry, got none",
    );
  }
  let shared = sharedSecret(secret);
  const good = rememberedTokens(now);
  const published = await openIssuerKeys({ file, url, now, onChange: good.forget });
  const options = (): JWTVerifyOptions => ({
    algorithms: [...algorithms],
    audience,
    requiredClaims: ["exp", "aud", claim],
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(now()),
    ...(issuer === "" ? {} : { issuer }),
  });
  const check = async (token: string, digest: string): Promise<string | undefined> => {
    try {
      const isShared = decodeProtectedHeader(token).alg?.startsWith("HS") ?? false;
      const verified = isShared
        ? shared && (await jwtVerify(token, shared, options()))
        : published && (await jwtVerify(token, published.find, options()));
      if (!verified) return undefined;
      const { payload } = verified;
      const userId = payload[claim];
      if (typeof userId !== "string" || !isId(userId)) return undefined;
      good.keep(digest, {
        userId,
        expiresMs: Math.min((payload.exp as number) * 1000, now() + rememberedMs),
      });
      return userId;
    } catch {
      return undefined; // why is nobody's business but the issuer's
    }
  };
  return {
    verify: (token) => {
      const digest = digestOf(token).toString("base64");
      return good.get(digest) ?? check(token, digest);
    },
    reload: async (changed) => {
      const other = sharedSecret(changed);
      await published?.reload();
      shared = other;
      good.forget();
    },
  };
}

/** @throws UsherError `CONFIG_INVALID`: it is short. */
function sharedSecret(secret: Secret): Uint8Array | undefined {
  if (!secret.isSet) return undefined;
  const shared = new TextEncoder().encode(secret.reveal());
  if (shared.length >= secretBytesMin) return shared;
  throw new UsherError(
    "CONFIG_INVALID",
    `tokens.secret: expected at least ${secretBytesMin} bytes, got ${shared.length}`,
  );
}

/** By the hash of the token, so that no token stays in memory. The half that was kept longest ago is forgotten when there are too many. */
function rememberedTokens(now: () => number) {
  type Known = { readonly userId: string; readonly expiresMs: number };
  let young = new Map<string, Known>();
  let old = new Map<string, Known>();
  return {
    get: (digest: string): string | undefined => {
      const known = young.get(digest) ?? old.get(digest);
      return known && now() < known.expiresMs ? known.userId : undefined;
    },
    forget: () => {
      young = new Map();
      old = new Map();
    },
    keep: (digest: string, known: Known) => {
      if (young.size >= rememberedMax / 2) {
        old = young;
        young = new Map();
      }
      young.set(digest, known);
    },
  };
}

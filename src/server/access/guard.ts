import { timingSafeEqual } from "node:crypto";
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from "fastify";
import type { Scope } from "../../contracts/access-http.ts";
import { UsherError } from "../../errors.ts";
import type { Access } from "./access.ts";
import { digestOf } from "./api-keys.ts";
import { clientOfAddress, type RateLimiter, rateLimiter } from "./rate-limit.ts";

/** Who makes a request. */
export type Asker =
  /** Somebody on this machine, without a key. */
  | { readonly kind: "loopback" }
  /** The command line, or who set the environment. */
  | { readonly kind: "owner"; readonly who: string }
  | { readonly kind: "key"; readonly id: string; readonly name: string; readonly scopes: readonly Scope[] }
  | { readonly kind: "user"; readonly userId: string };

declare module "fastify" {
  interface FastifyRequest {
    /** Who makes this request; `undefined` where that was not found out, or need not be. */
    asker: Asker | undefined;
  }
}

/** Lets requests through or refuses them. */
export interface Guard {
  /**
   * Finds out who asks, counts it, and refuses what they may not do.
   * @throws UsherError `KEY_REQUIRED`, `KEY_INVALID`, `SCOPE_MISSING`, `USER_FORBIDDEN`, `RATE_LIMITED`.
   */
  check(request: FastifyRequest, reply: FastifyReply): void | Promise<void>;
  /** Counts a request that no route takes. @throws UsherError `RATE_LIMITED`. */
  count(request: FastifyRequest, reply: FastifyReply): void;
}

/** Credentials that were not good: so many may one address send at once, and then one a second, where addresses have a limit. */
const failures = { perSecond: 1, burst: 20 };

const loopback: Asker = { kind: "loopback" };

/** A guard by the keys, tokens and limits of a server. Limits hold where keys are needed. */
export function accessGuard(access: Access): Guard {
  const { isClosed, limits } = access;
  const limiterOf = (perSecond: number) =>
    isClosed && perSecond > 0
      ? rateLimiter({ perSecond, burst: Math.max(1, perSecond * limits.burst_seconds) })
      : undefined;
  const limiters = {
    key: limiterOf(limits.key_per_second),
    user: limiterOf(limits.user_per_second),
    address: limiterOf(limits.address_per_second),
  };
  const failed = limiters.address && rateLimiter(failures);
  const askerOf = credentialReader(access);

  const countAddress = (request: FastifyRequest, reply: FastifyReply) => {
    if (limiters.address) take(limiters.address, clientOfAddress(request.ip), reply);
  };
  const admit = (asker: Asker | undefined, request: FastifyRequest, reply: FastifyReply): void => {
    if (!asker) {
      if (failed) take(failed, clientOfAddress(request.ip), reply);
      throw new UsherError("KEY_INVALID");
    }
    request.asker = asker;
    if (asker.kind === "key" && limiters.key) take(limiters.key, asker.id, reply);
    if (asker.kind === "user" && limiters.user) take(limiters.user, asker.userId, reply);
    checkMay(asker, request);
  };
  return {
    count: countAddress,
    check: (request, reply) => {
      if (request.route?.config.scope === "open") return;
      const { authorization } = request.headers;
      if (authorization === undefined) {
        if (!isClosed && !isForwarded(request)) {
          request.asker = loopback;
          return;
        }
        countAddress(request, reply);
        throw new UsherError("KEY_REQUIRED");
      }
      // signatures cost: whoever has sent many bad ones is not checked again before time has passed
      const isSuspect = () => failed?.isEmpty(clientOfAddress(request.ip)) ?? false;
      const found = askerOf(authorization, isSuspect);
      if (found instanceof Promise) return found.then((asker) => admit(asker, request, reply));
      admit(found, request, reply);
    },
  };
}

/** A proxy that nobody told us of has other people behind it. */
const isForwarded = ({ headers }: FastifyRequest) =>
  headers["x-forwarded-for"] !== undefined ||
  headers["forwarded"] !== undefined ||
  headers["x-real-ip"] !== undefined;

function take(limiter: RateLimiter, client: string, reply: FastifyReply): void {
  const { isAllowed, remaining, limit, resetSeconds, retrySeconds } = limiter.take(client);
  reply.header("ratelimit-limit", limit);
  reply.header("ratelimit-remaining", remaining);
  reply.header("ratelimit-reset", resetSeconds);
  if (isAllowed) return;
  throw new UsherError(
    "RATE_LIMITED",
    `requests: expected at most ${limit} at once, try again in ${retrySeconds} s`,
    {
      details: { retryAfterSeconds: retrySeconds },
    },
  );
}

/** Reads `Authorization: Bearer …`. Every key is compared in the same time, whether there is one of its id or not. */
function credentialReader({ keys, tokens, otherKeys = [] }: Access) {
  return (header: string, isSuspect: () => boolean): Asker | undefined | Promise<Asker | undefined> => {
    const credential = /^Bearer +([^\s,]+) *$/i.exec(header)?.[1];
    if (credential === undefined) return undefined;
    if (credential.includes("."))
      return tokens && !isSuspect() ? userOf(tokens.verify(credential)) : undefined;
    const key = keys?.find(credential);
    if (key) return { kind: "key", id: key.id, name: key.name, scopes: key.scopes };
    const digest = digestOf(credential);
    const owner = otherKeys.find(({ hash }) => timingSafeEqual(hash, digest));
    return owner && { kind: "owner", who: owner.who };
  };
}

function userOf(
  verified: string | undefined | Promise<string | undefined>,
): Asker | undefined | Promise<Asker | undefined> {
  if (verified instanceof Promise) return verified.then(userOf);
  return verified === undefined ? undefined : { kind: "user", userId: verified };
}

function checkMay(asker: Asker, request: FastifyRequest): void {
  const { config } = request.route ?? request.routeOptions;
  if (config.scope === "any") return;
  if (asker.kind === "key") {
    if (asker.scopes.includes("admin") || asker.scopes.includes(config.scope as Scope)) return;
    throw new UsherError(
      "SCOPE_MISSING",
      `key ${asker.id}: expected the scope ${config.scope}, got ${asker.scopes.join(", ")}`,
    );
  }
  if (asker.kind === "user") checkOwn(asker.userId, request, config);
}

/** The same refusal for a user who exists and one who does not: nothing has been looked up yet. */
function checkOwn(userId: string, request: FastifyRequest, { self, scope }: FastifyContextConfig): void {
  if (scope === "admin" || self === undefined) {
    throw new UsherError(
      "SCOPE_MISSING",
      "token: expected a key, got the token of a user, for whom this route is not",
    );
  }
  if (self === "nobody" || self === "events") return;
  const named = { ...(request.query as object), ...(request.params as object) } as Record<string, unknown>;
  if (named[self] !== userId)
    throw new UsherError("USER_FORBIDDEN", `${self}: expected the user of the token, got another`);
}

/** Refuses events of others where the token of a user sends them. @throws UsherError `USER_FORBIDDEN`; then nothing is taken. */
export function checkOwnEvents(asker: Asker | undefined, events: readonly unknown[]): void {
  if (asker?.kind !== "user") return;
  const isOwn = (event: unknown) => {
    const { user_id: userId } = (event ?? {}) as { user_id?: unknown };
    return (typeof userId === "string" || typeof userId === "number") && String(userId) === asker.userId;
  };
  const other = events.findIndex((event) => !isOwn(event));
  if (other === -1) return;
  throw new UsherError(
    "USER_FORBIDDEN",
    `events[${other}].user_id: expected the user of the token, got another or none`,
  );
}

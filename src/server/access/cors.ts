import type { FastifyReply, FastifyRequest } from "fastify";

/** How long a browser may remember a preflight, in seconds. */
const preflightSeconds = 600;
const allowedHeaders = "authorization, content-type";
const exposedHeaders =
  "x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, allow";

/** Pages of other origins that may read answers. */
export interface Cors {
  /** Whether a page of this origin may ask. */
  allows(origin: string): boolean;
  /** Tells the browser so, where the origin is allowed. No cookie is ever read, so credentials are not allowed. */
  mark(request: FastifyRequest, reply: FastifyReply): void;
  /** Answers what a browser asks before it sends a request. `allow`: the methods of the path. */
  preflight(request: FastifyRequest, reply: FastifyReply, allow: string): void;
}

/** @param origins Such as `https://shop.example`, compared whole; `*` is no origin. */
export function corsOf(origins: readonly string[]): Cors {
  const allowed = new Set(origins.map((origin) => origin.toLowerCase()));
  const allows = (origin: string) => allowed.has(origin.toLowerCase());
  return {
    allows,
    mark: ({ headers: { origin } }, reply) => {
      if (allowed.size === 0) return;
      reply.header("vary", "Origin"); // an answer without the header must not be kept for a page that would get it
      if (origin === undefined || !allows(origin)) return;
      reply.header("access-control-allow-origin", origin);
      reply.header("access-control-expose-headers", exposedHeaders);
    },
    preflight: ({ headers }, reply, allow) => {
      const { origin } = headers;
      if (origin === undefined || !allows(origin) || !headers["access-control-request-method"]) return;
      reply.header("access-control-allow-methods", allow);
      reply.header("access-control-allow-headers", allowedHeaders);
      reply.header("access-control-max-age", preflightSeconds);
    },
  };
}

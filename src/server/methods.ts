import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { UsherError } from "../errors.ts";
import type { Cors } from "./access/cors.ts";

/** Says which methods a path takes, for the answers that no route gives. */
export interface MethodTable {
  /** Sorted; empty where no route has this path. `path` is as it was received, still percent-encoded. */
  allowed(path: string): readonly string[];
}

/** Notes every route that is registered after the call. Cost of a look-up: O(routes); only refusals look. */
export function methodTable(app: FastifyInstance): MethodTable {
  const patterns = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook("onRoute", ({ url, method }) => {
    const known = patterns.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const name of [method].flat()) known.methods.add(name);
    patterns.set(url, known);
  });
  return {
    allowed: (path) => {
      const methods = [...patterns.values()]
        .filter(({ pattern }) => pattern.test(path))
        .flatMap((route) => [...route.methods]);
      return methods.length === 0 ? [] : [...new Set([...methods, "OPTIONS"])].sort();
    },
  };
}

/** A route such as `/v1/items/:item_id` or `/docs/static/*` as a pattern of undecoded paths. */
function patternOf(url: string): RegExp {
  const source = url
    .split("/")
    .map((part) =>
      part.startsWith(":") ? "[^/]+" : part === "*" ? ".*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"),
    )
    .join("/");
  return new RegExp(`^${source}$`);
}

/** The head of a target in absolute form: `http://name:port` of `GET http://name:port/path`. */
const absoluteForm = /^https?:\/\/([^/?#]*)/i;

/** The host that a target in absolute form names; `undefined` where it is a path, as nearly always. */
export function authorityOf(target: string): string | undefined {
  return target.startsWith("/") ? undefined : absoluteForm.exec(target)?.[1];
}

/**
 * Answers a request that no route takes: `OPTIONS` of a known path with 204, another method with 405, an unknown path with 404.
 *
 * Runs before the body is read: what nobody takes need not be received.
 *
 * @param cors What a browser is told that asks before it sends. Default: nothing.
 */
export function answerUnrouted(
  methods: MethodTable,
  request: FastifyRequest,
  reply: FastifyReply,
  cors?: Cors,
): void {
  const path = (request.raw.url ?? "").replace(absoluteForm, "").split("?", 1)[0] || "/";
  const allowed = methods.allowed(path);
  // a file below /docs/static/ has a route, and yet may not be there
  if (allowed.length === 0 || (request.method !== "OPTIONS" && allowed.includes(request.method))) {
    throw new UsherError(
      "ROUTE_UNKNOWN",
      `path: expected one of the routes of /docs, got "${path.slice(0, 200)}"`,
    );
  }
  const allow = allowed.join(", ");
  if (request.method !== "OPTIONS") {
    throw new UsherError("METHOD_NOT_ALLOWED", `method: expected one of ${allow}, got ${request.method}`, {
      details: { allow },
    });
  }
  cors?.preflight(request, reply, allow);
  reply.code(204).header("allow", allow).send();
}

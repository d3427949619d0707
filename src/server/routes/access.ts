import {
  AuditAnswer,
  AuditQuery,
  auditDefault,
  KeyAnswer,
  KeyBody,
  KeyParams,
  KeysAnswer,
  NewKeyAnswer,
} from "../../contracts/access-http.ts";
import { NoQuery } from "../../contracts/http.ts";
import { UsherError } from "../../errors.ts";
import { tellAudit } from "../access/audit-hook.ts";
import type { ServerContext } from "../context.ts";
import { type App, answersOf } from "./schema.ts";

const tags = ["access"];
const config = { scope: "admin" } as const;

/** API keys, and what administrators did. */
export function accessRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/keys",
    {
      config,
      schema: {
        tags,
        operationId: "listKeys",
        summary: "All keys, without their secrets",
        querystring: NoQuery,
        response: answersOf(KeysAnswer, ["NOT_READY"]),
      },
    },
    () => ({ items: [...keysOf(context).list()] }),
  );
  app.post(
    "/v1/keys",
    {
      config,
      schema: {
        tags,
        operationId: "createKey",
        summary: "Make a key; the answer is the only place where it is ever shown",
        querystring: NoQuery,
        body: KeyBody,
        response: createdOf(NewKeyAnswer),
      },
    },
    async (request, reply) => {
      const made = await keysOf(context).create(request.body);
      tellAudit(request, { key: made.id, name: made.name, scopes: made.scopes.join(" ") });
      return reply.code(201).send(made);
    },
  );
  app.delete(
    "/v1/keys/:id",
    {
      config,
      schema: {
        tags,
        operationId: "revokeKey",
        summary: "Revoke a key; it opens nothing from the next request on",
        params: KeyParams,
        querystring: NoQuery,
        response: answersOf(KeyAnswer, ["NOT_READY", "KEY_UNKNOWN"]),
      },
    },
    async (request) => {
      const gone = await keysOf(context).revoke(request.params.id);
      tellAudit(request, { name: gone.name });
      return gone;
    },
  );
  auditRoute(app, context);
}

/** Answers of a route that makes a thing: 201, and the problems. */
function createdOf<Good extends typeof NewKeyAnswer>(good: Good) {
  const { 200: _, ...problems } = answersOf(good, [
    "BODY_INVALID",
    "BODY_TOO_LARGE",
    "MEDIA_TYPE_UNSUPPORTED",
    "REQUEST_TIMEOUT",
    "NOT_READY",
  ]);
  return { 201: good, ...problems } as { 201: Good };
}

function auditRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/audit",
    {
      config,
      schema: {
        tags,
        operationId: "listAudit",
        summary: "What administrators did, the newest first",
        querystring: AuditQuery,
        response: answersOf(AuditAnswer, ["NOT_READY"]),
      },
    },
    async (request) => {
      const { limit = auditDefault, cursor } = request.query;
      const audit = context.access?.audit;
      if (!audit) throw notHere();
      const found = await audit.list({
        limit: limit + 1,
        ...(cursor === undefined ? {} : { before: Number(cursor) }),
      });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(found.length > limit && last ? { next_cursor: String(last.number) } : {}) };
    },
  );
}

const notHere = () =>
  new UsherError("NOT_READY", "keys are kept by the server that owns the home; this process only reads it");

function keysOf(context: ServerContext) {
  const keys = context.access?.keys;
  if (keys) return keys;
  throw notHere();
}

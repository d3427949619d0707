import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AuditLog } from "./audit-log.ts";
import type { Asker } from "./guard.ts";

const told = new WeakMap<FastifyRequest, Record<string, string>>();
const written = new WeakSet<FastifyRequest>();

/** Adds what an entry of the audit log should say of a request beside its route and target. No secret, no text without an end. */
export function tellAudit(request: FastifyRequest, details: Record<string, string>): void {
  told.set(request, details);
}

/** Who did something, in words. A user's token never gets as far as this. */
function wordsFor(asker: Asker): string {
  if (asker.kind === "key") return `key ${asker.id} ${asker.name}`;
  return asker.kind === "owner" ? asker.who : asker.kind;
}

/**
 * Writes every request of somebody known that changes something by a route of the scope `admin` into the audit log, before it is
 * answered: what was refused too. Other routes pay nothing.
 */
export function auditAdministration(app: FastifyInstance, audit: AuditLog): void {
  const write = async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    const { asker } = request;
    if (!asker || asker.kind === "user" || written.has(request)) return payload;
    written.add(request); // a log that fails makes an answer of its own, which must not be written again
    const status = reply.statusCode;
    const details = told.get(request);
    await audit.add({
      who: wordsFor(asker),
      address: request.ip ?? "gone", // the client has hung up
      action: `${request.method} ${request.routeOptions.url}`,
      target: Object.fromEntries(
        Object.entries(request.params as Record<string, string>).map(([name, value]) => [
          name,
          value.slice(0, 200),
        ]),
      ),
      status,
      outcome: status < 400 ? "done" : status < 500 ? "refused" : "failed",
      request_id: request.id,
      ...(details ? { details } : {}),
    });
    return payload;
  };
  app.addHook("onRoute", (route) => {
    const changes = [route.method].flat().some((method) => method !== "GET" && method !== "HEAD");
    if (!changes || route.config?.scope !== "admin" || route.config.isAudited === false) return;
    route.onSend = [write, ...[route.onSend ?? []].flat()];
  });
}

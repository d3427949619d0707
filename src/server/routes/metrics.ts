import { Type } from "typebox";
import { NoQuery } from "../../contracts/http.ts";
import type { ServerMetrics } from "../metrics.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";

/** Figures of the running system for Prometheus. */
export function metricsRoute(app: App, { registry }: Pick<ServerMetrics, "registry">): void {
  const text = {
    description: "Figures in the text format of Prometheus.",
    content: { "text/plain": { schema: Type.String() } },
  };
  app.get(
    "/metrics",
    {
      config: { scope: "read" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags: ["operation"],
        operationId: "metrics",
        summary: "Figures of the running system, for Prometheus",
        querystring: NoQuery,
        response: { ...answersOf(Type.String()), 200: text },
      },
    },
    async (_request, reply) => reply.type(registry.contentType).send((await registry.metrics()) as never),
  );
}

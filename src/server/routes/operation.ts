import { LiveAnswer, ModelsAnswer, NoQuery, NotReadyProblem, ReadyAnswer } from "../../contracts/http.ts";
import { UsherError } from "../../errors.ts";
import type { ServerContext } from "../context.ts";
import { problemOf, problemType } from "../problem.ts";
import { type App, answersOf, handlerTimeoutMs, problemAnswer } from "./schema.ts";

/** Seconds after which a client that was told to wait should ask again. */
export const retryAfterSeconds = 2;

/** What runs: releases and health. */
export function operationRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/models",
    {
      config: { scope: "read" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags: ["operation"],
        operationId: "listModels",
        summary: "All releases with their reports, the newest first",
        querystring: NoQuery,
        response: answersOf(ModelsAnswer, ["TOO_SLOW"]),
      },
    },
    async () => {
      const version = context.serving()?.version;
      const reports = await context.releases();
      return { items: reports.map((report) => ({ ...report, serving: report.version === version })) };
    },
  );
  app.get(
    "/health/live",
    {
      config: { scope: "open" },
      schema: {
        tags: ["operation"],
        operationId: "live",
        summary: "The process answers",
        querystring: NoQuery,
        response: answersOf(LiveAnswer),
      },
    },
    () => ({ status: "live" as const }),
  );
  readyRoute(app, context);
}

function readyRoute(app: App, context: ServerContext): void {
  app.get(
    "/health/ready",
    {
      config: { scope: "read" },
      schema: {
        tags: ["operation"],
        operationId: "ready",
        summary: "A release serves and everything it needs is there; until then 503 with what is being done",
        querystring: NoQuery,
        response: { ...answersOf(ReadyAnswer), 503: problemAnswer("NOT_READY", NotReadyProblem) },
      },
    },
    (request, reply) => {
      const serving = context.serving();
      const others = context.dependencies?.() ?? {};
      const dependencies = {
        release: { status: serving ? ("ready" as const) : ("waiting" as const) },
        ...others,
      };
      const waiting = Object.entries(dependencies).filter(([, { status }]) => status !== "ready");
      if (serving && waiting.length === 0) {
        return { status: "ready" as const, model_version: serving.version, dependencies };
      }
      const progress = context.status();
      const names = waiting.map(([name, { status }]) => `${name} is ${status}`).join(", ");
      const error = new UsherError("NOT_READY", progress.text ? `${names}: ${progress.text}` : names);
      return reply
        .code(503 as 200) // the type of the good answer is the only one that the provider knows
        .header("retry-after", retryAfterSeconds)
        .type(problemType)
        .send({ ...problemOf(error, request.id), progress, dependencies } as never);
    },
  );
}

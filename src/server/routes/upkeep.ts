import type { TSchema } from "typebox";
import { NoQuery, ReleaseAnswer } from "../../contracts/http.ts";
import type { ReleaseReport } from "../../contracts/release.ts";
import {
  JobAnswer,
  JobParams,
  JobsAnswer,
  LineageAnswer,
  PageQuery,
  RejectedRowsAnswer,
  ReportsAnswer,
  ReportsQuery,
  RunAnswer,
  RunBody,
  RunParams,
  RunsAnswer,
  RunsQuery,
  ServingAnswer,
  TasksAnswer,
  TrainingBody,
  VersionParams,
} from "../../contracts/upkeep-http.ts";
import { type ErrorCode, UsherError } from "../../errors.ts";
import type { ServerContext, UpkeepContext } from "../context.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";

const pageSize = 50;

/** Answers of a route that starts work: 202, and the problems of it. */
export function startedOf<Good extends TSchema>(good: Good, codes: readonly ErrorCode[]) {
  const { 200: _, ...problems } = answersOf(good, [...codes, ...ofBodies, "NOT_READY"]);
  return { 202: good, ...problems } as { 202: Good };
}
const ofBodies = ["REQUEST_TIMEOUT", "BODY_TOO_LARGE", "MEDIA_TYPE_UNSUPPORTED"] as const;

/** The slow loop. @throws UsherError `NOT_READY`. */
export function upkeepOf(context: ServerContext): UpkeepContext {
  const upkeep = context.upkeep?.();
  if (upkeep) return upkeep;
  throw new UsherError("NOT_READY", "the server has not opened its workflow yet");
}

/** Runs of the workflow, and where what is there came from. */
export function runRoutes(app: App, context: ServerContext): void {
  const tags = ["workflow"];
  app.get(
    "/v1/runs",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "listRuns",
        summary: "Runs of the workflow, the newest first",
        querystring: RunsQuery,
        response: answersOf(RunsAnswer, ["NOT_READY"]),
      },
    },
    async (request) => ({
      items: await upkeepOf(context).store.list({ limit: pageSize, ...request.query }),
    }),
  );
  app.post(
    "/v1/runs",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "startRun",
        summary: "Start tasks of the workflow, all or some, or what did not succeed in an earlier run",
        querystring: NoQuery,
        body: RunBody,
        response: startedOf(RunAnswer, ["RUN_BUSY", "RUN_UNKNOWN"]),
      },
    },
    async (request, reply) => {
      const { runner } = upkeepOf(context);
      const { retry, tasks, force = false } = request.body;
      const { id } =
        retry === undefined
          ? await runner.start({ trigger: "manual", force, ...(tasks ? { tasks } : {}) })
          : await runner.retry(retry);
      return reply.code(202).send(await runNow(context, id));
    },
  );
  app.get(
    "/v1/runs/:id",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "getRun",
        summary: "One run",
        params: RunParams,
        querystring: NoQuery,
        response: answersOf(RunAnswer, ["NOT_READY", "RUN_UNKNOWN"]),
      },
    },
    (request) => runNow(context, request.params.id),
  );
  app.delete(
    "/v1/runs/:id",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "cancelRun",
        summary: "Cancel a run that is under way",
        params: RunParams,
        querystring: NoQuery,
        response: startedOf(RunAnswer, ["RUN_UNKNOWN"]),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      upkeepOf(context).runner.cancel(id);
      return reply.code(202).send(await runNow(context, id));
    },
  );
  lineageRoute(app, context);
  tasksRoute(app, context);
}

function tasksRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/tasks",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["workflow"],
        operationId: "listTasks",
        summary: "The tasks of the workflow, which comes after which, and when they next run by themselves",
        querystring: NoQuery,
        response: answersOf(TasksAnswer, ["NOT_READY"]),
      },
    },
    () => upkeepOf(context).plan(),
  );
}

function lineageRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/lineage",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags: ["workflow"],
        operationId: "lineage",
        summary: "What each task made last, and of which versions",
        querystring: NoQuery,
        response: answersOf(LineageAnswer, ["NOT_READY"]),
      },
    },
    async () => ({ items: Object.values(await upkeepOf(context).store.lineage()) }),
  );
}

/** A run as it is now: that under way from memory, others from the history. */
async function runNow(context: ServerContext, id: string) {
  const { runner, store } = upkeepOf(context);
  return runner.running().find(({ run }) => run.id === id)?.run ?? store.get(id);
}

/** Trainings, and jobs of all kinds. */
export function jobRoutes(app: App, context: ServerContext): void {
  const tags = ["workflow"];
  app.post(
    "/v1/models",
    {
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "startTraining",
        summary: "Train on the newest build and publish behind the gate, as a job",
        querystring: NoQuery,
        body: TrainingBody,
        response: startedOf(JobAnswer, ["RUN_BUSY"]),
      },
    },
    async (request, reply) => reply.code(202).send(await upkeepOf(context).startTraining(request.body)),
  );
  app.get(
    "/v1/jobs",
    {
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "listJobs",
        summary: "The last 200 jobs, the newest first",
        querystring: NoQuery,
        response: answersOf(JobsAnswer, ["NOT_READY"]),
      },
    },
    async () => ({ items: await upkeepOf(context).jobs.list() }),
  );
  app.get(
    "/v1/jobs/:id",
    {
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "getJob",
        summary: "One job with its progress and the time that it probably still takes",
        params: JobParams,
        querystring: NoQuery,
        response: answersOf(JobAnswer, ["NOT_READY", "JOB_UNKNOWN"]),
      },
    },
    (request) => upkeepOf(context).jobs.get(request.params.id),
  );
  app.delete(
    "/v1/jobs/:id",
    {
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "cancelJob",
        summary: "Cancel a job",
        params: JobParams,
        querystring: NoQuery,
        response: startedOf(JobAnswer, ["JOB_UNKNOWN"]),
      },
    },
    async (request, reply) => reply.code(202).send(await upkeepOf(context).jobs.cancel(request.params.id)),
  );
}

/** Which release serves. */
export function switchRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/models/:version",
    {
      config: { scope: "read" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags: ["operation"],
        operationId: "getModel",
        summary: "One release with its report",
        params: VersionParams,
        querystring: NoQuery,
        response: answersOf(ReleaseAnswer, ["TOO_SLOW", "RELEASE_UNKNOWN"]),
      },
    },
    async (request) => {
      const report = releaseIn(await context.releases(), request.params.version);
      return { ...report, serving: report.version === context.serving()?.version };
    },
  );
  const schemaOf = (operationId: string, summary: string) => ({
    tags: ["operation"],
    operationId,
    summary,
    params: VersionParams,
    querystring: NoQuery,
    response: answersOf(ServingAnswer, ["NOT_READY", "RELEASE_UNKNOWN"]),
  });
  app.post(
    "/v1/models/:version/promote",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: schemaOf("promoteModel", "Make a release the one that serves"),
    },
    async (request) => {
      const { version } = request.params;
      await upkeepOf(context).promote(version);
      return { version };
    },
  );
  app.post(
    "/v1/models/:version/rollback",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: schemaOf(
        "rollbackModel",
        "Take the release that serves back: that with the next lower number serves again",
      ),
    },
    async (request) => {
      const { version } = request.params;
      const upkeep = upkeepOf(context);
      const all = await context.releases();
      releaseIn(all, version);
      const serving = context.serving()?.version;
      if (version !== serving) {
        throw new UsherError(
          "PARAMETER_INVALID",
          `version: expected the release that serves, ${serving}, got ${version}`,
          { details: { field: "version" } },
        );
      }
      const older = all.filter((report) => numberOf(report.version) < numberOf(version));
      const before = older.sort((left, right) => numberOf(right.version) - numberOf(left.version))[0];
      if (!before) {
        throw new UsherError("RELEASE_UNKNOWN", `expected a release before ${version}, there is none`, {
          details: { field: "version" },
        });
      }
      await upkeep.promote(before.version);
      return { version: before.version };
    },
  );
}

/** A release by its version. @throws UsherError `RELEASE_UNKNOWN`. */
function releaseIn(all: readonly ReleaseReport[], version: string): ReleaseReport {
  const report = all.find((one) => one.version === version);
  if (report) return report;
  const there = all.map((one) => one.version).join(", ") || "none";
  throw new UsherError(
    "RELEASE_UNKNOWN",
    `version: expected one of the releases (${there}), got ${version}`,
    {
      details: { field: "version" },
    },
  );
}

const numberOf = (version: string) => Number(version.slice(1));

/** What builds found out about the data. */
export function qualityRoutes(app: App, context: ServerContext): void {
  const tags = ["data"];
  app.get(
    "/v1/quality-reports",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "listQualityReports",
        summary: "Reports of all builds, also of those that were refused, the newest first",
        querystring: ReportsQuery,
        response: answersOf(ReportsAnswer, ["NOT_READY"]),
      },
    },
    async (request) => {
      const reports = await upkeepOf(context).qualityReports(request.query.limit ?? pageSize);
      return {
        items: reports.map(({ rejected_rows: _, tables, unmapped, ...report }) => ({
          ...report,
          unmapped: { ...unmapped },
          tables: tables.map((table) => ({ ...table, checks: [...table.checks] })),
        })),
      };
    },
  );
  app.get(
    "/v1/rejected-rows",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "listRejectedRows",
        summary: "Rows that the newest build did not take, with file, line and reason",
        querystring: PageQuery,
        response: answersOf(RejectedRowsAnswer, ["NOT_READY", "HOME_EMPTY"]),
      },
    },
    async (request) => {
      const { limit = pageSize, cursor = "0" } = request.query;
      const from = Number(cursor);
      const rows = await upkeepOf(context).rejectedRows({ from, limit: limit + 1 });
      return {
        items: rows.slice(0, limit),
        ...(rows.length > limit ? { next_cursor: String(from + limit) } : {}),
      };
    },
  );
}

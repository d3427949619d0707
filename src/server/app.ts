import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from "fastify";
import type { ProblemBody } from "../contracts/http.ts";
import { type Access, openToLoopback } from "./access/access.ts";
import { auditAdministration } from "./access/audit-hook.ts";
import { corsOf } from "./access/cors.ts";
import { watchDoors } from "./access/doors.ts";
import { accessGuard } from "./access/guard.ts";
import { answerBelowRoutes, answerBrokenHttp, drainTimeoutMs } from "./broken-http.ts";
import type { ServerContext } from "./context.ts";
import { watchHandlers } from "./handler-clock.ts";
import { type HostGuard, hostGuard } from "./host-guard.ts";
import { answerUnrouted, authorityOf, type MethodTable, methodTable } from "./methods.ts";
import { serverMetrics } from "./metrics.ts";
import { asServerError, isPassing, problemOf, problemType } from "./problem.ts";
import { logRequests } from "./request-log.ts";
import { accessRoutes } from "./routes/access.ts";
import { catalogueRoutes } from "./routes/catalogue.ts";
import { catalogueWriteRoutes } from "./routes/catalogue-writes.ts";
import { compatRoutes } from "./routes/compat.ts";
import { deadLetterRoutes } from "./routes/dead-letters.ts";
import { documentationPages, documentationRoutes } from "./routes/documentation.ts";
import { eventRoutes } from "./routes/events.ts";
import { homeRoutes } from "./routes/home.ts";
import { importRoutes } from "./routes/imports.ts";
import { listRoutes } from "./routes/lists.ts";
import { livingRoutes } from "./routes/living.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { operationRoutes, retryAfterSeconds } from "./routes/operation.ts";
import { itemListRoutes, userListRoutes } from "./routes/recommendations.ts";
import { statisticsRoutes } from "./routes/statistics.ts";
import { streamRoute } from "./routes/stream.ts";
import { meRoute, studioPages } from "./routes/studio.ts";
import { surfaceRoutes } from "./routes/surfaces.ts";
import { jobRoutes, qualityRoutes, runRoutes, switchRoutes } from "./routes/upkeep.ts";
import { checkDepth, checkTarget, compileValidator } from "./validation.ts";

/** Largest body that is read. */
const bodyBytesMax = 1024 * 1024;
/** Longest time for a request to arrive whole. */
const requestTimeoutMs = 30_000;
/** Longest time for its head. */
const headersTimeoutMs = 10_000;
/** How often Node looks for connections over those limits. */
const connectionsCheckMs = 1000;
/** How long a stop waits for requests that are not done; then their connections are closed. */
const stopPatienceMs = 3000;
/** Above what Node's parser lets through, so that a long id is refused with its field named and not as an unknown route. */
const paramLengthMax = 65_536;

/** On every answer. Answers are about persons, so nothing on the way keeps them. */
const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/**
 * Builds the HTTP server. It does not listen: `app.listen({ host, port })` does, `app.inject(…)` asks it without a socket.
 *
 * @example
 * import { createApp } from "./app.ts";
 * const app = createApp({ serving: () => undefined, releases: async () => [], status: () => ({}), allowedHosts: [] });
 * (await app.inject({ url: "/health/live", headers: { host: "localhost" } })).json(); // → { status: "live" }
 */
export function createApp(context: ServerContext): FastifyInstance {
  const access = context.access ?? openToLoopback;
  const { basePath } = access;
  const guard = guardOf(access, context.allowedHosts);
  const app = fastify({
    logger: context.logger ?? false,
    childLoggerFactory: (logger) => logger, // one for each request costs more than the two lines that name it themselves
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: connectionsCheckMs,
      requireHostHeader: false, // the guard refuses such a request in our words
    },
    return503OnClosing: false,
    trustProxy: access.trustedProxies.length > 0 ? [...access.trustedProxies] : false,
    ...(basePath === ""
      ? {}
      : { rewriteUrl: ({ url = "/" }: IncomingMessage) => withoutBase(url, basePath) }),
    routerOptions: { maxParamLength: paramLengthMax },
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: (error, request, reply) => answerFrameworkError(guard, error, request, reply),
  });
  answerBelowRoutes(app.server);
  // a connection without a whole request is not idle for fastify, and would hold up a stop for ever
  app.addHook("preClose", (done) => {
    setTimeout(() => app.server.closeAllConnections(), stopPatienceMs).unref();
    done();
  });
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(answerError);
  readJsonBodies(app);
  const methods = guardDoors(app, access, guard);
  app.setNotFoundHandler((request, reply) => answerUnrouted(methods, request, reply)); // for files below /docs
  logRequests(app, context.logger);
  const metrics = context.metrics ?? serverMetrics();
  metrics.watch(app);
  documentationPages(app, basePath);
  studioPages(app, basePath);
  app.register(async (scope) => {
    const typed = scope.withTypeProvider<TypeBoxTypeProvider>();
    userListRoutes(typed, context);
    itemListRoutes(typed, context);
    livingRoutes(typed, context);
    homeRoutes(typed, context);
    surfaceRoutes(typed, context);
    catalogueRoutes(typed, context);
    statisticsRoutes(typed, context);
    listRoutes(typed, context);
    catalogueWriteRoutes(typed, context);
    eventRoutes(typed, context);
    deadLetterRoutes(typed, context);
    operationRoutes(typed, context);
    metricsRoute(typed, metrics);
    runRoutes(typed, context);
    importRoutes(typed, context);
    jobRoutes(typed, context);
    switchRoutes(typed, context);
    qualityRoutes(typed, context);
    compatRoutes(typed, context);
    accessRoutes(typed, context);
    documentationRoutes(typed);
    meRoute(typed, context);
    streamRoute(typed, context);
  });
  return app;
}

const guardOf = ({ isClosed, corsOrigins }: Access, allowedHosts: readonly string[]): HostGuard =>
  hostGuard(allowedHosts, { addresses: isClosed, allowsOrigin: corsOf(corsOrigins).allows });

/** Puts the checks before every route that is registered after it. */
function guardDoors(app: FastifyInstance, access: Access, guard: HostGuard): MethodTable {
  const cors = corsOf(access.corsOrigins);
  const gate = accessGuard(access);
  app.decorateRequest("asker", undefined);
  app.decorateRequest("route", undefined);
  app.addHook("onRequest", (request, _, done) => {
    request.route = request.routeOptions;
    done();
  });
  watchHandlers(app);
  app.decorate("doors", watchDoors(app));
  if (access.audit) auditAdministration(app, access.audit);
  const methods = methodTable(app);
  app.addHook("onRequest", (request, reply, done) => {
    beforeEverything(guard, request, reply);
    cors.mark(request, reply);
    if (request.is404) {
      gate.count(request, reply);
      return answerUnrouted(methods, request, reply, cors);
    }
    checkTarget(request.raw.url ?? "");
    const checked = gate.check(request, reply);
    if (checked) checked.then(() => done(), done);
    else done();
  });
  return methods;
}

/** The path as the routes know it. A proxy may have taken the base away already, and probes of the machine never add it. */
function withoutBase(url: string, basePath: string): string {
  if (!url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  if (rest === "" || rest.startsWith("?")) return `/${rest}`;
  return rest.startsWith("/") ? rest : url;
}

/** JSON, refused before it is parsed where it is nested deeper than any body that a route takes. */
function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    try {
      checkDepth(body as string);
    } catch (error) {
      return done(error as Error);
    }
    parse(request, body as string, done);
  });
}

function beforeEverything(guard: HostGuard, request: FastifyRequest, reply: FastifyReply): void {
  reply.header("x-request-id", request.id);
  reply.headers(securityHeaders);
  guard(request.headers);
  const authority = authorityOf(request.raw.url ?? "");
  if (authority !== undefined) guard({ host: authority });
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = asServerError(error, {
    hasBody: hasBody(request),
    isComplete: request.raw.complete,
    bodyBytesMax: request.routeOptions.bodyLimit,
  });
  const problem = problemOf(known, request.id);
  if (problem.status >= 500 && known.code !== "NOT_READY") {
    request.log.error({ request_id: request.id, err: known }, "answer failed");
  }
  if (isPassing(known.code)) {
    reply.header("retry-after", known.details["retryAfterSeconds"] ?? retryAfterSeconds);
  }
  if (problem.status === 401) reply.header("www-authenticate", "Bearer");
  const allow = known.details["allow"];
  if (typeof allow === "string") reply.header("allow", allow);
  reply.code(problem.status).type(problemType);
  if (hasBody(request) && !request.raw.complete) sendWhileReceiving(request, reply, problem);
  else reply.send(problem);
}

const hasBody = ({ headers }: FastifyRequest) =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/**
 * Sends a refusal to a client that is still sending. Closing now would lose the answer on its way: so the connection stays, and
 * Node discards what arrives until the request times out. A client that wants it closed gets the answer when it has sent all.
 */
function sendWhileReceiving(request: FastifyRequest, reply: FastifyReply, problem: ProblemBody): void {
  reply.removeHeader("connection");
  if (request.headers.connection?.toLowerCase() !== "close") return void reply.send(problem);
  const answer = () => {
    request.raw.off("end", answer);
    clearTimeout(patience);
    reply.send(problem);
  };
  const patience = setTimeout(answer, drainTimeoutMs).unref();
  request.raw.on("end", answer).resume();
}

/** Answers what fastify refuses before the hooks run, such as a path that is not percent-encoded UTF-8. */
function answerFrameworkError(
  guard: HostGuard,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  try {
    beforeEverything(guard, request, reply);
    answerError(error, request, reply);
  } catch (refusal) {
    answerError(refusal, request, reply);
  }
}

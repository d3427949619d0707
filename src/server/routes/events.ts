import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import {
  EventLines,
  EventsAnswer,
  EventsBody,
  HistoryAnswer,
  HistoryQuery,
  historyLengthDefault,
} from "../../contracts/event-bodies.ts";
import { NoQuery, SessionParams, UserParams } from "../../contracts/http.ts";
import { UsherError } from "../../errors.ts";
import { eventBatch } from "../../events/event-batch.ts";
import type { Person } from "../../live/live-state.ts";
import { readCursor, writeCursor } from "../../recommend/cursor.ts";
import { checkOwnEvents } from "../access/guard.ts";
import { livingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { checkDepth, compileValidator } from "../validation.ts";
import { type App, acceptedOf, answersOf } from "./schema.ts";

const tags = ["events"];

/** Largest body of events: 1,000 of the longest. */
const eventBytesMax = 8 * 1024 * 1024;
/** Media type of one event a line. */
const linesType = "application/x-ndjson";

/** The schema of the body is for the description only: the intake checks each event by itself, and many times faster. */
const compileAllButBody: FastifySchemaCompiler<TSchema> = (part) =>
  part.httpPart === "body" ? (value: unknown) => ({ value }) : compileValidator(part);

/** Answers are made by code that keeps to the schema; cutting each to a union of nine schemas again would cost more than the answer. */
const writeJson = () => (answer: unknown) => JSON.stringify(answer);

/** Events: in, and those of a user out. */
export function eventRoutes(app: App, context: ServerContext): void {
  app.register(async (scope) => takeRoute(scope as unknown as App, context));
  app.get(
    "/v1/users/:user_id/events",
    {
      config: { scope: "read", self: "user_id" },
      serializerCompiler: writeJson,
      schema: {
        tags,
        operationId: "listEvents",
        summary: "Every accepted event of a user, the newest first",
        params: UserParams,
        querystring: HistoryQuery,
        response: answersOf(HistoryAnswer, ["NOT_READY"]),
      },
    },
    (request) => historyOf(context, { userId: request.params.user_id }, request.query),
  );
  app.get(
    "/v1/sessions/:session_id/events",
    {
      config: { scope: "read" },
      serializerCompiler: writeJson,
      schema: {
        tags,
        operationId: "listSessionEvents",
        summary: "Every accepted event of a visitor without an account, the newest first",
        params: SessionParams,
        querystring: HistoryQuery,
        response: answersOf(HistoryAnswer, ["NOT_READY"]),
      },
    },
    (request) => historyOf(context, { sessionId: request.params.session_id }, request.query),
  );
}

/** One page of what somebody did. */
async function historyOf(
  context: ServerContext,
  person: Person,
  { limit = historyLengthDefault, cursor }: { limit?: number; cursor?: string },
) {
  const { live } = livingNow(context);
  const listing = "userId" in person ? `events of ${person.userId}` : `events of session ${person.sessionId}`;
  const after = cursor === undefined ? {} : { after: String(readCursor(cursor, listing).key) };
  const { events, next } = await live.list({ ...person, limit, ...after });
  const more = next === undefined ? {} : { next_cursor: writeCursor({ key: next, itemId: "" }, listing) };
  return { events, ...more };
}

/** In a scope of its own, because only here bodies are read as they came. */
function takeRoute(scope: App, context: ServerContext): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    ["application/json", linesType],
    { parseAs: "buffer", bodyLimit: eventBytesMax },
    (_request, body, done) => done(null, body),
  );
  scope.post(
    "/v1/events",
    {
      config: { scope: "events", self: "events" },
      bodyLimit: eventBytesMax,
      validatorCompiler: compileAllButBody,
      serializerCompiler: writeJson,
      schema: {
        tags,
        operationId: "takeEvents",
        summary: "Takes one event, an array of up to 1,000, or as many lines of NDJSON",
        description:
          "202 whenever the body splits into events, with one status for each, even if all are rejected. An accepted event is " +
          "durable and in effect. The same event_id counts once, so a body may be sent again: after 429 (nothing was taken) and " +
          "after 503 (nobody may know) it should be.",
        querystring: NoQuery,
        body: {
          content: { "application/json": { schema: EventsBody }, [linesType]: { schema: EventLines } },
        } as unknown as TSchema,
        response: acceptedOf(EventsAnswer, [
          "BODY_INVALID",
          "REQUEST_TIMEOUT",
          "BODY_TOO_LARGE",
          "MEDIA_TYPE_UNSUPPORTED",
          "TOO_BUSY",
          "LOG_UNAVAILABLE",
        ]),
      },
    },
    async (request, reply) => {
      const { intake } = livingNow(context);
      const isLines = mediaTypeOf(request.headers["content-type"]) === linesType;
      const body = request.body as Uint8Array | undefined;
      if (!body) throw new UsherError("BODY_INVALID", "body: expected events, got nothing");
      if (!isLines) checkDepth(body); // a line is read by itself, and refused by itself
      const batch = eventBatch(body, isLines ? "lines" : "json");
      checkOwnEvents(request.asker, batch.values);
      const results = await intake.take(batch);
      reply.code(202);
      return { results } as never;
    },
  );
}

const mediaTypeOf = (header = "") => header.split(";", 1)[0]?.trim().toLowerCase();

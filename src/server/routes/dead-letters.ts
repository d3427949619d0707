import type { TSchema } from "typebox";
import {
  AnyEvent,
  EventStatusAnswer,
  LetterAnswer,
  LetterParams,
  LettersAnswer,
  LettersQuery,
  lettersDefault,
} from "../../contracts/event-bodies.ts";
import { NoQuery } from "../../contracts/http.ts";
import { livingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { compileValidator } from "../validation.ts";
import { type App, acceptedOf, answersOf } from "./schema.ts";

const tags = ["events"];

/** Rejected events: their list, one, and the way back in. */
export function deadLetterRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/dead-letters",
    {
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "listDeadLetters",
        summary: "Rejected events, the newest first",
        description:
          "A page may hold fewer letters than `limit`, even none, and have a `next_cursor` all the same.",
        querystring: LettersQuery,
        response: answersOf(LettersAnswer, ["NOT_READY"]),
      },
    },
    async (request) => {
      const { limit = lettersDefault, cursor: before, reason } = request.query;
      const { letters, next } = await livingNow(context).deadLetters.list({
        limit,
        ...(before === undefined ? {} : { before }),
        ...(reason === undefined ? {} : { reason }),
      });
      return { items: letters, ...(next === undefined ? {} : { next_cursor: next }) };
    },
  );
  app.get(
    "/v1/dead-letters/:id",
    {
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "getDeadLetter",
        summary: "One rejected event",
        params: LetterParams,
        querystring: NoQuery,
        response: answersOf(LetterAnswer, ["NOT_READY", "LETTER_UNKNOWN"]),
      },
    },
    (request) => livingNow(context).deadLetters.get(request.params.id),
  );
  resubmitRoute(app, context);
}

function resubmitRoute(app: App, context: ServerContext): void {
  app.post(
    "/v1/dead-letters/:id/resubmit",
    {
      config: { scope: "admin" },
      // the event is checked by the intake, which says more; without a body what came is submitted as it is
      validatorCompiler: (part) =>
        part.httpPart === "body" ? (value: unknown) => ({ value }) : compileValidator(part),
      schema: {
        tags,
        operationId: "resubmitDeadLetter",
        summary: "Submits a rejected event again, as it came or corrected by the body",
        params: LetterParams,
        querystring: NoQuery,
        body: AnyEvent as TSchema,
        response: acceptedOf(EventStatusAnswer, [
          "BODY_INVALID",
          "LETTER_UNKNOWN",
          "REQUEST_TIMEOUT",
          "BODY_TOO_LARGE",
          "MEDIA_TYPE_UNSUPPORTED",
          "EVENT_REJECTED",
          "TOO_BUSY",
          "LOG_UNAVAILABLE",
        ]),
      },
    },
    async (request, reply) => {
      const corrected = request.body ?? undefined;
      const { id } = request.params;
      const status = await livingNow(context).deadLetters.resubmit(
        id,
        corrected === undefined ? {} : { corrected },
      );
      reply.code(202);
      return status as never;
    },
  );
}

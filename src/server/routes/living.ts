import {
  listLengthDefault,
  MergeAnswer,
  MergeBody,
  NoQuery,
  RecommendQuery,
  SessionAnswer,
  SessionParams,
  TrendingAnswer,
  TrendingQuery,
  UserParams,
} from "../../contracts/http.ts";
import { listHead, livingNow, recommendedItemBody, sendList, servingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { askedList, listFor } from "../person-list.ts";
import { noteShown } from "../request-log.ts";
import { type App, answersOf, handlerTimeoutMs, listErrors } from "./schema.ts";

const tags = ["recommendations"];

/** What is answered from live state: what is trending, visitors without an account, and their becoming users. */
export function livingRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/trending",
    {
      config: { scope: "read", self: "nobody" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "trending",
        summary: "What people watch, like and rate now, for anybody",
        querystring: TrendingQuery,
        response: answersOf(TrendingAnswer, ["NOT_READY", "TOO_SLOW"]),
      },
    },
    async (request) => {
      const serving = servingNow(context);
      const { k = listLengthDefault, genre, window = "24h" } = request.query;
      livingNow(context);
      const asked = { surface: "trending", k, genre, window };
      const { items } = await listFor({ context, serving }, asked);
      const body = { surface: "trending" as const, window, items: items.map(recommendedItemBody) };
      return { ...listHead(request.id, serving), ...body };
    },
  );
  app.get(
    "/v1/sessions/:session_id/recommendations",
    {
      config: { scope: "read" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "recommendSession",
        summary: "What a visitor without an account should see next, from what the session has done",
        params: SessionParams,
        querystring: RecommendQuery,
        response: answersOf(SessionAnswer, [...listErrors, "TOO_SLOW"]),
      },
    },
    async (request, reply) => {
      const serving = servingNow(context);
      const sessionId = request.params.session_id;
      livingNow(context);
      const { explain, ...query } = request.query;
      const answering = { context, serving, requestId: request.id };
      const list = await listFor(answering, askedList({ sessionId }, query));
      noteShown({ context, request }, { version: serving.version, lists: [list] });
      const head = { ...listHead(request.id, serving), session_id: sessionId };
      return sendList(reply, list, { head, explain, paged: true });
    },
  );
  mergeRoute(app, context);
}

function mergeRoute(app: App, context: ServerContext): void {
  app.post(
    "/v1/users/:user_id/merge",
    {
      config: { scope: "events", self: "user_id" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags: ["events"],
        operationId: "mergeSession",
        summary: "Makes what a session has done the user's",
        description: "Durable when it is answered; asked again it changes nothing.",
        params: UserParams,
        querystring: NoQuery,
        body: MergeBody,
        response: answersOf(MergeAnswer, [
          "NOT_READY",
          "TOO_SLOW",
          "SESSION_MERGED",
          "REQUEST_TIMEOUT",
          "BODY_TOO_LARGE",
          "MEDIA_TYPE_UNSUPPORTED",
        ]),
      },
    },
    async (request) => {
      const { user_id } = request.params;
      const { session_id } = request.body;
      await livingNow(context).live.merge({ userId: user_id, sessionId: session_id });
      return { user_id, session_id };
    },
  );
}

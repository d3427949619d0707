import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import {
  BatchAnswer,
  BatchBody,
  type BatchResultBody,
  ItemParams,
  listLengthDefault,
  NoQuery,
  RecommendationsAnswer,
  RecommendQuery,
  SimilarAnswer,
  SimilarQuery,
  TopAnswer,
  TopQuery,
  UserParams,
} from "../../contracts/http.ts";
import { idExpectation, isId, shown } from "../../contracts/mismatch.ts";
import { UsherError } from "../../errors.ts";
import type { Recommendations } from "../../recommend/recommender.ts";
import { degradedNow, listHead, recommendedItemBody, servingNow, similarItemBody } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { type Answering, askedList, listFor } from "../person-list.ts";
import { asServerError, problemOf } from "../problem.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";

const tags = ["recommendations"];

/** How long one batch works before others get their turn; one user more may be under way. */
const turnMs = 8;

/** What was found for one user of many, or why nothing. */
export interface UserResult {
  readonly userId: string;
  readonly found?: Recommendations;
  readonly error?: UsherError;
}

/** Recommends for many users from one release, giving way to other requests between them. */
export async function* recommendForMany(
  { context, serving }: Answering,
  request: { userIds: readonly string[]; k: number },
): AsyncGenerator<UserResult> {
  const { k } = request;
  let turnEnds = performance.now() + turnMs;
  for (const userId of request.userIds) {
    if (performance.now() > turnEnds) {
      await setImmediate();
      turnEnds = performance.now() + turnMs;
    }
    try {
      const person = { userId: checkedId(userId) };
      yield { userId, found: await listFor({ context, serving }, { person, k }) };
    } catch (error) {
      yield { userId, error: asServerError(error) };
    }
  }
}

function checkedId(id: string): string {
  if (isId(id)) return id;
  throw new UsherError("PARAMETER_INVALID", `user_id: expected ${idExpectation}, got ${shown(id)}`, {
    details: { field: "user_id" },
  });
}

/** Lists for users: one user, many users. */
export function userListRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/users/:user_id/recommendations",
    {
      config: { scope: "read", self: "user_id" },
      schema: {
        tags,
        operationId: "recommend",
        summary: "What should this person see next, and why",
        description: "Uses every event that was accepted before the request.",
        params: UserParams,
        querystring: RecommendQuery,
        response: answersOf(RecommendationsAnswer, ["NOT_READY", "TOO_SLOW"]),
      },
      handlerTimeout: handlerTimeoutMs,
    },
    async (request) => {
      const serving = servingNow(context);
      const userId = request.params.user_id;
      const { surface, items } = await listFor({ context, serving }, askedList({ userId }, request.query));
      return {
        ...listHead(request.id, serving),
        user_id: userId,
        surface,
        degraded: degradedNow(context),
        items: items.map(recommendedItemBody),
      };
    },
  );
  app.post(
    "/v1/recommendations/batch",
    {
      config: { scope: "read" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "recommendBatch",
        summary: "The same for up to 1,000 users",
        description:
          "A user who cannot be answered (an id that is too long, say) does not fail the others, and an unknown one gets the " +
          "top list. A body of another shape fails as a whole: `null` or `true` among the ids, a whole number beyond " +
          "±(2^53 − 1), a field that is not listed here.",
        querystring: NoQuery,
        body: BatchBody,
        response: answersOf(BatchAnswer, [
          "NOT_READY",
          "REQUEST_TIMEOUT",
          "BODY_TOO_LARGE",
          "MEDIA_TYPE_UNSUPPORTED",
        ]),
      },
    },
    (request, reply) => {
      const serving = servingNow(context);
      const { user_ids, k = listLengthDefault } = request.body;
      const found = recommendForMany({ context, serving }, { userIds: user_ids.map(String), k });
      const head = { ...listHead(request.id, serving), degraded: degradedNow(context) };
      // as a stream: the answer may be large, and a client that has gone ends the work
      reply.type("application/json; charset=utf-8");
      reply.send(Readable.from(batchText(head, { found, requestId: request.id })) as never);
    },
  );
}

/** The answer to a batch as text, one piece a user. */
async function* batchText(
  head: object,
  { found, requestId }: { found: ReturnType<typeof recommendForMany>; requestId: string },
): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"results":[`;
  let separator = "";
  for await (const result of found) {
    yield separator + JSON.stringify(batchResult(result, requestId));
    separator = ",";
  }
  yield "]}";
}

function batchResult({ userId, found, error }: UserResult, requestId: string): BatchResultBody {
  if (found) {
    return { user_id: userId, surface: found.surface, items: found.items.map(recommendedItemBody) };
  }
  const { code, detail } = problemOf(error ?? new UsherError("INTERNAL"), requestId);
  return { user_id: userId, error: { code, detail } };
}

/** Lists without a user: the best rated items, and those that resemble one. */
export function itemListRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/top",
    {
      config: { scope: "read", self: "nobody" },
      schema: {
        tags,
        operationId: "top",
        summary: "The best rated items, by the Bayesian weighted mean with a vote floor",
        querystring: TopQuery,
        response: answersOf(TopAnswer, ["NOT_READY"]),
      },
    },
    (request) => {
      const serving = servingNow(context);
      const { k = listLengthDefault, genre } = request.query;
      const items = serving.recommender.top({ k, genre }).map(recommendedItemBody);
      return { ...listHead(request.id, serving), surface: "top" as const, items };
    },
  );
  app.get(
    "/v1/items/:item_id/similar",
    {
      config: { scope: "read", self: "nobody" },
      schema: {
        tags,
        operationId: "similarItems",
        summary: "Items that the same people like",
        params: ItemParams,
        querystring: SimilarQuery,
        response: answersOf(SimilarAnswer, ["NOT_READY", "ITEM_UNKNOWN"]),
      },
    },
    (request) => {
      const serving = servingNow(context);
      const itemId = request.params.item_id;
      const items = serving.recommender.similar({ itemId, k: request.query.k ?? listLengthDefault });
      return { ...listHead(request.id, serving), item_id: itemId, items: items.map(similarItemBody) };
    },
  );
}

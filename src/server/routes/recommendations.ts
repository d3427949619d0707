import { setImmediate } from "node:timers/promises";
import {
  BatchAnswer,
  BatchBody,
  type BatchResultBody,
  ItemParams,
  idBytesMax,
  listLengthDefault,
  RecommendationsAnswer,
  RecommendQuery,
  SimilarAnswer,
  SimilarQuery,
  TopAnswer,
  TopQuery,
  UserParams,
} from "../../contracts/http.ts";
import { UsherError } from "../../errors.ts";
import type { Recommendations } from "../../recommend/recommender.ts";
import { listHead, recommendedItemBody, servingNow, similarItemBody } from "../answers.ts";
import type { ServerContext, Serving } from "../context.ts";
import { asServerError, problemOf } from "../problem.ts";
import { isId } from "../validation.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";

const tags = ["recommendations"];

/** How long one request may keep all others waiting. */
const turnMs = 8;

/** Recommends for many users from one release, giving way to other requests between them. */
export async function* recommendForMany(
  serving: Serving,
  request: { userIds: readonly string[]; k: number },
): AsyncGenerator<{ userId: string; found?: Recommendations; error?: UsherError }> {
  let turnEnds = performance.now() + turnMs;
  for (const userId of request.userIds) {
    if (performance.now() > turnEnds) {
      await setImmediate();
      turnEnds = performance.now() + turnMs;
    }
    try {
      yield { userId, found: serving.recommender.recommend({ userId: checkedId(userId), k: request.k }) };
    } catch (error) {
      yield { userId, error: asServerError(error) };
    }
  }
}

function checkedId(id: string): string {
  if (isId(id)) return id;
  throw new UsherError(
    "PARAMETER_INVALID",
    `user_id: expected an id of 1..${idBytesMax} bytes of UTF-8 without control characters, got ${Buffer.byteLength(id)} bytes`,
  );
}

/** Lists for users: one user, many users. */
export function userListRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/users/:user_id/recommendations",
    {
      schema: {
        tags,
        operationId: "recommend",
        summary: "What should this person see next, and why",
        params: UserParams,
        querystring: RecommendQuery,
        response: answersOf(RecommendationsAnswer, ["NOT_READY"]),
      },
    },
    (request) => {
      const serving = servingNow(context);
      const { k = listLengthDefault, genre, exclude } = request.query;
      const userId = request.params.user_id;
      const { surface, items } = serving.recommender.recommend({ userId, k, genre, excluded: exclude });
      return {
        ...listHead(request.id, serving),
        user_id: userId,
        surface,
        degraded: [],
        items: items.map(recommendedItemBody),
      };
    },
  );
  app.post(
    "/v1/recommendations/batch",
    {
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "recommendBatch",
        summary: "The same for up to 1,000 users; what fails for one does not fail the others",
        body: BatchBody,
        response: answersOf(BatchAnswer, ["NOT_READY", "BODY_TOO_LARGE", "MEDIA_TYPE_UNSUPPORTED"]),
      },
    },
    async (request) => {
      const serving = servingNow(context);
      const { user_ids, k = listLengthDefault } = request.body;
      const results: BatchResultBody[] = [];
      for await (const { userId, found, error } of recommendForMany(serving, {
        userIds: user_ids.map(String),
        k,
      })) {
        if (found) {
          results.push({
            user_id: userId,
            surface: found.surface,
            items: found.items.map(recommendedItemBody),
          });
        } else if (error) {
          const { code, detail } = problemOf(error, request.id);
          results.push({ user_id: userId, error: { code, detail } });
        }
      }
      return { ...listHead(request.id, serving), degraded: [], results };
    },
  );
}

/** Lists without a user: the best rated items, and those that resemble one. */
export function itemListRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/top",
    {
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

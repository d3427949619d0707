import {
  batchUsersMax,
  LegacyItemParams,
  LegacyLimitQuery,
  LegacyMovie,
  LegacyRecommendations,
  LegacyRecommendMovies,
  LegacyResults,
  LegacyUsersParams,
  listLengthDefault,
  NoQuery,
  UserParams,
} from "../../contracts/http.ts";
import { UsherError } from "../../errors.ts";
import { unknownItem } from "../../recommend/recommender.ts";
import { itemBody, servingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { listFor } from "../person-list.ts";
import { recommendForMany } from "./recommendations.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";

const tags = ["names that older clients know"];

/** These clients know ids as numbers: a whole number is sent as one, every other id as text. */
const legacyId = (id: string): number | string => {
  const number = Number(id);
  return Number.isSafeInteger(number) && String(number) === id ? number : id;
};

/** Older names of single lists and films, thin over the present ones. */
export function compatRoutes(app: App, context: ServerContext): void {
  app.get(
    "/recommend_movies/:user_id",
    {
      schema: {
        tags,
        operationId: "legacyRecommendMovies",
        summary: "Ten items for a user, with predicted ratings",
        params: UserParams,
        querystring: NoQuery,
        response: answersOf(LegacyRecommendMovies, ["NOT_READY"]),
      },
    },
    async (request) => {
      const userId = request.params.user_id;
      const asked = { person: { userId }, k: listLengthDefault };
      const { items } = await listFor({ context, serving: servingNow(context) }, asked);
      const recommendations = items.map(({ item, ratingPredicted }) => ({
        id: legacyId(item.itemId),
        title: item.title,
        ...(ratingPredicted === undefined ? {} : { rating_predicted: ratingPredicted }),
      }));
      return { user_id: legacyId(userId), recommendations };
    },
  );
  app.get(
    "/api/v1/recommendations/:user_id",
    {
      schema: {
        tags,
        operationId: "legacyRecommendations",
        summary: "Items for a user, with scores; `limit` for `k`",
        params: UserParams,
        querystring: LegacyLimitQuery,
        response: answersOf(LegacyRecommendations, ["NOT_READY"]),
      },
    },
    async (request) => {
      const userId = request.params.user_id;
      const k = request.query.limit ?? listLengthDefault;
      const { items } = await listFor({ context, serving: servingNow(context) }, { person: { userId }, k });
      const recommendations = items.map(({ item, score, rank }) => ({
        movie_id: legacyId(item.itemId),
        score,
        rank,
        title: item.title,
        release_year: item.releaseYear ?? null,
        genres: item.genres as string[],
      }));
      return { user_id: legacyId(userId), count: items.length, recommendations };
    },
  );
  app.get(
    "/movie/:id",
    {
      schema: {
        tags,
        operationId: "legacyMovie",
        summary: "One item",
        params: LegacyItemParams,
        querystring: NoQuery,
        response: answersOf(LegacyMovie, ["NOT_READY", "ITEM_UNKNOWN"]),
      },
    },
    (request) => {
      const item = servingNow(context).items.get(request.params.id);
      if (!item) throw unknownItem(request.params.id);
      return { id: legacyId(item.itemId), ...itemBody(item) };
    },
  );
  compatBatchRoute(app, context);
}

function compatBatchRoute(app: App, context: ServerContext): void {
  app.get(
    "/rec/v3/:users",
    {
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "legacyBatch",
        summary: "Ids of ten items for each of several users; one wrong id fails the whole",
        params: LegacyUsersParams,
        querystring: NoQuery,
        response: answersOf(LegacyResults, ["NOT_READY"]),
      },
    },
    async (request) => {
      const serving = servingNow(context);
      const userIds = request.params.users.split(",");
      if (userIds.length > batchUsersMax) {
        throw new UsherError(
          "PARAMETER_INVALID",
          `users: expected at most ${batchUsersMax}, got ${userIds.length}`,
          {
            details: { field: "users" },
          },
        );
      }
      const results = [];
      for await (const { userId, found, error } of recommendForMany(
        { context, serving },
        { userIds, k: listLengthDefault },
      )) {
        if (error) throw error; // this shape has no room for an error of one user
        const movieID = (found?.items ?? []).map(({ item }) => legacyId(item.itemId));
        results.push({ usuario: legacyId(userId), recomedacoes: { movieID } });
      }
      return { Resultado: results };
    },
  );
}

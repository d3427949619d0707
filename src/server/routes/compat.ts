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
import {
  LegacyMustWatch,
  LegacyStatistics,
  LegacyStatisticsParams,
} from "../../contracts/statistics-http.ts";
import { unknownItem } from "../../data/catalogue.ts";
import { UsherError } from "../../errors.ts";
import { itemBody, servingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { listFor } from "../person-list.ts";
import { recommendForMany } from "./recommendations.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";
import { shownTop, statisticsNow } from "./statistics.ts";

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
      config: { scope: "read", self: "user_id" },
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
      config: { scope: "read", self: "user_id" },
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
      config: { scope: "read", self: "nobody" },
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
      const item = servingNow(context).items.get(request.params.id, { nowMs: Date.now() });
      if (!item) throw unknownItem(request.params.id);
      return { id: legacyId(item.itemId), ...itemBody(item) };
    },
  );
  compatBatchRoute(app, context);
  compatMustWatchRoute(app, context);
  compatStatisticsRoute(app, context);
}

function compatMustWatchRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/user/:user_id",
    {
      config: { scope: "read", self: "user_id" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "legacyMustWatch",
        summary: "Ids of ten items that a user must watch",
        params: UserParams,
        querystring: NoQuery,
        response: answersOf(LegacyMustWatch, ["NOT_READY", "TOO_SLOW"]),
      },
    },
    async (request) => {
      const asked = { person: { userId: request.params.user_id }, k: listLengthDefault };
      const { items } = await listFor({ context, serving: servingNow(context) }, asked);
      return { result: { must_watch: items.map(({ item }) => legacyId(item.itemId)) }, error: null };
    },
  );
}

function compatStatisticsRoute(app: App, context: ServerContext): void {
  app.get(
    "/statistics/:genre/:year",
    {
      config: { scope: "read", self: "nobody" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "legacyStatistics",
        summary:
          "The ten best rated items of a genre and a year, and how many items of the year each genre has",
        description: "By the weighted mean with the vote floor that `/v1/statistics/top` states.",
        params: LegacyStatisticsParams,
        querystring: NoQuery,
        response: answersOf(LegacyStatistics, ["NOT_READY", "TOO_SLOW", "TABLE_MISSING", "TABLE_DAMAGED"]),
      },
    },
    async (request) => {
      const { serving, statistics, build } = statisticsNow(context);
      const { genre, year } = request.params;
      const top = await statistics.top(build, { genre, year });
      const { items } = await statistics.genres(build, { year });
      return {
        top: shownTop(top, serving, listLengthDefault).map(({ item, row }) => ({
          id: legacyId(item.itemId),
          title: item.title,
          rating_mean: row.ratingMean,
          rating_count: row.ratingCount,
        })),
        genres: items.map((entry) => ({ genre: entry.genre, count: entry.item_count })),
      };
    },
  );
}

function compatBatchRoute(app: App, context: ServerContext): void {
  app.get(
    "/rec/v3/:users",
    {
      config: { scope: "read" },
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

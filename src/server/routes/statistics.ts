import { ItemParams, listLengthDefault, NoQuery, UserParams } from "../../contracts/http.ts";
import type { PinnedTables } from "../../contracts/quality.ts";
import {
  GenresAnswer,
  GenresQuery,
  ItemStatisticsAnswer,
  OverviewAnswer,
  RatingsAnswer,
  RatingsQuery,
  ReleasesAnswer,
  ReleasesQuery,
  StatisticsTopAnswer,
  StatisticsTopQuery,
  UserStatisticsAnswer,
} from "../../contracts/statistics-http.ts";
import { type Item, unknownItem } from "../../data/catalogue.ts";
import { UsherError } from "../../errors.ts";
import type { Statistics, TopRow, TopRows } from "../../statistics/statistics.ts";
import { servingNow } from "../answers.ts";
import type { ServerContext, Serving } from "../context.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";

/** From what a question about figures is answered: the build that the release that serves pins. */
export interface AskedStatistics {
  readonly serving: Serving;
  readonly statistics: Statistics;
  readonly build: PinnedTables;
}

/** @throws UsherError `NOT_READY`. */
export function statisticsNow(context: ServerContext): AskedStatistics {
  const serving = servingNow(context);
  const { statistics } = context;
  if (statistics && serving.build) return { serving, statistics, build: serving.build };
  throw new UsherError("NOT_READY", "there is no lake here that statistics could be asked of");
}

/** The first rows of a top list that the catalogue shows now, with their items. */
export function shownTop({ rows }: TopRows, serving: Serving, k: number): { item: Item; row: TopRow }[] {
  const found: { item: Item; row: TopRow }[] = [];
  const viewpoint = { nowMs: Date.now() };
  for (const row of rows) {
    if (found.length === k) break;
    const item = serving.items.get(row.itemId, viewpoint);
    if (item) found.push({ item, row });
  }
  return found;
}

const tags = ["statistics"];
const failures = ["NOT_READY", "TOO_SLOW", "TABLE_MISSING", "TABLE_DAMAGED"] as const;

/** Figures for charts, computed on the server. */
export function statisticsRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/statistics/overview",
    {
      config: { scope: "read", self: "nobody" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "statisticsOverview",
        summary: "How much there is: items, users, ratings",
        querystring: NoQuery,
        response: answersOf(OverviewAnswer, failures),
      },
    },
    async () => {
      const { serving, statistics, build } = statisticsNow(context);
      const figures = await statistics.overview(build);
      return { model_version: serving.version, build: build.number, ...figures };
    },
  );
  app.get(
    "/v1/statistics/ratings",
    {
      config: { scope: "read", self: "nobody" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "statisticsRatings",
        summary: "How ratings are distributed: those that were given, or the means of the items",
        querystring: RatingsQuery,
        response: answersOf(RatingsAnswer, failures),
      },
    },
    (request) => {
      const { statistics, build } = statisticsNow(context);
      const { of: kind = "given", votes_min: votesMin = 1 } = request.query;
      return statistics.ratings(build, { kind, votesMin });
    },
  );
  app.get(
    "/v1/statistics/releases",
    {
      config: { scope: "read", self: "nobody" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "statisticsReleases",
        summary: "Items by year of release, with their ratings",
        querystring: ReleasesQuery,
        response: answersOf(ReleasesAnswer, failures),
      },
    },
    (request) => {
      const { statistics, build } = statisticsNow(context);
      return statistics.releases(build, { genre: request.query.genre });
    },
  );
  app.get(
    "/v1/statistics/genres",
    {
      config: { scope: "read", self: "nobody" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "statisticsGenres",
        summary: "Items by genre, with their ratings; the largest first",
        querystring: GenresQuery,
        response: answersOf(GenresAnswer, failures),
      },
    },
    (request) => {
      const { statistics, build } = statisticsNow(context);
      return statistics.genres(build, { year: request.query.year });
    },
  );
  topRoute(app, context);
  userRoute(app, context);
  itemRoute(app, context);
}

function topRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/statistics/top",
    {
      config: { scope: "read", self: "nobody" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "statisticsTop",
        summary:
          "The best rated items of a genre and a year, by the Bayesian weighted mean with a vote floor",
        querystring: StatisticsTopQuery,
        response: answersOf(StatisticsTopAnswer, failures),
      },
    },
    async (request) => {
      const { serving, statistics, build } = statisticsNow(context);
      const { k = listLengthDefault, genre, year, votes_min: votesMin } = request.query;
      const top = await statistics.top(build, { genre, year, votesMin });
      return {
        vote_floor: top.voteFloor,
        prior_votes: top.priorVotes,
        prior_mean: top.priorMean,
        items: shownTop(top, serving, k).map(({ item, row }, at) => ({
          item_id: item.itemId,
          rank: at + 1,
          score: Math.round(row.score * 1e6) / 1e6,
          title: item.title,
          ...(item.releaseYear === undefined ? {} : { release_year: item.releaseYear }),
          genres: [...item.genres],
          rating_mean: row.ratingMean,
          rating_count: row.ratingCount,
        })),
      };
    },
  );
}

function userRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/statistics/users/:user_id",
    {
      config: { scope: "read", self: "user_id" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "statisticsUser",
        summary: "What one user has rated: by month, by rating, by genre",
        description: "Of the build that the release pins; an unknown user has zeros.",
        params: UserParams,
        querystring: NoQuery,
        response: answersOf(UserStatisticsAnswer, failures),
      },
    },
    async (request) => {
      const { statistics, build } = statisticsNow(context);
      const { user_id } = request.params;
      return { user_id, ...(await statistics.user(build, user_id)) };
    },
  );
}

function itemRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/statistics/items/:item_id",
    {
      config: { scope: "read", self: "nobody" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "statisticsItem",
        summary: "How one item was rated: how often by each half star, and the mean",
        description: "Of the build that the release pins; an item that nobody has rated has zeros.",
        params: ItemParams,
        querystring: NoQuery,
        response: answersOf(ItemStatisticsAnswer, [...failures, "ITEM_UNKNOWN"]),
      },
    },
    async (request) => {
      const { serving, statistics, build } = statisticsNow(context);
      const { item_id } = request.params;
      if (!serving.items.get(item_id, { nowMs: Date.now() })) throw unknownItem(item_id);
      return { item_id, ...(await statistics.item(build, item_id)) };
    },
  );
}

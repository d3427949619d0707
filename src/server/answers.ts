import type { FastifyRequest } from "fastify";
import type { ItemBody, RecommendedItemBody } from "../contracts/http.ts";
import type { Item } from "../data/catalogue.ts";
import { UsherError } from "../errors.ts";
import type { ReasonItem } from "../recommend/reasons.ts";
import type { RecommendedItem, ShownItem } from "../recommend/recommender.ts";
import type { Living, ServerContext, Serving } from "./context.ts";
import type { AnsweredList } from "./person-list.ts";

/** The release that answers. @throws UsherError `NOT_READY`. */
export function servingNow(context: ServerContext): Serving {
  const serving = context.serving();
  if (serving) return serving;
  const { text } = context.status();
  throw new UsherError("NOT_READY", `no release serves yet${text ? ` (${text})` : ""}; see /health/ready`);
}

/** What takes events. @throws UsherError `NOT_READY`. */
export function livingNow(context: ServerContext): Living {
  if (context.living) return context.living;
  throw new UsherError(
    "NOT_READY",
    "events are taken by the server that owns the home, once it is ready; see /health/ready",
  );
}

/** Parts of the system that have failed: without them an answer is made, and says so. */
export function degradedNow(context: ServerContext): string[] {
  const parts = Object.entries(context.dependencies?.() ?? {});
  return parts.filter(([, { status }]) => status === "failed").map(([name]) => name);
}

/** What stands at the head of every computed list. */
export function listHead(requestId: string, serving: Serving) {
  return {
    request_id: requestId,
    model_version: serving.version,
    generated_at: new Date().toISOString(),
  };
}

/** The part of an answer that a list decides. */
export function listBody(
  list: AnsweredList,
  { explain = false, paged = false }: { explain?: boolean | undefined; paged?: boolean },
) {
  const nextCursor = paged ? list.nextCursor() : undefined;
  return {
    surface: list.surface,
    degraded: [...list.degraded],
    ...(explain ? { surface_version: list.surfaceVersion } : {}),
    ...(list.emptiedBy === undefined ? {} : { emptied_by: list.emptiedBy }),
    items: list.items.map(explain ? explainedItemBody : recommendedItemBody),
    ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
  };
}

/** Writes what was shown to the log of requests: with the propensities a new policy can be judged on it. No person is named. */
export function logList(
  request: Pick<FastifyRequest, "id" | "log">,
  list: AnsweredList,
  version: string,
): void {
  request.log.info(
    {
      ...{ request_id: request.id, model_version: version },
      ...{ surface: list.surface, surface_version: list.surfaceVersion },
      items: list.items.map(({ item }) => item.itemId),
      propensities: list.items.map(({ propensity }) => propensity),
    },
    "recommended",
  );
}

export function itemHead(item: Item) {
  return {
    item_id: item.itemId,
    title: item.title,
    ...(item.releaseYear === undefined ? {} : { release_year: item.releaseYear }),
    genres: item.genres as string[],
  };
}

/** One item of an answer. Written out field by field: object spreads took a tenth of the time of a whole request. */
export function recommendedItemBody({ item, rank, score, ratingPredicted, reason }: ShownItem) {
  const body: RecommendedItemBody = {
    item_id: item.itemId,
    rank,
    score,
    title: item.title,
    genres: item.genres as string[],
    reason: { source: reason.source, text: reason.text, because: reason.because.map(becauseBody) },
  };
  if (ratingPredicted !== undefined) body.rating_predicted = ratingPredicted;
  if (item.releaseYear !== undefined) body.release_year = item.releaseYear;
  return body;
}

/** The same with what its score is the sum of, and how probable it was. */
export function explainedItemBody(recommended: RecommendedItem): RecommendedItemBody {
  const { terms, placed, propensity } = recommended;
  const explain = { terms: { ...terms }, ...(placed === undefined ? {} : { placed }), propensity };
  return { ...recommendedItemBody(recommended), explain };
}

function becauseBody({ item, weight }: ReasonItem) {
  return { item_id: item.itemId, title: item.title, weight };
}

export function itemBody(item: Item): ItemBody {
  const optional = {
    description: item.description,
    release_date: item.releaseDate,
    imdb_rating: item.imdbRating,
    imdb_votes: item.imdbVotes,
    poster_url: item.posterUrl,
    rating_mean: item.ratingMean,
  };
  return {
    ...itemHead(item),
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<ItemBody>),
    rating_count: item.ratingCount,
    links: { ...item.links },
  };
}

import { ItemParams, NoQuery, type RecommendationsBody, RecommendQuery } from "../../contracts/http.ts";
import { AudienceAnswer, type EditionBody, ListsAnswer, PublishBody } from "../../contracts/lists-http.ts";
import { JobAnswer } from "../../contracts/upkeep-http.ts";
import { unknownItem } from "../../data/catalogue.ts";
import { UsherError } from "../../errors.ts";
import type { Edition } from "../../stores/recommendation-store.ts";
import { recommendedItemBody, servingNow } from "../answers.ts";
import type { PublishedLists, ServerContext } from "../context.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";
import { startedOf, upkeepOf } from "./upkeep.ts";

const tags = ["published lists"];
const isoTime = (ms: number) => new Date(ms).toISOString();

/** What a query may hold beside `source=stored`: a published list cannot be filtered. */
const besideStored = ["source", "k"];

/**
 * The answer to `source=stored`: the published list, with the moment as of which it was made and the release that made it. `undefined`
 * where there is none or the store does not answer: then the live list answers, degraded.
 * @throws UsherError `PARAMETER_INVALID`: something else is asked for too.
 */
export async function storedAnswer(
  context: ServerContext,
  asked: { requestId: string; userId: string; k: number; query: Readonly<Record<string, unknown>> },
): Promise<RecommendationsBody | undefined> {
  const { requestId, userId, k, query } = asked;
  const rules = RecommendQuery.properties as Readonly<Record<string, object>>;
  const defaultOf = (name: string) => (rules[name] as { default?: unknown } | undefined)?.default;
  const other = Object.keys(query).find(
    (name) => !besideStored.includes(name) && query[name] !== defaultOf(name), // what is not sent has its default by now
  );
  if (other !== undefined) {
    throw new UsherError(
      "PARAMETER_INVALID",
      `source: stored lists are asked for with k alone, got ${other} too`,
      {
        details: { field: "source" },
      },
    );
  }
  servingNow(context);
  const found = await context.lists?.storedListFor(userId, k).catch(noneWhereUnavailable);
  if (!found) return undefined;
  const { edition, list } = found;
  return {
    ...{ request_id: requestId, user_id: userId, surface: list.surface },
    ...{ model_version: edition.modelVersion, generated_at: isoTime(edition.computedAtMs), degraded: [] },
    items: list.items.map(recommendedItemBody),
  };
}

/** A store that does not answer degrades an answer; it does not stop it. */
function noneWhereUnavailable(error: unknown): undefined {
  if (error instanceof UsherError && error.code === "STORE_UNAVAILABLE") return undefined;
  throw error;
}

/** Publishing, and what is published. */
export function listRoutes(app: App, context: ServerContext): void {
  app.post(
    "/v1/lists",
    {
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "publishLists",
        summary: "Make the lists of all users and the audiences of all items, and switch to them, as a job",
        querystring: NoQuery,
        body: PublishBody,
        response: startedOf(JobAnswer, ["RUN_BUSY"]),
      },
    },
    async (request, reply) => {
      const { k, audience_k: audienceK, expire_hours: expireHours } = request.body;
      servingNow(context);
      const asked = {
        ...(k === undefined ? {} : { k }),
        ...(audienceK === undefined ? {} : { audienceK }),
        ...(expireHours === undefined ? {} : { expireHours }),
      };
      return reply.code(202).send(await upkeepOf(context).startPublishing(asked));
    },
  );
  app.get(
    "/v1/lists",
    {
      config: { scope: "read" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "getLists",
        summary: "The edition of lists that is read now",
        querystring: NoQuery,
        response: answersOf(ListsAnswer, ["NOT_READY", "TOO_SLOW", "STORE_UNAVAILABLE"]),
      },
    },
    async () => {
      const edition = await listsNow(context).current();
      return { items: edition ? [editionBody(edition)] : [] };
    },
  );
  app.delete(
    "/v1/lists",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "withdrawLists",
        summary: "Withdraw the lists that are read now",
        querystring: NoQuery,
        response: answersOf(ListsAnswer, ["NOT_READY", "TOO_SLOW", "STORE_UNAVAILABLE"]),
      },
    },
    async () => {
      upkeepOf(context); // only who owns the home may
      await listsNow(context).withdraw();
      return { items: [] };
    },
  );
  audienceRoute(app, context);
}

function audienceRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/lists/items/:item_id",
    {
      config: { scope: "admin" },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "storedAudience",
        summary: "The users who would like an item most, as they were published",
        params: ItemParams,
        querystring: NoQuery,
        response: answersOf(AudienceAnswer, [
          "NOT_READY",
          "TOO_SLOW",
          "LISTS_UNKNOWN",
          "ITEM_UNKNOWN",
          "STORE_UNAVAILABLE",
        ]),
      },
    },
    async (request) => {
      const { item_id } = request.params;
      if (!servingNow(context).items.get(item_id, { nowMs: Date.now() })) throw unknownItem(item_id);
      const lists = listsNow(context);
      const found = await lists.storedAudienceFor(item_id);
      const edition = found?.edition ?? (await lists.current());
      if (!edition)
        throw new UsherError("LISTS_UNKNOWN", `item_id ${item_id}: expected published lists, found none`);
      return {
        item_id,
        model_version: edition.modelVersion,
        computed_at: isoTime(edition.computedAtMs),
        users: (found?.audience.users ?? []).map(({ userId, score }, at) => ({
          user_id: userId,
          rank: at + 1,
          score,
        })),
      };
    },
  );
}

/** @throws UsherError `NOT_READY`. */
function listsNow(context: ServerContext): PublishedLists {
  if (context.lists) return context.lists;
  throw new UsherError("NOT_READY", "there is no home here whose lists could be asked for");
}

/** An edition as answers and the command line show it. */
export function editionBody({
  name,
  modelVersion,
  computedAtMs,
  expiresAtMs,
  k,
  users,
  items,
}: Edition): EditionBody {
  return {
    ...{ edition: name, model_version: modelVersion },
    ...{ computed_at: isoTime(computedAtMs), expires_at: isoTime(expiresAtMs), k, users, items },
  };
}

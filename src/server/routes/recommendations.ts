import { Readable } from "node:stream";
import {
  BatchAnswer,
  BatchBody,
  type BatchResultBody,
  listLengthDefault,
  NoQuery,
  RecommendationsAnswer,
  RecommendQuery,
  TopAnswer,
  TopQuery,
  UserParams,
} from "../../contracts/http.ts";
import { idExpectation, isId, shown } from "../../contracts/mismatch.ts";
import { UsherError } from "../../errors.ts";
import { compileFilter } from "../../recommend/filter/compile.ts";
import type { Recommendations } from "../../recommend/recommender.ts";
import { turns } from "../../turns.ts";
import { degradedNow, jsonType, listHead, recommendedItemBody, sendList, servingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { type Answering, type AskedList, askedList, listFor, nameOf, planNamed } from "../person-list.ts";
import { asServerError, problemOf } from "../problem.ts";
import { noteShown } from "../request-log.ts";
import { storedAnswer } from "./lists.ts";
import { type App, answersOf, handlerTimeoutMs, listErrors } from "./schema.ts";

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
  answering: Answering,
  request: { userIds: readonly string[] } & Pick<AskedList, "k" | "surface" | "genre" | "filter">,
): AsyncGenerator<UserResult> {
  const { userIds, ...wanted } = request;
  const turn = turns({ turnMs });
  for (const userId of userIds) {
    await turn();
    try {
      const person = { userId: checkedId(userId) };
      yield { userId, found: await listFor(ofUser(answering, userId), { ...wanted, person }) };
    } catch (error) {
      yield { userId, error: asServerError(error) };
    }
  }
}

/** The same request draws for each of its users anew. */
const ofUser = ({ requestId, ...answering }: Answering, userId: string): Answering =>
  requestId === undefined ? answering : { ...answering, requestId: `${requestId} ${userId}` };

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
        response: answersOf(RecommendationsAnswer, [...listErrors, "TOO_SLOW"]),
      },
      handlerTimeout: handlerTimeoutMs,
    },
    async (request, reply) => {
      const serving = servingNow(context);
      const userId = request.params.user_id;
      const { explain, source, ...query } = request.query;
      if (source === "stored") {
        const k = query.k ?? listLengthDefault;
        const stored = await storedAnswer(context, { requestId: request.id, userId, k, query });
        if (stored) return stored;
      }
      const answering = { context, serving, requestId: request.id };
      const list = await listFor(answering, askedList({ userId }, query));
      noteShown({ context, request }, { version: serving.version, lists: [list] });
      const head = { ...listHead(request.id, serving), user_id: userId };
      const degraded = source === "stored" ? ["lists"] : [];
      return sendList(reply, list, { head, explain, paged: true, degraded });
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
          ...listErrors,
          "REQUEST_TIMEOUT",
          "BODY_TOO_LARGE",
          "MEDIA_TYPE_UNSUPPORTED",
        ]),
      },
    },
    (request, reply) => {
      const serving = servingNow(context);
      const { user_ids, k = listLengthDefault, ...wanted } = request.body;
      if (wanted.surface) planNamed(context, nameOf(wanted.surface));
      if (wanted.filter) compileFilter(wanted.filter);
      const answering = { context, serving, requestId: request.id };
      const found = recommendForMany(answering, { ...wanted, userIds: user_ids.map(String), k });
      const head = { ...listHead(request.id, serving), degraded: degradedNow(context) };
      // as a stream: the answer may be large, and a client that has gone ends the work
      reply.type(jsonType);
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

/** Lists without a user: the best rated items. */
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
}

import { completedProgress } from "../../contracts/events.ts";
import { listLengthDefault, NoQuery } from "../../contracts/http.ts";
import {
  HomeAnswer,
  HomeQuery,
  type Pick as PickedItem,
  PicksAnswer,
  PicksBody,
} from "../../contracts/surfaces-http.ts";
import { ratingWeight } from "../../data/signals.ts";
import { UsherError } from "../../errors.ts";
import type { Person } from "../../live/live-state.ts";
import type { LivePair, LiveView } from "../../live/live-view.ts";
import { homeRails } from "../../recommend/built-in-surfaces.ts";
import { listHead, livingNow, recommendedItemBody, sendList, servingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import {
  type AnsweredList,
  type Answering,
  type AskedList,
  listFor,
  personNamed,
  planNamed,
} from "../person-list.ts";
import { noteShown } from "../request-log.ts";
import { type App, answersOf, handlerTimeoutMs, listErrors } from "./schema.ts";

const tags = ["recommendations"];
/** Genres of a person's own for which a home screen has a rail. */
const homeGenres = 2;

const ofUser = { scope: "read", self: "user_id" } as const;
const ofNobody = { scope: "read", self: "nobody" } as const;

/** Several lists in one answer, and lists for who has no account and no session yet. */
export function homeRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/home",
    {
      config: ofUser,
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "homeRails",
        summary: "The rails of a home screen in one answer, no item twice",
        querystring: HomeQuery,
        response: answersOf(HomeAnswer, [...listErrors, "TOO_SLOW"]),
      },
    },
    async (request) => {
      const serving = servingNow(context);
      const { k = listLengthDefault, country, device } = request.query;
      const person = personNamed(request.query);
      if (!person) {
        throw new UsherError("PARAMETER_INVALID", "user_id: expected this or session_id, got neither", {
          details: { field: "user_id" },
        });
      }
      if ("sessionId" in person) livingNow(context); // without events a session is nobody
      const answering = { context, serving, requestId: request.id };
      const { rails, lists, degraded } = await railsOf(answering, { person, k, country, device });
      noteShown({ context, request }, { version: serving.version, lists });
      const whose = "userId" in person ? { user_id: person.userId } : { session_id: person.sessionId };
      return { ...listHead(request.id, serving), ...whose, degraded, rails };
    },
  );
  picksRoute(app, context);
}

/** Each rail leaves out what stands on those above it. An empty rail, and one that would only repeat the top list, is left out. */
async function railsOf(
  { context, serving, requestId = "" }: Answering,
  { person, ...wanted }: { person: Person } & Pick<AskedList, "k" | "country" | "device">,
) {
  const userId = "userId" in person ? person.userId : undefined;
  const live = await context.living?.live.view(person);
  const { lastLiked, genres } = serving.recommender.tastes({ userId, live });
  const asked: { surface: string; genre?: string; more?: string }[] = [];
  for (const { surface, of } of homeRails) {
    if (of === undefined) asked.push({ surface });
    if (of === "genre")
      for (const genre of genres.slice(0, homeGenres)) asked.push({ surface, genre, more: genre });
    if (of === "recent" && lastLiked)
      asked.push({ surface: `${surface}/${lastLiked.itemId}`, more: lastLiked.title });
  }
  const shown: string[] = [];
  const degraded = new Set<string>();
  const rails = [];
  const lists: AnsweredList[] = [];
  for (const { surface, genre, more } of asked) {
    const answering = { context, serving, requestId: `${requestId} ${surface}` };
    const list = await listFor(answering, { ...wanted, person, surface, genre, excluded: shown });
    for (const name of list.degraded) degraded.add(name);
    const name = surface.split("/")[0] ?? surface;
    if (list.items.length === 0 || (list.isFallback && name !== homeRails[1]?.surface)) continue;
    shown.push(...list.items.map(({ item }) => item.itemId));
    const { title = name } = planNamed(context, list.surface).document;
    const items = list.items.map(recommendedItemBody);
    lists.push(list);
    rails.push({ surface: list.surface, title: more === undefined ? title : `${title}: ${more}`, items });
  }
  return { rails, lists, degraded: [...degraded] };
}

function picksRoute(app: App, context: ServerContext): void {
  app.post(
    "/v1/recommendations/session",
    {
      config: ofNobody,
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "recommendPicks",
        summary: "What a visitor should see next, from what the request itself says that they did",
        description: "Nothing is kept of it.",
        querystring: NoQuery,
        body: PicksBody,
        response: answersOf(PicksAnswer, [
          ...listErrors,
          ...(["TOO_SLOW", "REQUEST_TIMEOUT", "BODY_TOO_LARGE", "MEDIA_TYPE_UNSUPPORTED"] as const),
        ]),
      },
    },
    async (request, reply) => {
      const serving = servingNow(context);
      const { interactions, k = listLengthDefault, ...wanted } = request.body;
      const answering = { context, serving, requestId: request.id };
      const list = await listFor(answering, { ...wanted, k, live: viewOf(interactions) });
      noteShown({ context, request }, { version: serving.version, lists: [list] });
      const ids = interactions.map(({ item_id }) => String(item_id));
      const unknown = ids.filter((id) => serving.recommender.indexOf(id) < 0);
      const head = { ...listHead(request.id, serving), unknown_items: [...new Set(unknown)] };
      return sendList(reply, list, { head });
    },
  );
}

/** Weights of one action, as those of events. */
const weights = {
  like: 1,
  dislike: 0,
  rating: 0,
  view: 0.05,
  listen: 0.3,
  click: 0.2,
  bookmark: 0.3,
} as const;

/** Picks as if they had come as events a moment ago. What was picked is known already, and is not recommended. */
export function viewOf(picks: readonly PickedItem[]): LiveView {
  const pairs = new Map<string, LivePair>();
  for (const { item_id, event_type, rating, progress } of picks) {
    const itemId = String(item_id);
    const kind = event_type ?? (rating === undefined ? "like" : "rating");
    const before = pairs.get(itemId);
    const watched = progress === undefined ? weights.view : progress >= completedProgress ? 1 : 0.5;
    pairs.set(itemId, {
      itemId,
      weight: (before?.weight ?? 0) + (kind === "view" ? watched : weights[kind]),
      ...(rating === undefined
        ? {}
        : { rating: { value: rating, weight: ratingWeight(rating), tsMs: Number.MAX_SAFE_INTEGER } }),
      isConsumed: true,
      isDenied: before?.isDenied === true || kind === "dislike",
      lastTsMs: pairs.size,
    });
  }
  return { pairs: [...pairs.values()], retractedRatings: [], continuing: [], bookmarks: [] };
}

import {
  AudienceAnswer,
  AudienceQuery,
  CatalogueItemAnswer,
  type CatalogueItemBody,
  GenresAnswer,
  ItemPath,
  ItemQuery,
  ListAnswer,
  ListQuery,
  PeopleAnswer,
  PeopleQuery,
  SearchAnswer,
  SearchQuery,
  SimilarItemsAnswer,
  SimilarItemsQuery,
  SuggestionsAnswer,
} from "../../contracts/catalogue-http.ts";
import { listLengthDefault, pageSizeDefault } from "../../contracts/http.ts";
import { type Item, unknownItem, type Viewpoint } from "../../data/catalogue.ts";
import { itemBody, itemHead, listHead, servingNow } from "../answers.ts";
import { audienceMin, type ServerContext } from "../context.ts";
import { type App, answersOf } from "./schema.ts";

const tags = ["catalogue"];

const viewpoint = ({ country }: { country?: string }): Viewpoint => ({ nowMs: Date.now(), country });

/** An item with everything that is known of it. */
function wholeItem(item: Item): CatalogueItemBody {
  const { language, people, features, countries, availableFrom, availableUntil } = item;
  const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
  const more = {
    ...{ language, people, features, countries },
    ...{ available_from: iso(availableFrom), available_until: iso(availableUntil) },
  };
  const known = Object.entries(more).filter(([, value]) => value !== undefined);
  return { ...itemBody(item), ...(Object.fromEntries(known) as Partial<CatalogueItemBody>) };
}

/** The catalogue: its list, one item, and what is like it. */
export function catalogueRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/items",
    {
      config: { scope: "read", self: "nobody" },
      schema: {
        tags,
        operationId: "listItems",
        summary: "The catalogue, filtered and page by page",
        querystring: ListQuery,
        response: answersOf(ListAnswer, ["NOT_READY"]),
      },
    },
    async (request) => {
      const { page_size: pageSize = pageSizeDefault, year_from, year_to, ...filters } = request.query;
      const listing = { ...filters, yearFrom: year_from, yearTo: year_to, pageSize };
      const { items, nextCursor } = await servingNow(context).items.page(listing, viewpoint(filters));
      return {
        items: items.map(wholeItem),
        ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
      };
    },
  );
  app.get(
    "/v1/items/:item_id",
    {
      config: { scope: "read", self: "nobody" },
      schema: {
        tags,
        operationId: "getItem",
        summary: "One item",
        description: "The header `ETag` is the revision that a write can ask for with `If-Match`.",
        params: ItemPath,
        querystring: ItemQuery,
        response: answersOf(CatalogueItemAnswer, ["NOT_READY", "ITEM_UNKNOWN"]),
      },
    },
    (request, reply) => {
      const itemId = request.params.item_id;
      const item = servingNow(context).items.get(itemId, viewpoint(request.query));
      if (!item) throw unknownItem(itemId);
      reply.header("etag", `"${context.edits?.item(itemId)?.revision ?? 0}"`);
      return wholeItem(item);
    },
  );
  likeRoutes(app, context);
  searchRoutes(app, context);
  nameRoutes(app, context);
}

function likeRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/items/:item_id/similar",
    {
      config: { scope: "read" },
      schema: {
        tags,
        operationId: "similarItems",
        summary: "Items like this one, and what they share: people, genres, audience",
        params: ItemPath,
        querystring: SimilarItemsQuery,
        response: answersOf(SimilarItemsAnswer, ["NOT_READY", "ITEM_UNKNOWN"]),
      },
    },
    (request) => {
      const serving = servingNow(context);
      const itemId = request.params.item_id;
      const { k = listLengthDefault } = request.query;
      const items = serving.items.similar({ itemId, k }, viewpoint(request.query));
      return {
        ...listHead(request.id, serving),
        item_id: itemId,
        items: items.map(({ item, shared, ...found }) => ({
          ...itemHead(item),
          ...found,
          shared: { ...shared, people: [...shared.people], genres: [...shared.genres] },
        })),
      };
    },
  );
  app.get(
    "/v1/items/:item_id/audience",
    {
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "itemAudience",
        summary: "Users who would most likely like the item and have not consumed it",
        description: "Hidden items too. Where the group is too small to stay anonymous, nobody is named.",
        params: ItemPath,
        querystring: AudienceQuery,
        response: answersOf(AudienceAnswer, ["NOT_READY", "ITEM_UNKNOWN"]),
      },
    },
    (request) => {
      const serving = servingNow(context);
      const { audienceMin: groupMin = audienceMin } = context;
      const itemId = request.params.item_id;
      const { k = listLengthDefault } = request.query;
      const { isWithheld, users } = serving.items.audience({ itemId, k, groupMin });
      return {
        ...listHead(request.id, serving),
        item_id: itemId,
        is_withheld: isWithheld,
        group_min: groupMin,
        users: users.map(({ userId, ...member }) => ({ user_id: userId, ...member })),
      };
    },
  );
}

function searchRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/search",
    {
      config: { scope: "read" },
      schema: {
        tags,
        operationId: "searchItems",
        summary: "Items by words of their title, people and description",
        description:
          "Ignores case and accents, forgives typos, and takes the last word as the beginning of one.",
        querystring: SearchQuery,
        response: answersOf(SearchAnswer, ["NOT_READY"]),
      },
    },
    async (request) => {
      const { query, k = listLengthDefault } = request.query;
      const found = await servingNow(context).items.search({ query, k }, viewpoint(request.query));
      return {
        items: found.map(({ item, matched, ...hit }) => ({
          ...itemHead(item),
          ...hit,
          matched: [...matched],
        })),
      };
    },
  );
  app.get(
    "/v1/search/suggestions",
    {
      config: { scope: "read" },
      schema: {
        tags,
        operationId: "suggestItems",
        summary: "Titles and people that may be meant by what has been typed so far",
        querystring: SearchQuery,
        response: answersOf(SuggestionsAnswer, ["NOT_READY"]),
      },
    },
    async (request) => {
      const { query, k = listLengthDefault } = request.query;
      const found = await servingNow(context).items.suggest({ query, k }, viewpoint(request.query));
      return {
        suggestions: found.map(({ id, ...one }) => ({
          ...one,
          ...(id === undefined ? {} : { item_id: id }),
        })),
      };
    },
  );
}

function nameRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/people",
    {
      config: { scope: "read" },
      schema: {
        tags,
        operationId: "listPeople",
        summary: "People of the catalogue by name, and in how many items each took part",
        querystring: PeopleQuery,
        response: answersOf(PeopleAnswer, ["NOT_READY"]),
      },
    },
    (request) => {
      const { page_size: pageSize = pageSizeDefault, ...asked } = request.query;
      const { items, nextCursor } = servingNow(context).items.people({ ...asked, pageSize }, viewpoint({}));
      return {
        items: items.map(({ name, roles, itemCount }) => ({
          name,
          roles: [...roles],
          item_count: itemCount,
        })),
        ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
      };
    },
  );
  app.get(
    "/v1/genres",
    {
      config: { scope: "read" },
      schema: {
        tags,
        operationId: "listGenres",
        summary: "Genres of the catalogue by name, and how many items each has",
        querystring: ItemQuery,
        response: answersOf(GenresAnswer, ["NOT_READY"]),
      },
    },
    (request) => {
      const genres = servingNow(context).items.genres(viewpoint(request.query));
      return { items: genres.map(({ genre, itemCount }) => ({ genre, item_count: itemCount })) };
    },
  );
}

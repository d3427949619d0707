import {
  ItemAnswer,
  ItemParams,
  ItemsAnswer,
  ItemsQuery,
  itemOrders,
  NoQuery,
  pageSizeDefault,
} from "../../contracts/http.ts";
import { unknownItem } from "../../recommend/recommender.ts";
import { itemBody, servingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { type App, answersOf } from "./schema.ts";

const tags = ["catalogue"];

/** The catalogue: its list, and one item. */
export function catalogueRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/items",
    {
      config: { scope: "read", self: "nobody" },
      schema: {
        tags,
        operationId: "listItems",
        summary: "The catalogue, filtered and page by page",
        querystring: ItemsQuery,
        response: answersOf(ItemsAnswer, ["NOT_READY"]),
      },
    },
    (request) => {
      const { sort = itemOrders[0], page_size: pageSize = pageSizeDefault, ...filters } = request.query;
      const { items, nextCursor } = servingNow(context).items.page({ ...filters, sort, pageSize });
      return {
        items: items.map(itemBody),
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
        params: ItemParams,
        querystring: NoQuery,
        response: answersOf(ItemAnswer, ["NOT_READY", "ITEM_UNKNOWN"]),
      },
    },
    (request) => {
      const item = servingNow(context).items.get(request.params.item_id);
      if (!item) throw unknownItem(request.params.item_id);
      return itemBody(item);
    },
  );
}

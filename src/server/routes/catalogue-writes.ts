import type { Static } from "typebox";
import { Compile } from "typebox/compile";
import type { CatalogueEdits, Written } from "../../catalogue/catalogue-edits.ts";
import type { ItemEdit, ItemWrite, UserEdit, UserWrite } from "../../catalogue/item-edit.ts";
import {
  BatchDeletion,
  BatchItem,
  ItemBodyOfPatch,
  ItemBodyOfPut,
  type ItemFieldsBody,
  ItemPath,
  ItemsBatchAnswer,
  ItemsBatchBody,
  ItemWrittenAnswer,
  UserBodyOfPatch,
  UserBodyOfPut,
  UserWrittenAnswer,
  WriteHeaders,
} from "../../contracts/catalogue-http.ts";
import { NoQuery, UserParams } from "../../contracts/http.ts";
import { idExpectation, isId, mismatches, type Shape, shown } from "../../contracts/mismatch.ts";
import { type Item, unknownItem } from "../../data/catalogue.ts";
import { UsherError } from "../../errors.ts";
import { servingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { type App, answersOf, handlerTimeoutMs } from "./schema.ts";

const tags = ["catalogue"];
/** A thousand items with long descriptions. */
const batchBytesMax = 8 * 1024 * 1024;
const writeErrors = [
  "NOT_READY",
  "STORE_UNAVAILABLE",
  "EDIT_CONFLICT",
  "REQUEST_TIMEOUT",
  "BODY_TOO_LARGE",
  "MEDIA_TYPE_UNSUPPORTED",
] as const;

/** What takes writes. @throws UsherError `NOT_READY`. */
function editsNow(context: ServerContext): CatalogueEdits {
  if (context.edits) return context.edits;
  throw new UsherError(
    "NOT_READY",
    "the catalogue is written by the server that owns the home; see /health/ready",
  );
}

/** The revision that `If-Match` asks for. @throws UsherError `PARAMETER_INVALID`. */
function revisionOf(headers: { "if-match"?: string }): number | undefined {
  const asked = headers["if-match"];
  if (asked === undefined || asked === "*") return undefined;
  const [, digits] = /^(?:W\/)?"(\d{1,15})"$/.exec(asked) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new UsherError(
    "PARAMETER_INVALID",
    `if-match: expected the ETag of an item such as "3", got ${shown(asked)}`,
    {
      details: { field: "if-match" },
    },
  );
}

const itemWritten = ({ edit, isChanged }: Written<ItemEdit>, isNew: boolean) => ({
  item_id: edit.id,
  status: !isChanged
    ? ("unchanged" as const)
    : edit.is_deleted
      ? ("deleted" as const)
      : isNew
        ? ("created" as const)
        : ("updated" as const),
  revision: edit.revision,
  updated_at: edit.updated_at,
});

/** Whether an item is there to be changed: known, and not withdrawn. A hidden one is. */
function isThere(context: ServerContext, itemId: string): boolean {
  const item = servingNow(context).items.catalogue.get(itemId);
  return item !== undefined && !item.isPlaceholder && !context.edits?.item(itemId)?.is_deleted;
}

/** Why an item could never be shown as it is to be written, by when it is available; `undefined` where nothing is wrong. */
function neverAvailable(write: ItemWrite, known: Item | undefined): string | undefined {
  if (write.how === "delete") return undefined;
  const { available_from: from, available_until: until } = write.fields;
  const momentOf = (said: string | null | undefined, was: number | undefined) =>
    said === undefined && write.how === "patch" ? was : said ? Date.parse(said) : undefined;
  const [fromMs, untilMs] = [momentOf(from, known?.availableFrom), momentOf(until, known?.availableUntil)];
  if (fromMs === undefined || untilMs === undefined || fromMs <= untilMs) return undefined;
  const iso = (ms: number) => new Date(ms).toISOString();
  return `available_until: expected ${iso(fromMs)} (available_from) or later, got ${iso(untilMs)}`;
}

const itemWrites = [
  {
    method: "PUT",
    how: "put",
    operationId: "putItem",
    summary: "Write a whole item: what is not named is not known of it",
    body: ItemBodyOfPut,
    errors: writeErrors,
  },
  {
    method: "PATCH",
    how: "patch",
    operationId: "patchItem",
    summary: "Write some fields of an item; `null` takes one away",
    body: ItemBodyOfPatch,
    errors: [...writeErrors, "ITEM_UNKNOWN"],
  },
  {
    method: "DELETE",
    how: "delete",
    operationId: "deleteItem",
    summary: "Withdraw an item; a PUT brings it back",
    errors: ["NOT_READY", "STORE_UNAVAILABLE", "EDIT_CONFLICT", "ITEM_UNKNOWN"],
  },
] as const;

const userWrites = [
  {
    method: "PUT",
    how: "put",
    operationId: "putUser",
    summary: "Write the features and the country of a user as a whole",
    body: UserBodyOfPut,
  },
  {
    method: "PATCH",
    how: "patch",
    operationId: "patchUser",
    summary: "Write some features of a user, or the country; `null` takes one away",
    body: UserBodyOfPatch,
  },
] as const;

/** Writes of items and users. Each is durable before it is answered, and in the next answer. */
export function catalogueWriteRoutes(app: App, context: ServerContext): void {
  const writeItem = async (id: string, write: ItemWrite, headers: { "if-match"?: string }) => {
    const edits = editsNow(context);
    const wasThere = isThere(context, id);
    const isAgain = write.how === "delete" && edits.item(id)?.is_deleted === true;
    if (write.how !== "put" && !wasThere && !isAgain) throw unknownItem(id);
    const fault = neverAvailable(write, servingNow(context).items.catalogue.get(id));
    if (fault !== undefined)
      throw new UsherError("BODY_INVALID", fault, { details: { field: "available_until" } });
    const [written] = await edits.writeItems([{ id, write, revision: revisionOf(headers) }]);
    return itemWritten(written as Written<ItemEdit>, !wasThere);
  };
  const head = { tags, params: ItemPath, querystring: NoQuery, headers: WriteHeaders };
  for (const { method, how, errors, ...named } of itemWrites) {
    app.route({
      method,
      url: "/v1/items/:item_id",
      config: { scope: "admin" },
      schema: { ...head, ...named, response: answersOf(ItemWrittenAnswer, errors) },
      handler: ({ params, body, headers }) =>
        writeItem(params.item_id, { how, fields: body } as ItemWrite, headers),
    });
  }
  batchRoute(app, context);
  userRoutes(app, context);
}

const batchItemCheck = Compile(BatchItem);
const deletionCheck = Compile(BatchDeletion);

/** An entry of a batch as a write, or why it is none. */
function batchWrite(entry: unknown): { id: string; write: ItemWrite } | { item_id?: string; detail: string } {
  const given = (entry as { item_id?: unknown } | null)?.item_id;
  const id = typeof given === "number" ? String(given) : given;
  const named = typeof id === "string" ? { item_id: id.slice(0, 200) } : {};
  const isDeletion = Object.hasOwn((entry as object | null) ?? {}, "delete");
  const [check, shape] = isDeletion ? [deletionCheck, BatchDeletion] : [batchItemCheck, BatchItem];
  if (!check.Check(entry)) {
    const errors = mismatches(entry, shape as unknown as Shape);
    return {
      ...named,
      detail: errors
        .map(({ message }) => message)
        .join("; ")
        .slice(0, 1000),
    };
  }
  const { item_id, ...fields } = entry as Static<typeof BatchItem>;
  if (!isId(String(item_id))) {
    return { ...named, detail: `item_id: expected ${idExpectation}, got ${shown(item_id)}` };
  }
  if (isDeletion) return { id: String(item_id), write: { how: "delete" } };
  const write = { how: "put", fields: fields as ItemFieldsBody } as const;
  const fault = neverAvailable(write, undefined);
  return fault === undefined ? { id: String(item_id), write } : { ...named, detail: fault };
}

function batchRoute(app: App, context: ServerContext): void {
  app.post(
    "/v1/items/batch",
    {
      bodyLimit: batchBytesMax,
      handlerTimeout: handlerTimeoutMs,
      config: { scope: "admin" },
      schema: {
        tags,
        operationId: "putItems",
        summary: "Write or withdraw up to 1,000 whole items, with one status each",
        description: "Those that are accepted become durable together; a wrong one is rejected alone.",
        querystring: NoQuery,
        body: ItemsBatchBody,
        response: answersOf(ItemsBatchAnswer, [...writeErrors, "TOO_SLOW"]),
      },
    },
    async (request) => {
      const edits = editsNow(context);
      // an item that an earlier entry makes or withdraws counts as such
      const there = new Map<string, boolean>();
      const isThereNow = (id: string) => there.get(id) ?? isThere(context, id);
      const entries = request.body.items.map((item) => {
        const entry = batchWrite(item);
        if (!("write" in entry)) return entry;
        const { id, write } = entry;
        const wasThere = isThereNow(id);
        const isGone = !wasThere && (there.has(id) || edits.item(id)?.is_deleted === true);
        if (write.how === "delete" && !wasThere && !isGone) {
          return { item_id: id, detail: unknownItem(id).message };
        }
        there.set(id, write.how !== "delete");
        return { ...entry, isNew: !wasThere };
      });
      const accepted = entries.flatMap((entry) => ("write" in entry ? [entry] : []));
      const written = (await edits.writeItems(accepted))[Symbol.iterator]();
      const results = entries.map((entry) =>
        "write" in entry
          ? itemWritten(written.next().value as Written<ItemEdit>, entry.isNew)
          : { ...entry, status: "rejected" as const },
      );
      return { results };
    },
  );
}

function userRoutes(app: App, context: ServerContext): void {
  const writeUser = async (id: string, write: UserWrite, headers: { "if-match"?: string }) => {
    const edits = editsNow(context);
    const { edit, isChanged } = await edits.writeUser({ id, write, revision: revisionOf(headers) });
    return userWritten(edit, isChanged);
  };
  const head = { tags, params: UserParams, querystring: NoQuery, headers: WriteHeaders };
  const response = answersOf(UserWrittenAnswer, writeErrors);
  for (const { method, how, ...named } of userWrites) {
    app.route({
      method,
      url: "/v1/users/:user_id",
      config: { scope: "admin" },
      schema: { ...head, ...named, response },
      handler: ({ params, body, headers }) => writeUser(params.user_id, { how, fields: body }, headers),
    });
  }
}

function userWritten({ id, fields, revision, updated_at }: UserEdit, isChanged: boolean) {
  const features = Object.entries(fields.features ?? {}).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return {
    user_id: id,
    features: Object.fromEntries(features),
    ...(fields.country ? { country: fields.country } : {}),
    status: !isChanged
      ? ("unchanged" as const)
      : revision === 1
        ? ("created" as const)
        : ("updated" as const),
    revision,
    updated_at,
  };
}

import { type ItemFieldName, type ItemFieldsBody, itemFieldNames } from "../contracts/catalogue-http.ts";
import type { Item } from "../data/catalogue.ts";
import type { UserFeatures } from "../data/user-features.ts";

/** What was written of one item, all writes together. As JSON it is a document of the store and a row of bronze. */
export interface ItemEdit {
  readonly kind: "item";
  readonly id: string;
  /** The writes that changed it, from 1. */
  readonly revision: number;
  /** ISO 8601 UTC. */
  readonly updated_at: string;
  /** True: fields that are not named are not known, whatever a source says. False: they are the source's. */
  readonly is_whole: boolean;
  /** Withdrawn: not shown until it is written as a whole again. */
  readonly is_deleted: boolean;
  /** By name; `null`: taken away. */
  readonly fields: ItemFieldsBody;
}

/** What was written of one user. */
export interface UserEdit {
  readonly kind: "user";
  readonly id: string;
  readonly revision: number;
  readonly updated_at: string;
  readonly is_whole: boolean;
  readonly fields: {
    readonly features?: Readonly<Record<string, string | null>>;
    readonly country?: string | null;
  };
}
export type Edit = ItemEdit | UserEdit;

/** One write of an item. */
export type ItemWrite =
  | { readonly how: "put" | "patch"; readonly fields: ItemFieldsBody }
  | { readonly how: "delete" };
/** One write of a user. */
export interface UserWrite {
  readonly how: "put" | "patch";
  readonly fields: UserEdit["fields"];
}

/** What stays the same whatever edit is asked first: two edits with equal content have the same effect. */
const contentOf = (edit: Edit) =>
  JSON.stringify([edit.is_whole, edit.kind === "item" && edit.is_deleted, sorted(edit.fields)]);

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([name, one]) => [name, sorted(one)]);
}

function next<One extends Edit>(
  before: One | undefined,
  after: Omit<One, "revision" | "updated_at">,
  nowMs: number,
): One {
  const made = {
    ...after,
    revision: (before?.revision ?? 0) + 1,
    updated_at: new Date(nowMs).toISOString(),
  } as One;
  return before && contentOf(before) === contentOf(made) ? before : made;
}

/** The edit after one more write; the same object where the write changes nothing. */
export function editedItem(
  before: ItemEdit | undefined,
  of: { id: string; write: ItemWrite; nowMs: number },
): ItemEdit {
  const { id, write, nowMs } = of;
  const head = { kind: "item", id } as const;
  if (write.how === "delete") {
    return next(before, { ...head, is_whole: false, is_deleted: true, fields: {} }, nowMs);
  }
  const isWhole = write.how === "put" || (before?.is_whole ?? false);
  const fields = write.how === "put" ? write.fields : { ...before?.fields, ...write.fields };
  return next(before, { ...head, is_whole: isWhole, is_deleted: false, fields: wellFormed(fields) }, nowMs);
}

/** The same for a user; features are merged name by name. */
export function editedUser(
  before: UserEdit | undefined,
  of: { id: string; write: UserWrite; nowMs: number },
): UserEdit {
  const { id, write, nowMs } = of;
  const isWhole = write.how === "put" || (before?.is_whole ?? false);
  const fields =
    write.how === "put"
      ? write.fields
      : {
          ...before?.fields,
          ...write.fields,
          ...(write.fields.features || before?.fields.features
            ? { features: { ...before?.fields.features, ...write.fields.features } }
            : {}),
        };
  return next(before, { kind: "user", id, is_whole: isWhole, fields: wellFormed(fields) }, nowMs);
}

/** Half a surrogate pair has no UTF-8: each becomes U+FFFD, as everywhere else. */
function wellFormed<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_, one) =>
    typeof one === "string" ? Buffer.from(one).toString() : one,
  ) as Value;
}

type Conversion = (value: never) => unknown;
const asIs: Conversion = (value) => value;
const moment: Conversion = (value) => Date.parse(value);
const unlessEmpty: Conversion = (value: readonly unknown[]) => (value.length === 0 ? undefined : value);

/** Wire name → name in an `Item` and how its value gets there. */
const itemField: Readonly<Record<ItemFieldName, readonly [keyof Item, Conversion]>> = {
  title: ["title", asIs],
  release_year: ["releaseYear", asIs],
  release_date: ["releaseDate", asIs],
  genres: ["genres", asIs],
  people: ["people", unlessEmpty],
  description: ["description", asIs],
  language: ["language", asIs],
  imdb_rating: ["imdbRating", asIs],
  imdb_votes: ["imdbVotes", asIs],
  poster_url: ["posterUrl", asIs],
  features: ["features", (value) => (Object.keys(value).length === 0 ? undefined : value)],
  is_hidden: ["isHidden", asIs],
  available_from: ["availableFrom", moment],
  available_until: ["availableUntil", moment],
  countries: ["countries", unlessEmpty],
  links: ["links", asIs],
};

/**
 * An item as an edit leaves it, the same whether the lake holds the edit already or not.
 *
 * @param source The item as the release has it.
 * @returns `undefined` where there is nothing to edit: a part or the withdrawal of an item that no source has.
 */
export function itemWith(source: Item | undefined, edit: ItemEdit): Item | undefined {
  const { itemId = edit.id, ratingCount = 0, ratingMean, links = {} } = source ?? {};
  if (edit.is_deleted) return source && { ...source, isHidden: true };
  if (!edit.is_whole && (!source || source.isPlaceholder)) return source;
  const known = edit.is_whole
    ? { itemId, title: itemId, genres: [], isPlaceholder: false, isHidden: false, ratingCount, links }
    : source;
  const item = { ...known, ...(ratingMean === undefined ? {} : { ratingMean }) } as Record<string, unknown>;
  for (const name of itemFieldNames) {
    const value = edit.fields[name];
    if (value === undefined) continue;
    const [field, convert] = itemField[name];
    const converted = value === null ? undefined : convert(value as never);
    if (converted !== undefined) item[field] = converted;
    else if (field === "genres") item["genres"] = [];
    else if (field === "links") item["links"] = {};
    else if (field === "isHidden") item["isHidden"] = false;
    else delete item[field];
  }
  return item as unknown as Item;
}

/** What is known of a user under what was written: `null` takes a feature away, and an edit of the whole user all that a source says. */
export function featuresWith(
  source: UserFeatures | undefined,
  edit: UserEdit | undefined,
): UserFeatures | undefined {
  if (!edit) return source;
  const { features = {}, country } = edit.fields;
  const said = {
    ...(edit.is_whole ? {} : source),
    ...features,
    ...(country === undefined ? {} : { country }),
  };
  const kept = Object.entries(said).filter(([, value]) => value !== null);
  return Object.fromEntries(kept) as UserFeatures;
}

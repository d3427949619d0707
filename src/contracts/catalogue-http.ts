import { type Static, type TSchema, Type } from "typebox";
import { BodyId, Id, ItemAnswer, ItemHead, itemOrders, listLengthMax, pageSizeDefault } from "./http.ts";

/** Most items that one listing may name. */
export const listedIdsMax = 100;
/** Most items that one batch may write. */
export const batchItemsMax = 1000;
/** Orders of a listing; `relevance` only of one with `query`, whose default it is. */
export const listOrders = [...itemOrders, "relevance"] as const;
export type ListOrder = (typeof listOrders)[number];

const strict = { additionalProperties: false } as const;

// ---- what may be written ----

/** Text of one line or many. Anything is data, markup and scripts of any direction too; control characters but tab and line ends are not text. */
const text = (maxLength: number, minLength = 0) =>
  Type.String({
    minLength,
    maxLength,
    pattern: "^[^\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F]*$",
  });
const list = <Of extends TSchema>(of: Of, maxItems: number) => Type.Array(of, { maxItems });
const Country = Type.String({ pattern: "^[A-Z]{2}$", description: "Two letters, as in ISO 3166." });
const Moment = Type.String({ format: "date-time", maxLength: 40 });
const PersonOfItem = Type.Object({ name: text(200, 1), role: text(100) }, strict);
const ItemFeatures = Type.Record(
  Type.String({ pattern: "^[^\\u0000-\\u001F\\u007F]{1,64}$" }),
  Type.Union([text(500), Type.Number()]),
  { ...strict, maxProperties: 100 },
);

/** Ids of other systems, or addresses: of these https alone, so that no other scheme gets into a page. */
const ItemLinks = Type.Record(
  Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,31}$" }),
  Type.String({
    minLength: 1,
    maxLength: 2048,
    format: "usher-link",
    pattern: "^(https://[^\\s\\u0000-\\u001F\\u007F]+|[^\\s:\\u0000-\\u001F\\u007F]{1,128})$",
    description: "An id there without a colon, or an address with https.",
  }),
  { ...strict, maxProperties: 20 },
);

/** The fields of an item that can be written, by their names on the wire and in `silver_items`. */
export const itemFields = {
  title: text(500, 1),
  release_year: Type.Integer({ minimum: -5000, maximum: 3000 }),
  release_date: Type.String({ format: "date", maxLength: 10 }),
  genres: list(text(64, 1), 50),
  people: list(PersonOfItem, 500),
  description: text(10_000),
  language: text(35),
  imdb_rating: Type.Number({ minimum: 1, maximum: 10 }),
  imdb_votes: Type.Integer({ minimum: 0, maximum: 2 ** 40 }),
  poster_url: Type.String({ maxLength: 2048, format: "uri", pattern: "^https?://" }),
  features: ItemFeatures,
  is_hidden: Type.Boolean(),
  available_from: Moment,
  available_until: Moment,
  countries: list(Country, 250),
  links: ItemLinks,
};
export type ItemFieldName = keyof typeof itemFields;
export const itemFieldNames = Object.keys(itemFields) as readonly ItemFieldName[];

const optionalFields = Object.fromEntries(
  Object.entries(itemFields).map(([name, schema]) => [name, Type.Optional(schema)]),
) as { [Name in ItemFieldName]: ReturnType<typeof Type.Optional<(typeof itemFields)[Name]>> };
const nullableFields = Object.fromEntries(
  Object.entries(itemFields).map(([name, schema]) => [
    name,
    Type.Optional(name === "title" ? schema : Type.Union([schema, Type.Null()])),
  ]),
);

/** A whole item: what is not named is not known of it. */
export const ItemBodyOfPut = Type.Object({ ...optionalFields, title: itemFields.title }, strict);
/** Some fields of an item; `null` takes one away. */
export const ItemBodyOfPatch = Type.Object(nullableFields, { ...strict, minProperties: 1 });
/** One item of a batch; a wrong one is rejected alone. */
export const BatchItem = Type.Object({ item_id: BodyId, ...ItemBodyOfPut.properties }, strict);
/** The withdrawal of an item in a batch. */
export const BatchDeletion = Type.Object({ item_id: BodyId, delete: Type.Literal(true) }, strict);
export const ItemsBatchBody = Type.Object(
  { items: Type.Array(Type.Unknown(), { minItems: 1, maxItems: batchItemsMax }) },
  strict,
);
const UserFeatures = Type.Record(Type.String({ pattern: "^[^\\u0000-\\u001F\\u007F]{1,64}$" }), text(500), {
  ...strict,
  maxProperties: 100,
});
export const UserBodyOfPut = Type.Object(
  { features: Type.Optional(UserFeatures), country: Type.Optional(Country) },
  strict,
);
export const UserBodyOfPatch = Type.Object(
  {
    features: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[^\\u0000-\\u001F\\u007F]{1,64}$" }),
        Type.Union([text(500), Type.Null()]),
        { ...strict, maxProperties: 100 },
      ),
    ),
    country: Type.Optional(Type.Union([Country, Type.Null()])),
  },
  { ...strict, minProperties: 1 },
);
export const WriteHeaders = Type.Object({
  "if-match": Type.Optional(
    Type.String({
      maxLength: 100,
      description: "The ETag of the item as it was read: a write in between is refused with 412.",
    }),
  ),
});

// ---- what may be asked ----

const k = (fallback: number) =>
  Type.Integer({
    minimum: 1,
    maximum: listLengthMax,
    default: fallback,
    description: "How many are wanted.",
  });
const CountryAsked = Type.Optional(
  Type.String({
    pattern: "^[A-Z]{2}$",
    description: "Where it is to be shown; without it only what may be shown everywhere is.",
  }),
);
const Query = (meaning: string) => Type.String({ minLength: 1, maxLength: 200, description: meaning });
const Cursor = Type.Optional(
  Type.String({ minLength: 1, maxLength: 2048, description: "`next_cursor` of the page before." }),
);
const PageSize = Type.Optional(
  Type.Integer({ minimum: 1, maximum: listLengthMax, default: pageSizeDefault }),
);
const Year = (meaning: string) =>
  Type.Optional(Type.Integer({ minimum: -5000, maximum: 3000, description: meaning }));
const Name = Type.Optional(
  Type.String({ minLength: 1, maxLength: 200, description: "Case and accents do not matter." }),
);

export const ListQuery = Type.Object(
  {
    query: Type.Optional(Query("Words of title, people or description, as in /v1/search.")),
    genre: Name,
    person: Name,
    language: Name,
    ids: Type.Optional(
      Type.Array(Id, {
        maxItems: listedIdsMax,
        description:
          "These alone; what is not shown here and now is left out. The parameter repeated, or one value with commas.",
      }),
    ),
    year: Year("The year of release."),
    year_from: Year("The first year of release."),
    year_to: Year("The last year of release."),
    country: CountryAsked,
    sort: Type.Optional(
      Type.Enum([...listOrders], { description: "Default `popularity`, with `query` `relevance`." }),
    ),
    page_size: PageSize,
    cursor: Cursor,
  },
  strict,
);
export const ItemQuery = Type.Object({ country: CountryAsked }, strict);
export const SearchQuery = Type.Object(
  { query: Query("What is looked for."), country: CountryAsked, k: Type.Optional(k(10)) },
  strict,
);
export const SimilarItemsQuery = Type.Object({ k: Type.Optional(k(10)), country: CountryAsked }, strict);
export const AudienceQuery = Type.Object({ k: Type.Optional(k(10)) }, strict);
export const PeopleQuery = Type.Object(
  { query: Type.Optional(Query("Part of the name.")), page_size: PageSize, cursor: Cursor },
  strict,
);

// ---- what goes out ----

export const CatalogueItemAnswer = Type.Object({
  ...ItemAnswer.properties,
  language: Type.Optional(Type.String()),
  people: Type.Optional(Type.Array(Type.Object({ name: Type.String(), role: Type.String() }))),
  features: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
  countries: Type.Optional(Type.Array(Type.String())),
  available_from: Type.Optional(Type.String({ format: "date-time" })),
  available_until: Type.Optional(Type.String({ format: "date-time" })),
});
export const ListAnswer = Type.Object({
  items: Type.Array(CatalogueItemAnswer),
  next_cursor: Type.Optional(Type.String()),
});
export const SearchAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      ...ItemHead,
      rank: Type.Integer({ minimum: 1 }),
      score: Type.Number(),
      matched: Type.Array(Type.Enum(["title", "people", "description"])),
    }),
  ),
});
export const SuggestionsAnswer = Type.Object({
  suggestions: Type.Array(
    Type.Object({
      text: Type.String(),
      kind: Type.Enum(["title", "person"]),
      item_id: Type.Optional(Type.String()),
    }),
  ),
});
export const SimilarItemsAnswer = Type.Object({
  request_id: Type.String(),
  model_version: Type.String(),
  generated_at: Type.String({ format: "date-time" }),
  item_id: Type.String(),
  items: Type.Array(
    Type.Object({
      ...ItemHead,
      rank: Type.Integer({ minimum: 1 }),
      score: Type.Number(),
      source: Type.Enum(["audience", "content"]),
      shared: Type.Object({
        people: Type.Array(Type.Object({ name: Type.String(), role: Type.String() })),
        genres: Type.Array(Type.String()),
        audience: Type.Optional(
          Type.Object({
            users: Type.Integer({ minimum: 1, description: "Users who liked both." }),
            share: Type.Number({ minimum: 0, maximum: 1, description: "Of those who liked either." }),
          }),
        ),
      }),
      text: Type.String(),
    }),
  ),
});
export const AudienceAnswer = Type.Object({
  request_id: Type.String(),
  model_version: Type.String(),
  generated_at: Type.String({ format: "date-time" }),
  item_id: Type.String(),
  is_withheld: Type.Boolean({ description: "The group is smaller than `group_min`: nothing is told." }),
  group_min: Type.Integer({ minimum: 1 }),
  users: Type.Array(
    Type.Object({ user_id: Type.String(), rank: Type.Integer({ minimum: 1 }), score: Type.Number() }),
  ),
});
export const PeopleAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      roles: Type.Array(Type.String()),
      item_count: Type.Integer({ minimum: 1 }),
    }),
  ),
  next_cursor: Type.Optional(Type.String()),
});
export const GenresAnswer = Type.Object({
  items: Type.Array(Type.Object({ genre: Type.String(), item_count: Type.Integer({ minimum: 1 }) })),
});

const written = {
  status: Type.Enum(["created", "updated", "deleted", "unchanged"]),
  revision: Type.Integer({ minimum: 0 }),
  updated_at: Type.String({ format: "date-time" }),
};
export const ItemWrittenAnswer = Type.Object({ item_id: Type.String(), ...written });
export const UserWrittenAnswer = Type.Object({
  user_id: Type.String(),
  features: Type.Record(Type.String(), Type.String()),
  country: Type.Optional(Type.String()),
  ...written,
});
export const ItemsBatchAnswer = Type.Object({
  results: Type.Array(
    Type.Union([
      ItemWrittenAnswer,
      Type.Object({
        item_id: Type.Optional(Type.String()),
        status: Type.Enum(["rejected"]),
        detail: Type.String(),
      }),
    ]),
  ),
});

export const ItemPath = Type.Object({ item_id: Id });
export type ItemFieldsBody = Partial<{ [Name in ItemFieldName]: Static<(typeof itemFields)[Name]> | null }>;
export type CatalogueItemBody = Static<typeof CatalogueItemAnswer>;
export type SimilarItemsBody = Static<typeof SimilarItemsAnswer>;

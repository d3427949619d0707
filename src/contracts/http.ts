import { type Static, Type } from "typebox";
import { releaseReportSchema } from "./release.ts";

/** Most items that one list may have. */
export const listLengthMax = 200;
/** Most users that one batch may ask for. */
export const batchUsersMax = 1000;
/** Longest id, in bytes of UTF-8. */
export const idBytesMax = 128;
/** Orders in which the catalogue can be listed. The first is the default. */
export const itemOrders = ["popularity", "release_year", "title", "item_id"] as const;
export type ItemOrder = (typeof itemOrders)[number];

const strict = { additionalProperties: false } as const;

// ---- what comes in ----

/**
 * An id from outside. The pattern says for every client what it can (no control characters, not `.` or `..`); the format, which
 * the server checks, adds 1..128 bytes of UTF-8.
 */
export const Id = Type.String({
  minLength: 1,
  maxLength: idBytesMax,
  pattern: "^(?!\\.{1,2}$)[^\\u0000-\\u001F\\u007F-\\u009F]+$",
  format: "usher-id",
});
/** In a body whole numbers are accepted as ids and turned into strings; a wrong id fails alone, not the whole body. */
export const BodyId = Type.Union([
  Type.String(),
  // larger numbers have lost digits on their way through JSON
  Type.Integer({ minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
]);

/** Length of a list where none is asked for. */
export const listLengthDefault = 10;
/** Length of a page where none is asked for. */
export const pageSizeDefault = 20;

const k = Type.Integer({
  minimum: 1,
  maximum: listLengthMax,
  default: listLengthDefault,
  description: "How many items are wanted.",
});
const Genre = Type.String({
  minLength: 1,
  maxLength: 64,
  description: "Only items of this genre; case and accents do not matter.",
});

export const UserParams = Type.Object({ user_id: Id });
/** Id of a session, as events name it. */
export const SessionId = Type.String({
  format: "uuid",
  pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
});
export const SessionParams = Type.Object({ session_id: SessionId });
export const MergeBody = Type.Object({ session_id: SessionId }, strict);
export const ItemParams = Type.Object({ item_id: Id });
export const LegacyItemParams = Type.Object({ id: Id });
export const LegacyUsersParams = Type.Object({
  users: Type.String({
    minLength: 1,
    maxLength: 8192,
    description:
      "User ids, separated by commas; `%2C` separates too, so an id with a comma cannot be asked here.",
  }),
});

/** Where a list comes from: computed now, or as it was published. The first is the default. */
export const listSources = ["live", "stored"] as const;
const ListSource = Type.Enum([...listSources], {
  default: listSources[0],
  description:
    "`stored`: as it was published; goes with `k` alone. Where there is no such list the live one answers, and `degraded` holds `lists`.",
});

/** Windows of what is trending. */
export const windows = ["1h", "24h", "7d"] as const;
const Window = Type.Enum([...windows], {
  default: "24h",
  description: "How far back `trending` looks.",
});
export const TrendingQuery = Type.Object(
  { k: Type.Optional(k), genre: Type.Optional(Genre), window: Type.Optional(Window) },
  strict,
);
/** A surface as a request names it; `because-you-watched` with the item behind a slash. */
const AskedSurface = Type.String({
  minLength: 1,
  maxLength: 64 + 1 + idBytesMax,
  pattern: "^[a-z0-9][a-z0-9-]*(/[^\\u0000-\\u001F\\u007F-\\u009F]+)?$",
  default: "for-you",
  description:
    "How the list is made: `for-you`, `must-watch`, `trending`, `top`, `popular`, `new`, `because-you-watched/{item_id}`, " +
    "`continue`, or one of your own (`GET /v1/surfaces`).",
});
const FilterQuery = Type.String({
  minLength: 1,
  maxLength: 2000,
  description:
    'Only what passes, such as `genre in ["Drama"] and year >= 1990`; see docs/filter-language.md.',
});
export const RecommendQuery = Type.Object(
  {
    k: Type.Optional(k),
    source: Type.Optional(ListSource),
    surface: Type.Optional(AskedSurface),
    window: Type.Optional(Window),
    genre: Type.Optional(Genre),
    genres: Type.Optional(
      Type.Array(Genre, {
        maxItems: 50,
        description: "What a newcomer chose: of the best rated these come first. By commas, or repeated.",
      }),
    ),
    filter: Type.Optional(FilterQuery),
    exclude: Type.Optional(
      Type.Array(Id, {
        maxItems: listLengthMax,
        description: "Items that must not appear: the parameter repeated, or one value with commas.",
      }),
    ),
    diversity: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: "0: by score alone; 1: as different as can be." }),
    ),
    explain: Type.Optional(
      Type.Boolean({ description: "Of what each score is the sum, and how probable each item was." }),
    ),
    country: Type.Optional(
      Type.String({ pattern: "^[A-Z]{2}$", description: "Where it is shown, ISO 3166: `DE`." }),
    ),
    device: Type.Optional(Type.String({ minLength: 1, maxLength: 32, description: "For filters." })),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 8192, description: "`next_cursor` of the page before." }),
    ),
  },
  strict,
);
export const TopQuery = Type.Object({ k: Type.Optional(k), genre: Type.Optional(Genre) }, strict);
export const LegacyLimitQuery = Type.Object({ limit: Type.Optional(k) }, strict);
export const NoQuery = Type.Object({}, strict);
export const BatchBody = Type.Object(
  {
    user_ids: Type.Array(BodyId, { minItems: 1, maxItems: batchUsersMax }),
    k: Type.Optional(k),
    surface: Type.Optional(AskedSurface),
    genre: Type.Optional(Genre),
    filter: Type.Optional(FilterQuery),
  },
  strict,
);

// ---- what goes out ----

/** What every answer says of an item. */
export const ItemHead = {
  item_id: Type.String(),
  title: Type.String(),
  release_year: Type.Optional(Type.Integer()),
  genres: Type.Array(Type.String()),
  poster_url: Type.Optional(Type.String()),
};
export const ReasonAnswer = Type.Object({
  source: Type.Enum([
    ...["history", "popularity", "top_ratings", "imdb_rating", "popular", "trending", "continue"],
    ...["similar", "content", "new", "promotion", "pin", "exploration"],
  ]),
  text: Type.String({ description: "A sentence in English." }),
  facts: Type.Optional(
    Type.Object(
      {
        rating: Type.Optional(
          Type.Number({ description: "On average; of `imdb_rating` 1..10, else 0.5..5." }),
        ),
        count: Type.Optional(
          Type.Integer({ minimum: 0, description: "People who rated it; of `trending` actions." }),
        ),
        window: Type.Optional(Type.Enum([...windows])),
        progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
        release_year: Type.Optional(Type.Integer()),
        genres: Type.Optional(Type.Array(Type.String())),
      },
      { description: "What the sentence puts in, to say it in another language." },
    ),
  ),
  because: Type.Array(Type.Object({ item_id: Type.String(), title: Type.String(), weight: Type.Number() })),
});
export const RecommendedItemAnswer = Type.Object({
  item_id: Type.String(),
  rank: Type.Integer({ minimum: 1 }),
  score: Type.Number(),
  rating_predicted: Type.Optional(Type.Number({ minimum: 0.5, maximum: 5 })),
  title: Type.String(),
  release_year: Type.Optional(Type.Integer()),
  genres: Type.Array(Type.String()),
  poster_url: Type.Optional(Type.String()),
  reason: ReasonAnswer,
  explain: Type.Optional(
    Type.Object({
      terms: Type.Record(Type.String(), Type.Number(), { description: "They add up to the score." }),
      placed: Type.Optional(Type.Enum(["pin", "promotion", "exploration"])),
      propensity: Type.Number({ minimum: 0, maximum: 1 }),
    }),
  ),
});
const listHead = {
  request_id: Type.String(),
  model_version: Type.String(),
  generated_at: Type.String({ format: "date-time" }),
};
/** The surface that answered: where the one that was asked for knows nothing of the person, the one that it falls back to. */
const AnsweredSurface = Type.String();
const listEnd = {
  emptied_by: Type.Optional(Type.String({ description: "Of an empty list: what left nothing." })),
  next_cursor: Type.Optional(Type.String()),
};
export const RecommendationsAnswer = Type.Object({
  request_id: Type.String(),
  user_id: Type.String(),
  surface: AnsweredSurface,
  model_version: Type.String(),
  generated_at: Type.String({ format: "date-time" }),
  degraded: Type.Array(Type.String()),
  surface_version: Type.Optional(Type.Integer({ minimum: 0 })),
  items: Type.Array(RecommendedItemAnswer),
  ...listEnd,
});
export const SessionAnswer = Type.Object({
  ...listHead,
  session_id: Type.String(),
  surface: AnsweredSurface,
  degraded: Type.Array(Type.String()),
  surface_version: Type.Optional(Type.Integer({ minimum: 0 })),
  items: Type.Array(RecommendedItemAnswer),
  ...listEnd,
});
export const TrendingAnswer = Type.Object({
  ...listHead,
  surface: Type.Enum(["trending"]),
  window: Type.Enum([...windows]),
  items: Type.Array(RecommendedItemAnswer),
});
export const MergeAnswer = Type.Object({ user_id: Type.String(), session_id: Type.String() });
export const TopAnswer = Type.Object({
  ...listHead,
  surface: Type.Enum(["top"]),
  items: Type.Array(RecommendedItemAnswer),
});
const ErrorInBatch = Type.Object({ code: Type.String(), detail: Type.String() });
export const BatchAnswer = Type.Object({
  ...listHead,
  degraded: Type.Array(Type.String()),
  results: Type.Array(
    Type.Union([
      Type.Object({
        user_id: Type.String(),
        surface: AnsweredSurface,
        items: Type.Array(RecommendedItemAnswer),
      }),
      Type.Object({ user_id: Type.String(), error: ErrorInBatch }),
    ]),
  ),
});
export const ItemAnswer = Type.Object({
  ...ItemHead,
  description: Type.Optional(Type.String()),
  release_date: Type.Optional(Type.String()),
  imdb_rating: Type.Optional(Type.Number()),
  imdb_votes: Type.Optional(Type.Integer()),
  rating_count: Type.Integer({ minimum: 0 }),
  rating_mean: Type.Optional(Type.Number()),
  links: Type.Record(Type.String(), Type.String()),
});
/** A release with its whole report, and whether it serves now. */
export const ReleaseAnswer = Type.Object({ ...releaseReportSchema.properties, serving: Type.Boolean() });
export const ModelsAnswer = Type.Object({ items: Type.Array(ReleaseAnswer) });

export const LiveAnswer = Type.Object({ status: Type.Enum(["live"]) });
const Dependencies = Type.Record(
  Type.String(),
  Type.Object({ status: Type.Enum(["ready", "waiting", "failed"]), detail: Type.Optional(Type.String()) }),
);
export const ReadyAnswer = Type.Object({
  status: Type.Enum(["ready"]),
  model_version: Type.String(),
  dependencies: Dependencies,
});

/** RFC 9457 problem details. Every error of the server has this shape. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  detail: Type.String(),
  code: Type.String(),
  request_id: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
});
/** The problem of a server that is not ready, with what it does meanwhile. */
export const NotReadyProblem = Type.Object({
  ...Problem.properties,
  progress: Type.Object({
    phase: Type.Optional(Type.String()),
    text: Type.Optional(Type.String()),
    fraction: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  }),
  dependencies: Dependencies,
});

// ---- names that older clients know ----

const LegacyId = Type.Union([Type.Integer(), Type.String()]);
export const LegacyRecommendMovies = Type.Object({
  user_id: LegacyId,
  recommendations: Type.Array(
    Type.Object({ id: LegacyId, title: Type.String(), rating_predicted: Type.Optional(Type.Number()) }),
  ),
});
export const LegacyRecommendations = Type.Object({
  user_id: LegacyId,
  count: Type.Integer(),
  recommendations: Type.Array(
    Type.Object({
      movie_id: LegacyId,
      score: Type.Number(),
      rank: Type.Integer(),
      title: Type.String(),
      release_year: Type.Union([Type.Integer(), Type.Null()]),
      genres: Type.Array(Type.String()),
    }),
  ),
});
export const LegacyResults = Type.Object({
  Resultado: Type.Array(
    Type.Object({ usuario: LegacyId, recomedacoes: Type.Object({ movieID: Type.Array(LegacyId) }) }),
  ),
});
export const LegacyMovie = Type.Object({ id: LegacyId, ...ItemAnswer.properties });

export type RecommendationsBody = Static<typeof RecommendationsAnswer>;
export type RecommendedItemBody = Static<typeof RecommendedItemAnswer>;
export type ItemBody = Static<typeof ItemAnswer>;
export type ReleaseBody = Static<typeof ReleaseAnswer>;
export type ProblemBody = Static<typeof Problem>;
export type BatchResultBody = Static<typeof BatchAnswer>["results"][number];
export type DependenciesBody = Static<typeof Dependencies>;

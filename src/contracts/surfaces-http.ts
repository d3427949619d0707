import { type Static, Type } from "typebox";
import {
  BodyId,
  Id,
  listLengthMax,
  RecommendationsAnswer,
  RecommendedItemAnswer,
  SessionId,
  windows,
} from "./http.ts";
import { FilterText, SurfaceName, surfaceSchema, surfaceVersionSchema } from "./surfaces.ts";

const strict = { additionalProperties: false } as const;
const k = Type.Integer({ minimum: 1, maximum: listLengthMax, default: 10 });
const Genre = Type.String({ minLength: 1, maxLength: 64 });

export const SurfaceParams = Type.Object({ name: SurfaceName });
export const SurfaceBody = surfaceSchema;
export const SurfacesAnswer = Type.Object({ items: Type.Array(surfaceVersionSchema) });
export const SurfaceAnswer = surfaceVersionSchema;
export const RollbackBody = Type.Object(
  {
    version: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: "Default: the version before the present one; 0 is the built-in.",
      }),
    ),
  },
  strict,
);
export const PreviewBody = Type.Object(
  {
    document: Type.Optional(surfaceSchema),
    user_id: Type.Optional(Id),
    item_id: Type.Optional(Id),
    k: Type.Optional(k),
    genre: Type.Optional(Genre),
    filter: Type.Optional(FilterText),
  },
  strict,
);
export const PreviewAnswer = Type.Object({
  ...RecommendationsAnswer.properties,
  user_id: Type.Optional(Type.String()),
});

export const HomeQuery = Type.Object(
  {
    user_id: Type.Optional({ ...Id, description: "Whose home it is. Either this or `session_id`." }),
    session_id: Type.Optional({ ...SessionId, description: "Of a visitor without an account." }),
    k: Type.Optional(k),
    country: Type.Optional(Type.String({ pattern: "^[A-Z]{2}$" })),
    device: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
  },
  strict,
);
export const HomeAnswer = Type.Object({
  request_id: Type.String(),
  user_id: Type.Optional(Type.String()),
  session_id: Type.Optional(Type.String()),
  model_version: Type.String(),
  generated_at: Type.String({ format: "date-time" }),
  degraded: Type.Array(Type.String()),
  rails: Type.Array(
    Type.Object({ surface: Type.String(), title: Type.String(), items: Type.Array(RecommendedItemAnswer) }),
  ),
});

/** What a visitor says that they did: picks of an onboarding, or what a client kept. */
export const PicksBody = Type.Object(
  {
    interactions: Type.Array(
      Type.Object(
        {
          item_id: BodyId,
          event_type: Type.Optional(
            Type.Enum(["like", "dislike", "rating", "view", "listen", "click", "bookmark"], {
              default: "like",
              description: "Default: `rating` where there is one, else `like`.",
            }),
          ),
          rating: Type.Optional(Type.Number({ minimum: 0.5, maximum: 5, multipleOf: 0.5 })),
          progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
        },
        strict,
      ),
      { maxItems: 1000 },
    ),
    k: Type.Optional(k),
    surface: Type.Optional(SurfaceName),
    window: Type.Optional(Type.Enum([...windows])),
    genre: Type.Optional(Genre),
    genres: Type.Optional(Type.Array(Genre, { maxItems: 50 })),
    filter: Type.Optional(FilterText),
    diversity: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  },
  strict,
);
export const PicksAnswer = Type.Object({
  request_id: Type.String(),
  surface: Type.String(),
  model_version: Type.String(),
  generated_at: Type.String({ format: "date-time" }),
  degraded: Type.Array(Type.String()),
  emptied_by: Type.Optional(Type.String()),
  unknown_items: Type.Array(Type.String()),
  items: Type.Array(RecommendedItemAnswer),
});
export type HomeBody = Static<typeof HomeAnswer>;
export type Pick = Static<typeof PicksBody>["interactions"][number];

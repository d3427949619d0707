import { type Static, Type } from "typebox";
import { listLengthMax } from "./http.ts";

/** Longest program of the filter language, in characters. */
export const filterLengthMax = 2000;
/** Where the candidates of a list may come from. */
export const sourceNames = [
  "model",
  "similar-to-recent",
  "similar-to-item",
  "content",
  "trending",
  "new",
  "popular",
  "top",
  "continue",
] as const;
export type SourceName = (typeof sourceNames)[number];
/** What a score may be blended of. */
export const termNames = ["model", "trending", "freshness", "popularity", "rating", "content"] as const;
export type TermName = (typeof termNames)[number];
/** By what items can be grouped, for "at most n per group". */
export const groupFields = ["genre", "person", "year", "decade", "language"] as const;
/** Most candidates that one source gives. */
export const candidatesMax = 1000;

const exact = { additionalProperties: false } as const;

/** A program of the filter language (docs/filter-language.md). */
export const FilterText = Type.String({
  minLength: 1,
  maxLength: filterLengthMax,
  description: 'A filter, such as `genre in ["Drama"] and year >= 1990`.',
});
/** Name of a surface: small letters, digits and hyphens. */
export const SurfaceName = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-z0-9][a-z0-9-]*$" });
const ItemId = Type.String({ format: "usher-id", minLength: 1, maxLength: 128 });
const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });

const weight = Type.Number({ minimum: 0, maximum: 100 });

const Adjustments = Type.Array(
  Type.Object({ if: FilterText, by: Type.Number({ minimum: 0, maximum: 10 }) }, exact),
  { maxItems: 20 },
);

const rulesSchema = Type.Object(
  {
    boost: Type.Optional(Adjustments),
    bury: Type.Optional(Adjustments),
    pins: Type.Optional(
      Type.Array(
        Type.Object(
          { item_id: ItemId, position: Type.Integer({ minimum: 1, maximum: listLengthMax }) },
          exact,
        ),
        { maxItems: 50 },
      ),
    ),
    max_per: Type.Optional(
      Type.Array(
        Type.Object(
          { field: Type.Enum([...groupFields]), n: Type.Integer({ minimum: 1, maximum: listLengthMax }) },
          exact,
        ),
        { maxItems: 5 },
      ),
    ),
    promotions: Type.Optional(
      Type.Object(
        {
          items: Type.Optional(Type.Array(ItemId, { minItems: 1, maxItems: 200 })),
          filter: Type.Optional(FilterText),
          share: share("Share of the places that promoted items take, rounded down."),
        },
        exact,
      ),
    ),
    never: Type.Optional(Type.Array(ItemId, { maxItems: 1000 })),
  },
  exact,
);

/**
 * A surface: how a named kind of list is made. What is absent is not done.
 *
 * Stages, in this order: sources → filter → score → rules → diversity and calibration → exploration → explanation.
 */
export const surfaceSchema = Type.Object(
  {
    name: SurfaceName,
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    sources: Type.Array(
      Type.Object(
        {
          source: Type.Enum([...sourceNames]),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: candidatesMax })),
        },
        exact,
      ),
      { minItems: 1, maxItems: 9 },
    ),
    filter: Type.Optional(FilterText),
    weights: Type.Optional(
      Type.Object(
        {
          model: Type.Optional(weight),
          trending: Type.Optional(weight),
          freshness: Type.Optional(weight),
          popularity: Type.Optional(weight),
          rating: Type.Optional(weight),
          content: Type.Optional(weight),
        } satisfies Record<TermName, unknown>,
        exact,
      ),
    ),
    rules: Type.Optional(rulesSchema),
    diversity: Type.Optional(share("0: by score alone; 1: as different as can be.")),
    calibration: Type.Optional(
      share("0: by score alone; 1: in the proportions of genres that the person's history has."),
    ),
    exploration: Type.Optional(
      Type.Object(
        {
          share: share("Share of the places at which something is tried."),
          of: Type.Optional(
            Type.Enum(["new", "candidates"], {
              description:
                "What is tried: items that no model knows yet (default), or also other candidates.",
            }),
          ),
        },
        exact,
      ),
    ),
    hide_consumed: Type.Optional(Type.Boolean()),
    window: Type.Optional(Type.Enum(["1h", "24h", "7d"])),
    fallback: Type.Optional(SurfaceName),
  },
  exact,
);

export type SurfaceDocument = Static<typeof surfaceSchema>;
export type SurfaceRules = Static<typeof rulesSchema>;

/** A document as it was saved; version 0 is built in. */
export const surfaceVersionSchema = Type.Object({
  version: Type.Integer({ minimum: 0 }),
  saved_at: Type.Optional(Type.String()),
  /** The version whose document this one brought back. */
  restores: Type.Optional(Type.Integer({ minimum: 0 })),
  deleted: Type.Optional(Type.Literal(true, { description: "With this version it answers no more." })),
  document: surfaceSchema,
});
export type SurfaceVersion = Static<typeof surfaceVersionSchema>;

import { mismatches, type Shape } from "../contracts/mismatch.ts";
import {
  type SourceName,
  type SurfaceDocument,
  surfaceSchema,
  type TermName,
  termNames,
} from "../contracts/surfaces.ts";
import { UsherError } from "../errors.ts";
import { builtInSurfaces } from "./built-in-surfaces.ts";
import { compileFilter, type Filter } from "./filter/compile.ts";

/** A surface, checked and ready to run. */
export interface Plan {
  readonly document: SurfaceDocument;
  /** Which saved version it is; 0 is built in. */
  readonly version: number;
  /** Without a limit a source gives as many as the stages behind it need. */
  readonly sources: readonly { readonly source: SourceName; readonly limit: number | undefined }[];
  readonly filter: Filter | undefined;
  /** Empty: items keep the order and score of their source. */
  readonly weights: readonly (readonly [TermName, number])[];
  /** What is added to the score of items that a filter lets pass, as a share of the greatest score; negative to bury. */
  readonly adjustments: readonly {
    readonly name: "boost" | "bury";
    readonly filter: Filter;
    readonly by: number;
  }[];
  readonly promotion: {
    readonly filter: Filter | undefined;
    readonly items: readonly string[];
    readonly share: number;
  };
  /** Whether a place may get another item than the next best, so that more candidates than places are needed. */
  readonly chooses: boolean;
  /** Whether a list of it depends on the person and the offer alone: not on the moment, nor on what a request says beside. */
  readonly isSteady: boolean;
  /** Whether it must know what is trending. */
  readonly needsTrending: boolean;
  /** Whether it says little without what people did lately. */
  readonly needsEvents: boolean;
}

/**
 * Checks a surface and prepares what it runs.
 *
 * @throws UsherError `SURFACE_INVALID`: a field does not fit; `FILTER_INVALID`: one of its filters.
 */
export function planOf(document: SurfaceDocument, version = 0): Plan {
  const wrong = mismatches(document, surfaceSchema as unknown as Shape);
  if (wrong.length > 0) {
    throw new UsherError("SURFACE_INVALID", wrong.map(({ message }) => message).join("; "), {
      details: { errors: wrong },
    });
  }
  const { rules = {}, weights = {}, diversity = 0, calibration = 0, exploration } = document;
  const of = (name: "boost" | "bury", sign: 1 | -1) =>
    (rules[name] ?? []).map(({ if: program, by }, at) => ({
      ...{ name, by: sign * by },
      filter: filterIn(document, `rules.${name}[${at}].if`, program) as Filter,
    }));
  const adjustments = [...of("boost", 1), ...of("bury", -1)];
  const blended = termNames.flatMap((name) => {
    const weight = weights[name] ?? 0;
    return weight > 0 ? [[name, weight] as const] : [];
  });
  const isTrending = "trending" in weights || document.sources.some(({ source }) => source === "trending");
  const { items = [], filter, share = 0 } = rules.promotions ?? {};
  const ownFilter = filterIn(document, "filter", document.filter);
  const promoted = filterIn(document, "rules.promotions.filter", filter);
  const filters = [ownFilter, promoted, ...adjustments.map((adjustment) => adjustment.filter)];
  const isChoosing =
    blended.length > 0 ||
    adjustments.length > 0 ||
    diversity > 0 ||
    calibration > 0 ||
    (rules.max_per ?? []).length > 0 ||
    (rules.pins ?? []).length > 0 ||
    share > 0 ||
    exploration?.of === "candidates";
  return {
    ...{ document, version, weights: blended, adjustments, chooses: isChoosing },
    filter: ownFilter,
    sources: document.sources.map(({ source, limit }) => ({ source, limit })),
    promotion: { filter: promoted, items, share },
    isSteady:
      !isTrending && !("freshness" in weights) && filters.every((each) => each?.isOfItemsOnly ?? true),
    needsTrending: isTrending,
    needsEvents: isTrending || document.sources.some(({ source }) => source === "continue"),
  };
}

/** @throws UsherError `FILTER_INVALID`, with the field of the document in front. */
function filterIn(document: SurfaceDocument, field: string, program: string | undefined): Filter | undefined {
  if (program === undefined) return undefined;
  try {
    return compileFilter(program);
  } catch (error) {
    const { message, details } = error as UsherError;
    throw new UsherError("FILTER_INVALID", `surface ${document.name}, ${field}: ${message}`, {
      cause: error,
      details: { ...details, field },
    });
  }
}

/** The ids that a document names, by the field that names them. */
export function namedItems({
  rules = {},
}: SurfaceDocument): readonly (readonly [field: string, itemId: string])[] {
  return [
    ...(rules.pins ?? []).map(({ item_id }, at) => [`rules.pins[${at}].item_id`, item_id] as const),
    ...(rules.promotions?.items ?? []).map((id, at) => [`rules.promotions.items[${at}]`, id] as const),
    ...(rules.never ?? []).map((id, at) => [`rules.never[${at}]`, id] as const),
  ];
}

/** The surfaces of every system, by name. */
export const builtInPlans: ReadonlyMap<string, Plan> = new Map(
  builtInSurfaces.map((document) => [document.name, planOf(document)]),
);

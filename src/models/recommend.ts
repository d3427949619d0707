import type { History } from "../data/interactions.ts";
import { bytesOf, createWorkspace } from "../kernels/workspace.ts";
import { createFactorSearch, type FactorSearch } from "./factor-search.ts";
import type { Model } from "./model.ts";

/** Items by index with their scores, best first; of equal scores the lower index comes first. */
export interface ScoredItems {
  readonly items: Int32Array;
  readonly scores: Float32Array;
}

/**
 * The k best items of a model for a history. What the history holds is not left out unless `excluded` names it.
 *
 * @param request.k At least 0; the list is shorter where there are fewer items.
 * @param request.excluded Item indexes that must not appear, ascending.
 * @param request.allowed The only item indexes that may appear, ascending. Default: all.
 * Cost: one fold-in, and one score of each item; where a score is a product of rows, of the items that bounds do not rule out.
 * @example
 * import { popularity } from "./popularity.ts";
 * import { recommendItems } from "./recommend.ts";
 * const row = { starts: Int32Array.of(0, 3), items: Int32Array.of(0, 1, 2), values: Float32Array.of(3, 9, 6) };
 * const model = await popularity.fit({ userCount: 1, itemCount: 3, ...row });
 * recommendItems(model, { history: row, k: 2, excluded: Int32Array.of(1) }).items; // → Int32Array [2, 0]
 */
export function recommendItems(
  model: Model,
  request: { history: History; k: number; excluded: Int32Array; allowed?: Int32Array },
): ScoredItems {
  const search = searchOf(model);
  if (search) return search(request);
  const selection = selectionOf(model);
  model.scoreItems(request.history, selection.scores);
  return select(selection, request);
}

/**
 * The k items most similar to one. Items that have nothing in common with it score 0.
 *
 * @param excluded Item indexes that must not appear, ascending. Default: the item itself.
 */
export function similarTo(
  model: Model,
  item: number,
  k: number,
  excluded: Int32Array = Int32Array.of(item),
): ScoredItems {
  const selection = selectionOf(model);
  model.similarItems(item, selection.scores);
  return select(selection, { k, excluded });
}

type Selection = ReturnType<typeof createSelection>;

/** Memory for selecting and for searching, one a model, made when it is first asked and gone with it. */
const selections = new WeakMap<Model, Selection>();
const searches = new WeakMap<Model, FactorSearch>();

function searchOf(model: Model): FactorSearch | undefined {
  if (!model.factorRows) return undefined;
  const known = searches.get(model) ?? createFactorSearch(model.algorithm, model.factorRows);
  searches.set(model, known);
  return known;
}

function selectionOf(model: Model): Selection {
  const known = selections.get(model) ?? createSelection(model.itemCount);
  selections.set(model, known);
  return known;
}

function createSelection(itemCount: number) {
  const bytes = 4 * itemCount;
  const workspace = createWorkspace({ bytes: bytesOf(bytes, bytes, bytes, bytes) });
  return {
    kernels: workspace.kernels,
    scores: workspace.f32(itemCount),
    excluded: workspace.i32(itemCount),
    items: workspace.i32(itemCount),
    values: workspace.f32(itemCount),
  };
}

function select(
  selection: Selection,
  request: { k: number; excluded: Int32Array; allowed?: Int32Array },
): ScoredItems {
  const { kernels, scores, excluded, items, values } = selection;
  const k = Math.min(request.k, scores.length);
  if (request.allowed) keepOnly(scores, request.allowed);
  excluded.set(request.excluded);
  const found = kernels.topK(
    ...([scores.byteOffset, scores.length, excluded.byteOffset, request.excluded.length, k] as const),
    ...([items.byteOffset, values.byteOffset] as const),
  );
  return { items: items.slice(0, found), scores: values.slice(0, found) };
}

/** Scores of items that are not in the ascending list become −∞, so that they are not selected. */
function keepOnly(scores: Float32Array, allowed: Int32Array): void {
  let next = 0;
  for (let item = 0; item < scores.length; item++) {
    if (allowed[next] === item) next++;
    else scores[item] = Number.NEGATIVE_INFINITY;
  }
}

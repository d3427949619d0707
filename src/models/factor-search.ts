import type { History } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import type { PoolJob } from "../kernels/pool.ts";
import type { Workspace } from "../kernels/workspace.ts";
import type { FactorRows } from "./model.ts";
import type { ScoredItems } from "./recommend.ts";
import { createRetrieval } from "./retrieval.ts";

/** Finds the list of one user in a model whose scores are products of rows. */
export type FactorSearch = (request: {
  history: History;
  k: number;
  excluded: Int32Array;
  allowed?: Int32Array;
}) => ScoredItems;

/** Prepares a model for single requests, in this thread. The first request pays for it: O(items · width²). */
export function createFactorSearch(algorithm: string, model: FactorRows): FactorSearch {
  const itemCount = model.itemRows.length / model.width;
  const capacity = { users: 1, entries: itemCount, excluded: itemCount, k: itemCount, threads: 1 };
  const retrieval = createRetrieval(model, capacity);
  return ({ history, k, excluded, allowed }) => {
    retrieval.allow(allowed);
    const listLength = Math.min(k, itemCount);
    const { jobs, lists } = retrieval.place({
      histories: { starts: Int32Array.of(0, history.items.length), ...history },
      excluded: { starts: Int32Array.of(0, excluded.length), items: excluded },
      from: 0,
      to: 1,
      k: listLength,
    });
    if (listLength === 0) return { items: new Int32Array(0), scores: new Float32Array(0) };
    for (const job of jobs) if (runHere(retrieval.workspace, job) !== 0) throw notFinite(algorithm);
    const count = lists.counts[0]!;
    return {
      items: lists.items.slice(0, count),
      scores: lists.scores.slice(0, count).map((score) => score + model.offset),
    };
  };
}

/** A history whose row cannot be solved. */
export function notFinite(algorithm: string): UsherError {
  return new UsherError(
    "MODEL_DIVERGED",
    `${algorithm}: a history has no finite factors; are its values huge?`,
  );
}

/** Runs a job of one block in this thread. */
function runHere({ kernels }: Workspace, { kernel, args, bounds, scratch }: PoolJob): number {
  const slots = { from: bounds[0]!, to: bounds[1]!, scratch: scratch?.byteOffset ?? 0 };
  const numbers = (args as readonly (number | keyof typeof slots)[]).map((arg) =>
    typeof arg === "number" ? arg : slots[arg],
  );
  return (kernels[kernel] as (...args: number[]) => number | undefined)(...numbers) ?? 0;
}

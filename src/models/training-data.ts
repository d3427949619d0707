import assert from "node:assert";
import { totalmem } from "node:os";
import type { History, Interactions } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import type { Algorithm, FitRun, FitShape, Parameters } from "./model.ts";

/**
 * Refuses what no model can be fitted on, before any work is done. Kernels do not check indexes, so this is also what keeps them safe.
 *
 * @param options.valueMin Least value allowed: 0 for weights; absent for ratings.
 * @throws UsherError `DATA_EMPTY`: no entries. `DATA_INVALID`: a value that is not finite or below the least, an index out of range, an item twice in a row or out of order.
 * Cost: O(entries).
 */
export function checkTrainingData(
  interactions: Interactions,
  options: { algorithm: string; valueMin?: number },
): void {
  const { userCount, itemCount, starts, items, values } = interactions;
  const { algorithm, valueMin = Number.NEGATIVE_INFINITY } = options;
  const invalid = (message: string) => new UsherError("DATA_INVALID", `${algorithm}: ${message}`);
  if (starts.length !== userCount + 1 || starts[0] !== 0 || starts[userCount] !== items.length) {
    throw invalid(`expected row starts from 0 to ${items.length} for ${userCount} users`);
  }
  if (values.length !== items.length) {
    throw invalid(`expected as many values as items, got ${values.length} and ${items.length}`);
  }
  if (items.length === 0) {
    throw new UsherError("DATA_EMPTY", `${algorithm}: expected at least one interaction, got none`);
  }
  for (let user = 0; user < userCount; user++) {
    if (starts[user]! > starts[user + 1]!) throw invalid(`row starts descend at user ${user}`);
    for (let entry = starts[user]!; entry < starts[user + 1]!; entry++) {
      const item = items[entry]!;
      const value = values[entry]!;
      if (item < 0 || item >= itemCount) {
        throw invalid(`expected item indexes in 0..${itemCount - 1}, got ${item} at user ${user}`);
      }
      if (entry > starts[user]! && item <= items[entry - 1]!) {
        throw invalid(
          `expected each item once and in ascending order, got item ${item} of user ${user} after ${items[entry - 1]}`,
        );
      }
      if (!(value >= valueMin && Number.isFinite(value))) {
        const least = valueMin === Number.NEGATIVE_INFINITY ? "" : ` of at least ${valueMin}`;
        throw invalid(`expected a finite value${least} for user ${user} and item ${item}, got ${value}`);
      }
    }
  }
}

/**
 * Refuses a fit that needs more memory than there is, before any work is done.
 *
 * @throws UsherError `MEMORY_EXCEEDED`, naming what is needed and what there is.
 */
export function checkMemory(
  algorithm: Algorithm,
  of: { interactions: Interactions; parameters: Parameters; run: FitRun | undefined },
): void {
  const needed = algorithm.memoryBytes(shapeOf(of.interactions), of.parameters);
  const available = of.run?.memoryBytesMax ?? memoryLeft();
  if (needed <= available) return;
  throw new UsherError(
    "MEMORY_EXCEEDED",
    `${algorithm.name}: expected ${needed} bytes of memory for this fit, there are ${available}`,
    { details: { needed, available } },
  );
}

/** Memory that this process can still take. macOS counts its file cache as taken although it gives it back, so there all memory counts. */
function memoryLeft(): number {
  return process.platform === "darwin" ? totalmem() : process.availableMemory();
}

/**
 * Refuses a history that a model cannot score. An index out of range is a programmer's error.
 *
 * @throws UsherError `DATA_INVALID`: a value that is not finite or below the least.
 */
export function checkHistory(
  history: History,
  options: { algorithm: string; itemCount: number; valueMin?: number },
): void {
  const { items, values } = history;
  const { algorithm, itemCount, valueMin = Number.NEGATIVE_INFINITY } = options;
  assert(items.length === values.length, `${algorithm}: a history has as many items as values`);
  assert(items.length <= itemCount, `${algorithm}: a history holds each item at most once`);
  for (let at = 0; at < items.length; at++) {
    assert(
      items[at]! >= 0 && items[at]! < itemCount,
      `${algorithm}: item index ${items[at]} is out of range`,
    );
    if (!(values[at]! >= valueMin && Number.isFinite(values[at]!))) {
      throw new UsherError(
        "DATA_INVALID",
        `${algorithm}: expected a finite value in the history, got ${values[at]} for item ${items[at]}`,
      );
    }
  }
}

/** Size of interactions, as `memoryBytes` takes it. */
export function shapeOf(interactions: Interactions): FitShape {
  const { userCount, itemCount, items } = interactions;
  return { userCount, itemCount, entryCount: items.length };
}

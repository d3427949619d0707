import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { UsherError } from "../errors.ts";
import type { FitRun } from "./model.ts";

/**
 * Lets other work of the process run, then ends the fit where it was cancelled.
 * @throws UsherError `CANCELLED`.
 */
export async function breathe(algorithm: string, run: FitRun | undefined): Promise<void> {
  await turnOfTheLoop();
  if (run?.signal?.aborted) throw new UsherError("CANCELLED", `${algorithm}: the fit was cancelled`);
}

/** One side of an alternating fit. */
export interface HalfStep {
  /** What a row of this side is: `user` or `item`. */
  readonly side: string;
  /** Row bounds of blocks of about equal work: block b is bounds[b] .. bounds[b + 1] − 1. */
  readonly bounds: readonly number[];
  /** Done once before the rows, such as the Gram matrix of the other side. */
  prepare?(): void;
  /** Solves rows from..to−1; returns 0, or 1 + the first row without a finite solution. */
  solve(from: number, to: number): number;
}

/**
 * Runs epochs of half-steps, with a breath after each block so that a fit in the serving thread does not stop the answers.
 *
 * @param options.remedy The parameters that decide whether the fit diverges, with their values, for the message.
 * @throws UsherError `CANCELLED`; `MODEL_DIVERGED`, naming epoch, row and parameters.
 */
export async function alternate(options: {
  algorithm: string;
  epochs: number;
  halfSteps: readonly HalfStep[];
  remedy: string;
  run: FitRun | undefined;
}): Promise<void> {
  const { algorithm, epochs, halfSteps, remedy, run } = options;
  await breathe(algorithm, run);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const [half, { side, bounds, prepare, solve }] of halfSteps.entries()) {
      prepare?.();
      for (let block = 0; block + 1 < bounds.length; block++) {
        const failed = solve(bounds[block]!, bounds[block + 1]!);
        if (failed !== 0) {
          throw new UsherError(
            "MODEL_DIVERGED",
            `${algorithm}: epoch ${epoch} of ${epochs}, ${side} ${failed - 1} has no finite factors with ${remedy}`,
            { details: { epoch, side, row: failed - 1 } },
          );
        }
        await breathe(algorithm, run);
      }
      const done = (epoch - 1 + (half + 1) / halfSteps.length) / epochs;
      run?.onProgress?.(done, `epoch ${epoch} of ${epochs}`);
    }
  }
}

/**
 * Cuts rows into blocks that take about 20 ms each.
 *
 * @param starts Row starts, length rows + 1.
 * @param width Padded length of a factor row: a row costs about (entries + width / 3) · width² operations.
 */
export function equalBlocks(starts: Int32Array, width: number): number[] {
  const limit = 2e8 / width ** 2;
  const bounds = [0];
  let work = 0;
  for (let row = 0; row + 1 < starts.length; row++) {
    work += starts[row + 1]! - starts[row]! + width / 3;
    if (work < limit) continue;
    bounds.push(row + 1);
    work = 0;
  }
  if (bounds.at(-1) !== starts.length - 1) bounds.push(starts.length - 1);
  return bounds;
}

import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { UsherError } from "../errors.ts";
import { blocksMax, type Pool, type PoolJob } from "../kernels/pool.ts";
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
  /** Done once before the rows, such as the Gram matrix of the other side. */
  prepare?(): Promise<void>;
  /** Solves all rows, in each epoch or in the one given (1 is the first); a failure is 1 + the first row without a finite solution. */
  readonly job: PoolJob | ((epoch: number) => PoolJob);
  /** The index of each row outside, where rows are numbered otherwise. */
  readonly order?: Int32Array;
}

/**
 * Runs epochs of half-steps on a pool, with a breath every few milliseconds so that a fit in the serving thread does not stop the answers.
 *
 * @param options.remedy The parameters that decide whether the fit diverges, with their values, for the message.
 * @throws UsherError `CANCELLED`; `MODEL_DIVERGED`, naming epoch, row and parameters.
 */
export async function alternate(options: {
  algorithm: string;
  epochs: number;
  pool: Pool;
  halfSteps: readonly HalfStep[];
  remedy: string;
  run: FitRun | undefined;
}): Promise<void> {
  const { algorithm, epochs, pool, halfSteps, remedy, run } = options;
  const between = () => breathe(algorithm, run);
  await between();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const [half, { side, job, order, prepare }] of halfSteps.entries()) {
      await prepare?.();
      const failed = await pool.run(typeof job === "function" ? job(epoch) : job, between);
      if (failed !== 0) {
        const row = order ? order[failed - 1]! : failed - 1;
        throw new UsherError(
          "MODEL_DIVERGED",
          `${algorithm}: epoch ${epoch} of ${epochs}, ${side} ${row} has no finite factors with ${remedy}`,
          { details: { epoch, side, row } },
        );
      }
      await between();
      const done = (epoch - 1 + (half + 1) / halfSteps.length) / epochs;
      run?.onProgress?.(done, `epoch ${epoch} of ${epochs}`);
    }
  }
}

/**
 * Cuts rows into blocks of equal work: small enough to share out and to breathe between, and not more than a pool takes.
 *
 * @param starts Row starts, length rows + 1.
 * @param rowWork What a row costs beside its entries, in entries.
 * @param blockWork What a block costs at least, in entries.
 */
export function equalBlocks(
  starts: Int32Array,
  { rowWork, blockWork }: { rowWork: number; blockWork: number },
): number[] {
  const rowCount = starts.length - 1;
  const total = starts[rowCount]! + rowWork * rowCount;
  const limit = Math.max(blockWork, (2 * total) / blocksMax);
  const bounds = [0];
  let work = 0;
  for (let row = 0; row < rowCount; row++) {
    work += starts[row + 1]! - starts[row]! + rowWork;
    if (work < limit) continue;
    bounds.push(row + 1);
    work = 0;
  }
  if (bounds.at(-1) !== rowCount) bounds.push(rowCount);
  return bounds;
}

/** Blocks of about 4 ms for half-steps that solve each row exactly: a row costs about (entries + width / 3) · width² operations. */
export function exactSolveBlocks(starts: Int32Array, width: number): number[] {
  return equalBlocks(starts, { rowWork: width / 3, blockWork: 4e7 / width ** 2 });
}

/** Bounds of blocks of equally many rows, not more of them than a pool takes. */
export function equalRows(rowCount: number): number[] {
  const blockRows = Math.max(2048, Math.ceil(rowCount / blocksMax));
  const bounds = [0];
  for (let row = blockRows; row < rowCount; row += blockRows) bounds.push(row);
  if (rowCount > 0) bounds.push(rowCount);
  return bounds;
}

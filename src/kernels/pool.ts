import assert from "node:assert";
import { availableParallelism } from "node:os";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { UsherError } from "../errors.ts";
import { turns } from "../turns.ts";
import { PoolControl, type PoolJob, threadsMax } from "./pool-control.ts";
import type { PoolThread } from "./pool-worker.ts";
import type { Workspace } from "./workspace.ts";

export { blocksMax, type PoolJob, threadsMax } from "./pool-control.ts";

/** Threads that compute on the memory of one workspace, the caller's among them. */
export interface Pool {
  readonly threads: number;
  /**
   * Runs a kernel over all blocks of a job. One job at a time.
   *
   * @param between Called in this thread every few milliseconds; where it rejects the job ends early, and with the same error. Default:
   *   one turn of the event loop.
   * @returns 0, or what the kernel returned for the first block (in the order of `bounds`) where that was not 0; later blocks may be
   *   done, and no more are begun.
   * @throws UsherError `INTERNAL`: a kernel threw (an address outside the memory), or a thread ended.
   */
  run(job: PoolJob, between?: () => Promise<void>): Promise<number>;
  /** Ends the threads. They do not keep the process alive either way. */
  close(): void;
}

/** The compiled worker, also where this file itself runs from src/ (in tests): Node 20 runs no TypeScript. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/kernels/pool-worker.js" : "./pool-worker.js",
  import.meta.url,
);

/** Milliseconds of work between two turns of the event loop. */
const turnMs = 8;

/** How many threads compute: as many as asked for, by default as many as the machine has for this process. At most 64. */
export function threadCount(asked: number = availableParallelism()): number {
  return Math.max(1, Math.min(asked, threadsMax));
}

/**
 * Starts threads on a workspace. They begin to help when they are up (some 30 ms); nobody waits for them.
 *
 * @param threads Default: {@link threadCount}. With 1 the caller works alone and no thread is started.
 * @example
 * import { openPool } from "./pool.ts";
 * import { bytesOf, createWorkspace } from "./workspace.ts";
 * const workspace = createWorkspace({ bytes: bytesOf(4 * 100 * 8, 4 * 4 * 64) });
 * const matrix = workspace.f32(100 * 8).fill(1);
 * const partial = workspace.f32(4 * 64);
 * const pool = openPool(workspace, 2);
 * const args = [matrix.byteOffset, 100, 8, 25, partial.byteOffset, "from", "to"];
 * await pool.run({ kernel: "gramBlocks", args, bounds: [0, 1, 2, 3, 4] });
 * pool.close();
 * [partial[0], partial[3 * 64]]; // → [25, 25]
 */
export function openPool(workspace: Workspace, threads: number = threadCount()): Pool {
  const control = new PoolControl();
  const { shared, kernels } = workspace;
  let broken: UsherError | undefined;
  let isRunning = false;
  const fail = (reason: string, cause?: unknown) => {
    broken ??= new UsherError("INTERNAL", `a thread of the pool ${reason}`, { cause });
  };
  for (let thread = 1; thread < threads; thread++) {
    const workerData: PoolThread = { shared, control: control.shared, thread };
    const worker = new Worker(workerFile, { workerData, name: `usher-pool-${thread}` });
    worker.unref();
    worker.once("error", (cause) => fail(`failed: ${cause}`, cause));
    worker.once("exit", (exitCode) => fail(`ended, exit code ${exitCode}`));
  }

  async function takePart(between: () => Promise<void>): Promise<void> {
    let run: ((block: number) => void) | undefined;
    const turn = turns({ turnMs, giveWay: between });
    for (let block = control.take(); block !== undefined; block = control.take()) {
      run ??= control.runner(kernels, 0);
      run(block);
      if (broken) throw broken;
      await turn();
    }
  }

  return {
    threads,
    async run(job, between = turnOfTheLoop) {
      assert(!isRunning, "pool: one job at a time");
      if (broken) throw broken;
      isRunning = true;
      control.open(job, threads);
      try {
        await takePart(between);
      } finally {
        control.close();
        while (!control.isIdle(1) && !broken) await turnOfTheLoop();
        isRunning = false;
      }
      if (broken) throw broken;
      const failure = control.failure();
      if (!failure) return 0;
      if ("code" in failure) return failure.code;
      throw new UsherError("INTERNAL", `kernel ${job.kernel}: ${failure.thrown}`);
    },
    close() {
      control.stop();
    },
  };
}

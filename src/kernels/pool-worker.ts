// A thread of a pool: started by pool.ts, sleeps until there is a job, and ends when the pool does.
import { workerData } from "node:worker_threads";
import { PoolControl } from "./pool-control.ts";
import { kernelsOn, type SharedKernels } from "./shared-kernels.ts";

/** What the thread is started with. */
export interface PoolThread {
  readonly shared: SharedKernels;
  readonly control: SharedArrayBuffer;
  /** 1..threads − 1; 0 is the caller. */
  readonly thread: number;
}

function work({ shared, control: words, thread }: PoolThread): void {
  const kernels = kernelsOn(shared);
  const control = new PoolControl(words);
  for (let seen = control.sleep(0); seen !== undefined; seen = control.sleep(seen)) {
    control.enter();
    let run: ((block: number) => void) | undefined;
    for (let block = control.take(); block !== undefined; block = control.take()) {
      run ??= control.runner(kernels, thread);
      run(block);
    }
    control.leave();
  }
}

work(workerData as PoolThread);

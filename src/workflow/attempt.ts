import { asUsherError, errorKind, UsherError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { Task, TaskResult, TaskRun } from "./task.ts";

const retriesDefault = 2;
const backoffMsDefault = 1000;
const backoffMsMax = 5 * 60_000;
const timeoutMsDefault = 3600_000;
/** How long a task that was told to stop may take to do so; then it is left to itself. */
const stopPatienceMs = 10_000;

/** How a task ended: with a result, or with the error of its last attempt. */
export type Outcome = { readonly attempts: number } & (
  | { readonly result: TaskResult }
  | { readonly error: UsherError }
);

/**
 * Runs a task until it succeeds, its retries are used up, or its error is one that another attempt cannot cure.
 *
 * The wait doubles from retry to retry, up to 5 minutes. A task that does not end in its time is told to stop and fails with
 * `TASK_TIMEOUT`; a run that is cancelled gives `CANCELLED`. Never rejects.
 */
export async function attempt(task: Task, run: TaskRun & { readonly clock: Clock }): Promise<Outcome> {
  const { retries = retriesDefault, backoffMs = backoffMsDefault } = task;
  for (let attempts = 1; ; attempts++) {
    try {
      return { attempts, result: await inTime(task, run) };
    } catch (cause) {
      const error = run.signal.aborted ? cancelled(task) : asUsherError(cause);
      if (attempts > retries || !mayPass(error)) return { attempts, error };
    }
    const wait = Math.min(backoffMsMax, backoffMs * 2 ** (attempts - 1));
    try {
      await run.clock.wait(wait, run.signal);
    } catch {
      return { attempts, error: cancelled(task) }; // the signal is the only reason to wake early
    }
  }
}

/** Whether another attempt can end otherwise: refusals of data and requests come again, failures of the machine may not. */
function mayPass({ code }: UsherError): boolean {
  return code === "TABLE_CONFLICT" || errorKind(code).status >= 500;
}

function cancelled({ name }: Task): UsherError {
  return new UsherError("CANCELLED", `${name}: the run was cancelled`);
}

async function inTime(
  task: Task,
  { signal, onProgress, clock }: TaskRun & { clock: Clock },
): Promise<TaskResult> {
  const { timeoutMs = timeoutMsDefault } = task;
  if (signal.aborted) throw cancelled(task);
  const stop = new AbortController();
  const over = new AbortController();
  const forward = () => stop.abort(signal.reason);
  signal.addEventListener("abort", forward, { once: true });
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const work = Promise.resolve().then(() => task.run({ signal: stop.signal, onProgress }));
  const settled = work.then(
    () => {},
    () => {},
  );
  let isLate = false;
  clock.wait(timeoutMs, over.signal).then(
    () => {
      isLate = true;
      stop.abort();
    },
    () => {}, // the task ended first
  );
  try {
    await Promise.race([settled, stopped]);
    if (stop.signal.aborted) {
      await Promise.race([settled, clock.wait(stopPatienceMs, over.signal).catch(() => {})]);
      if (isLate)
        throw new UsherError("TASK_TIMEOUT", `${task.name}: expected an end within ${timeoutMs} ms`);
      throw cancelled(task);
    }
    return await work;
  } finally {
    over.abort();
    signal.removeEventListener("abort", forward);
  }
}

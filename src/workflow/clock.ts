import { setTimeout } from "node:timers/promises";

/** Time as the workflow sees it, so that tests can hold it. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Resolves after so many ms; rejects where the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. Waiting does not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => setTimeout(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }),
};

/** A moment as ISO 8601 in UTC. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();

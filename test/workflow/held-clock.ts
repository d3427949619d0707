import type { Clock } from "../../src/workflow/clock.ts";

/** A clock that stands still until it is moved. */
export interface HeldClock extends Clock {
  /** Moves on by so many ms, ending the waits that are over, in their order. */
  move(ms: number): Promise<void>;
  /** Sets the time without ending a wait, as a person who sets a clock does. */
  set(ms: number): void;
  /** The waits under way, in ms from now. */
  waits(): number[];
}

export function heldClock(startMs = Date.UTC(2026, 0, 1)): HeldClock {
  let now = startMs;
  const waiting = new Set<{ atMs: number; end: () => void }>();
  const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          waiting.delete(wait);
          reject(signal?.reason);
        };
        const wait = {
          atMs: now + ms,
          end: () => {
            waiting.delete(wait);
            signal?.removeEventListener("abort", stop);
            resolve();
          },
        };
        if (signal?.aborted) return stop();
        signal?.addEventListener("abort", stop, { once: true });
        waiting.add(wait);
      }),
    move: async (ms) => {
      await breathe();
      const end = now + ms;
      for (;;) {
        const next = [...waiting].sort((left, right) => left.atMs - right.atMs)[0];
        if (!next || next.atMs > end) break;
        now = Math.max(now, next.atMs);
        next.end();
        await breathe();
      }
      now = end;
      await breathe();
    },
    set: (ms) => {
      now = ms;
    },
    waits: () => [...waiting].map(({ atMs }) => atMs - now).sort((left, right) => left - right),
  };
}

/** Waits for real until something is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 50_000; // a machine under load may take long
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error("it never became so");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

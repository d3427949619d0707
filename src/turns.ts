import { setImmediate } from "node:timers/promises";

/** How long work goes on, and what others do then. */
export interface TurnOptions {
  /** How long work goes on before others get their turn, ms; one piece more may be under way. */
  readonly turnMs: number;
  /** Whether the first call gives way, however early. Default false. */
  readonly isDue?: boolean;
  /** Gives way to everybody else for a moment. Default: until the event loop has turned. */
  readonly giveWay?: (() => Promise<unknown>) | undefined;
  /** ms, for measuring a turn. */
  readonly now?: (() => number) | undefined;
}

/**
 * Lets others have their turn while one long work goes on: whoever does it awaits the result between two pieces.
 *
 * @returns A function that gives way where the turn is over, and says whether it did.
 * @example
 * import { turns } from "./turns.ts";
 * const turn = turns({ turnMs: 8 });
 * for (const piece of [1, 2, 3]) {
 *   await turn();
 * }
 */
export function turns(options: TurnOptions): () => Promise<boolean> {
  const { turnMs, isDue = false, giveWay = setImmediate, now = () => performance.now() } = options;
  let turnEnds = isDue ? Number.NEGATIVE_INFINITY : now() + turnMs;
  return async () => {
    if (now() < turnEnds) return false;
    await giveWay();
    turnEnds = now() + turnMs;
    return true;
  };
}

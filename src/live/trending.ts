import type { ItemAction } from "./action.ts";
import { bucketPrefix, idOfPart, keyPart } from "./keys.ts";
import type { TrendingItem } from "./live-view.ts";
import { type Counts, countsOf } from "./trend-counts.ts";
import { TrendWindowCounts } from "./trend-window.ts";
import type { WriteBehind } from "./write-behind.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * The sliding windows. Time is counted in buckets: a window begins with the bucket that holds its first moment, so it reaches back
 * up to one bucket further than its name says (a minute for `1h`, an hour for the others), and the actions of one bucket age together.
 */
export const trendWindows = {
  "1h": { spanMs: hourMs, bucketMs: minuteMs, halfLifeMs: 20 * minuteMs },
  "24h": { spanMs: 24 * hourMs, bucketMs: hourMs, halfLifeMs: 6 * hourMs },
  "7d": { spanMs: 7 * 24 * hourMs, bucketMs: hourMs, halfLifeMs: 48 * hourMs },
} as const;
export type TrendWindow = keyof typeof trendWindows;
export const trendWindowNames = Object.keys(trendWindows) as readonly TrendWindow[];

const prefixesMax = 1000;
/** Buckets by their width, and how long before the newest event they are kept: longer than any window reaches. */
const bucketKinds = [
  { widthMs: minuteMs, keptMs: 25 * hourMs },
  { widthMs: hourMs, keptMs: 9 * 24 * hourMs },
] as const;

/** Whether a bucket belongs to the state whose newest bucket of that width begins then: a function of the events, not of the clock. */
export function isKept(bucket: { widthMs: number; startMs: number }, newestMs: number): boolean {
  const kind = bucketKinds.find(({ widthMs }) => widthMs === bucket.widthMs);
  return kind !== undefined && bucket.startMs > newestMs - kind.keptMs;
}

/**
 * What is trending: whole counts a bucket and item in the state, and the sums over the three windows in memory.
 *
 * An event counts in the bucket of its own time, however late it comes. Buckets long before the newest event are forgotten.
 */
export class Trending {
  readonly #state: WriteBehind;
  readonly #prefixes = new Map<number, string>();
  #newestMs = Number.NEGATIVE_INFINITY;
  readonly #windows: Readonly<Record<TrendWindow, TrendWindowCounts>>;

  constructor(state: WriteBehind) {
    this.#state = state;
    this.#windows = {
      "1h": new TrendWindowCounts(trendWindows["1h"]),
      "24h": new TrendWindowCounts(trendWindows["24h"]),
      "7d": new TrendWindowCounts(trendWindows["7d"]),
    };
  }

  /** Counts an action, or takes it back. */
  count(action: ItemAction, sign: 1 | -1): void {
    const counts = countsOf(action);
    if (!counts) return;
    const name = keyPart(action.itemId);
    this.#newestMs = Math.max(this.#newestMs, action.tsMs);
    for (const { widthMs } of bucketKinds) {
      this.#state.count({ group: this.#bucketOf(action.tsMs, widthMs), name }, counts, sign);
    }
    for (const window of Object.values(this.#windows)) {
      window.add(action.itemId, { atMs: action.tsMs, counts, sign });
    }
  }

  /** Moves the windows to a moment, forth or back. Cost: one read of each bucket that enters or leaves a window. */
  async advance(nowMs: number): Promise<void> {
    for (const [name, window] of Object.entries(this.#windows)) {
      const { bucketMs } = trendWindows[name as TrendWindow];
      await window.advance(nowMs, (startMs) => this.#read({ widthMs: bucketMs, startMs }));
    }
  }

  /**
   * Forgets the buckets long before now and before the newest event that came: with a clock that jumped ahead for a while alone
   * nothing is forgotten.
   */
  async forgetOld(nowMs: number): Promise<void> {
    const newestMs = Math.min(nowMs, this.#newestMs);
    if (newestMs === Number.NEGATIVE_INFINITY) return;
    for (const { widthMs, keptMs } of bucketKinds) {
      const startMs = Math.max(0, Math.floor((newestMs - keptMs) / widthMs) * widthMs);
      await this.#state.forgetCounts(
        bucketPrefix({ widthMs, startMs: 0 }),
        bucketPrefix({ widthMs, startMs }),
      );
    }
  }

  /** All items of a window, the highest score first, as of the moment to which the windows were moved. */
  ranking(window: TrendWindow, nowMs: number): readonly TrendingItem[] {
    return this.#windows[window].ranking(nowMs);
  }

  async #read(bucket: { widthMs: number; startMs: number }): Promise<[itemId: string, counts: Counts][]> {
    const counts = await this.#state.countsIn(bucketPrefix(bucket));
    return Array.from(counts, ([name, sum]) => [idOfPart(name), sum]);
  }

  /** Most events are of a few buckets, so their prefixes are kept. */
  #bucketOf(tsMs: number, widthMs: number): string {
    const startMs = Math.floor(tsMs / widthMs) * widthMs;
    const name = startMs + (widthMs === minuteMs ? 1 : 0);
    let prefix = this.#prefixes.get(name);
    if (prefix === undefined) {
      if (this.#prefixes.size > prefixesMax) this.#prefixes.clear();
      prefix = bucketPrefix({ widthMs, startMs });
      this.#prefixes.set(name, prefix);
    }
    return prefix;
  }
}

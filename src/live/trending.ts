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
const bucketWidths = [minuteMs, hourMs] as const;

/**
 * What is trending: whole counts a bucket and item in the state, for ever, and the sums over the three windows in memory.
 *
 * An event counts in the bucket of its own time, however late it comes. Counts of old buckets stay: they are never more than the
 * events themselves, and dropping them by the clock would make the state depend on it.
 */
export class Trending {
  readonly #state: WriteBehind;
  readonly #prefixes = new Map<number, string>();
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
    for (const widthMs of bucketWidths) {
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

import type { TrendingItem } from "./live-view.ts";
import {
  addCounts,
  type Counts,
  figuresOf,
  isNothing,
  noCounts,
  type OwnCounts,
  weightOfCounts,
} from "./trend-counts.ts";

/** How a window is cut. */
export interface WindowShape {
  readonly spanMs: number;
  /** Width of its buckets; what happened in one bucket ages together, from the bucket's beginning on. */
  readonly bucketMs: number;
  /** After so long a weight counts half. */
  readonly halfLifeMs: number;
}

interface Entry {
  readonly counts: OwnCounts;
  /** Sum of weights, each multiplied by 2^((begin of its bucket − reference) / half-life): they need no change when time goes on. */
  grown: number;
}

/** With more items than this the ranking is made at most once a second; with fewer it always holds the last event. */
const freshItemsMax = 2000;
const rankingAgeMsMax = 1000;
/** The reference moves along before the growth of weights leaves the range of a float. */
const growthHalfLivesMax = 100;
/** Steps of a score; finer differences are rounding. */
const scoreSteps = 1e6;

/** The sums of one sliding window, kept up to date by what enters and what leaves. */
export class TrendWindowCounts {
  readonly #shape: WindowShape;
  readonly #items = new Map<string, Entry>();
  /** First and last bucket of the window, by number (time / width); none at first. */
  #first = 0;
  #last = -1;
  #referenceMs = 0;
  #version = 0;
  #ranking: { version: number; nowMs: number; items: readonly TrendingItem[] } | undefined;

  constructor(shape: WindowShape) {
    this.#shape = shape;
  }

  /** Adds what happened at a time, or takes it back; outside the window nothing happens. */
  add(itemId: string, { atMs, counts, sign }: { atMs: number; counts: Counts; sign: 1 | -1 }): void {
    const bucket = Math.floor(atMs / this.#shape.bucketMs);
    if (bucket < this.#first || bucket > this.#last) return;
    const { bucketMs, halfLifeMs } = this.#shape;
    const growth = 2 ** ((bucket * bucketMs - this.#referenceMs) / halfLifeMs);
    const entry = this.#items.get(itemId) ?? { counts: noCounts(), grown: 0 };
    addCounts(entry.counts, counts, sign);
    entry.grown += sign * growth * weightOfCounts(counts);
    if (isNothing(entry.counts)) this.#items.delete(itemId);
    else this.#items.set(itemId, entry);
    this.#version++;
  }

  /** Moves the window, so that it ends with the bucket of this moment. @param read Gives what a bucket holds. */
  async advance(
    nowMs: number,
    read: (bucketStartMs: number) => Promise<[itemId: string, counts: Counts][]>,
  ): Promise<void> {
    const { bucketMs, spanMs, halfLifeMs } = this.#shape;
    const last = Math.floor(nowMs / bucketMs);
    const first = Math.floor((nowMs - spanMs) / bucketMs);
    if (first === this.#first && last === this.#last) return;
    const isFar = first > this.#last || last < this.#first;
    const hasGrown = Math.abs(nowMs - this.#referenceMs) > growthHalfLivesMax * halfLifeMs;
    if (isFar || hasGrown) {
      this.#items.clear();
      this.#version++;
      this.#referenceMs = nowMs;
      [this.#first, this.#last] = [first, first - 1];
    }
    const change = async (bucket: number, sign: 1 | -1) => {
      const atMs = bucket * bucketMs;
      for (const [itemId, counts] of await read(atMs)) this.add(itemId, { atMs, counts, sign });
    };
    try {
      // a bucket is inside while it is added or taken away
      while (this.#last < last) await change(++this.#last, 1);
      while (this.#first > first) await change(--this.#first, 1);
      for (; this.#first < first; this.#first++) await change(this.#first, -1);
      for (; this.#last > last; this.#last--) await change(this.#last, -1);
    } catch (error) {
      [this.#first, this.#last] = [0, -1]; // read anew next time
      throw error;
    }
  }

  /** All items, the highest score first; of equal scores the lower id. Cost: O(items · log items), or nothing where it was just made. */
  ranking(nowMs: number): readonly TrendingItem[] {
    const known = this.#ranking;
    const isRecent = known && Math.abs(nowMs - known.nowMs) < rankingAgeMsMax;
    const mayDiffer = this.#items.size > freshItemsMax;
    if (isRecent && (mayDiffer || known.version === this.#version)) return known.items;
    const shrink = 2 ** ((this.#referenceMs - nowMs) / this.#shape.halfLifeMs);
    const items = Array.from(this.#items, ([itemId, { counts, grown }]) => ({
      itemId,
      score: Math.max(0, Math.round(grown * shrink * scoreSteps) / scoreSteps),
      ...figuresOf(counts),
    })).sort((left, right) => right.score - left.score || (left.itemId < right.itemId ? -1 : 1));
    this.#ranking = { version: this.#version, nowMs, items };
    return items;
  }
}

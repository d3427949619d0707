import { setImmediate } from "node:timers/promises";
import type { TrendingRow } from "../contracts/tables.ts";
import type { TrendingItem } from "./live-view.ts";
import { type TrendWindow, trendWindowNames } from "./trending.ts";

/** Items of each window and genre that become rows. */
const rowsMax = 200;
/** Items that are looked at before the event loop turns. */
const sliceItems = 250;

/** The best 200 items of each window, of all and of each genre. @param options.genresOf `undefined` hides an item. */
export async function trendingRows(options: {
  ranking: (window: TrendWindow) => Promise<readonly TrendingItem[]>;
  genresOf: (itemId: string) => readonly string[] | undefined;
  nowMs: number;
}): Promise<TrendingRow[]> {
  const { ranking, genresOf, nowMs } = options;
  const computedAt = new Date(nowMs).toISOString();
  const rows: TrendingRow[] = [];
  for (const window of trendWindowNames) {
    const ranks = new Map<string, number>();
    for (const [at, item] of (await ranking(window)).entries()) {
      if (at % sliceItems === 0) await setImmediate();
      const genres = genresOf(item.itemId);
      if (!genres) continue;
      for (const genre of new Set(["", ...genres])) {
        const rank = (ranks.get(genre) ?? 0) + 1;
        if (rank > rowsMax) continue;
        ranks.set(genre, rank);
        rows.push({
          ...{ item_id: item.itemId, genre, window, window_end: computedAt },
          ...(item.ratingMean === undefined ? {} : { rating_avg: item.ratingMean }),
          ...{ view_count: item.viewCount, click_count: item.clickCount, rating_count: item.ratingCount },
          ...{ trend_score: item.score, rank, computed_at: computedAt },
        });
      }
    }
  }
  return rows;
}

import type { RecommendationsBody } from "../contracts/http.ts";
import type { BuildRecord } from "../contracts/quality.ts";
import { displayTitle } from "../recommend/reasons.ts";

const whole = new Intl.NumberFormat("en-US");

/** A whole number with thousands separated: `100,836`. */
export const formatCount = (count: number): string => whole.format(count);

/** `ratings: 100,836 read, 100,836 kept, 0 rejected` */
export function ratingsLine({ ratings: { read, kept, rejected } }: Pick<BuildRecord, "ratings">): string {
  return `ratings: ${formatCount(read)} read, ${formatCount(kept)} kept, ${formatCount(rejected)} rejected`;
}

/** One line an item: `1. Heat (1995) – because you liked Ronin (1998)`. */
export function recommendationLines({ items }: Pick<RecommendationsBody, "items">): string[] {
  return items.map(({ rank, title, release_year: releaseYear, reason }) => {
    const shown = displayTitle({ title, ...(releaseYear === undefined ? {} : { releaseYear }) });
    return `${rank}. ${shown} – ${reason.text}`;
  });
}

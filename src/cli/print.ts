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

/**
 * What a person should know of a build besides its ratings, a line each: items without counterpart, items that only
 * ratings name, failed checks of the warning level. A record written by an older version may lack the last.
 */
export function buildNotes(record: BuildRecord): string[] {
  const { unmapped, unmapped_path: list, placeholders } = record;
  const warnings: readonly string[] | undefined = record.warnings;
  return [
    ...Object.entries(unmapped).map(
      ([source, count]) => `unmapped: ${formatCount(count)} items have no ${source} id (lake/${list})`,
    ),
    ...(placeholders > 0
      ? [
          `placeholders: ${formatCount(placeholders)} items are known from ratings or tags only, and are not shown`,
        ]
      : []),
    ...(warnings ?? []).map((warning) => `warning: ${warning}`),
  ];
}

/** One line an item: `1. Heat (1995) – because you liked Ronin (1998)`. */
export function recommendationLines({ items }: Pick<RecommendationsBody, "items">): string[] {
  return items.map(({ rank, title, release_year: releaseYear, reason }) => {
    const shown = displayTitle({ title, ...(releaseYear === undefined ? {} : { releaseYear }) });
    return `${rank}. ${shown} – ${reason.text}`;
  });
}

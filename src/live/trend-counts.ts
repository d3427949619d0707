import { completedProgress, signalWeights } from "../contracts/events.ts";
import { likedRating } from "../data/signals.ts";
import type { Action } from "./action.ts";

/** What is counted of an item in a bucket of time, in this order. All are whole numbers, so that no order of events matters. */
const counted = [
  "pageViews",
  "partViews",
  "completedViews",
  "clicks",
  "ratings",
  "ratingHalves", // sum of all ratings, in half stars
  "likedHalves", // sum of the ratings that are signs of liking, in half stars
  "likes",
  "bookmarks",
  "partListens",
  "completedListens",
] as const;

/** One number for each of what is counted. */
export type Counts = readonly number[];
const at = Object.fromEntries(counted.map((name, index) => [name, index])) as Record<
  (typeof counted)[number],
  number
>;

const weights: readonly number[] = counted.map((name) => {
  switch (name) {
    case "pageViews":
      return signalWeights.pageView;
    case "partViews":
      return signalWeights.partView;
    case "completedViews":
      return signalWeights.completedView;
    case "clicks":
      return signalWeights.click;
    case "likedHalves":
      return 1 / 10; // rating / 5, of half stars
    case "likes":
      return signalWeights.like;
    case "bookmarks":
      return signalWeights.bookmark;
    case "partListens":
      return signalWeights.partListen;
    case "completedListens":
      return signalWeights.completedListen;
    default:
      return 0;
  }
});

/** Counts of one action; `undefined` where nothing is counted (a dislike). The same array for equal actions: not to be changed. */
export function countsOf({ kind, value }: Action): Counts | undefined {
  if (kind === "dislike") return undefined;
  // of a view only matters whether it was to the end
  const name = kind === "view" ? (value >= completedProgress ? "view 1" : "view 0") : `${kind} ${value}`;
  const known = countsByName.get(name) ?? makeCounts(kind, value);
  countsByName.set(name, known);
  return known;
}

const countsByName = new Map<string, Counts>();

function makeCounts(kind: Action["kind"], value: number): Counts {
  const counts: number[] = counted.map(() => 0);
  if (kind === "page") counts[at.pageViews] = 1;
  else if (kind === "view") counts[value >= completedProgress ? at.completedViews : at.partViews] = 1;
  else if (kind === "click") counts[at.clicks] = 1;
  else if (kind === "like") counts[at.likes] = 1;
  else if (kind === "bookmark") counts[at.bookmarks] = 1;
  else if (kind === "listen") counts[value === 1 ? at.completedListens : at.partListens] = 1;
  else {
    const halves = Math.round(2 * value);
    counts[at.ratings] = 1;
    counts[at.ratingHalves] = halves;
    counts[at.likedHalves] = value >= likedRating ? halves : 0;
  }
  return counts;
}

/** Counts that belong to one holder, who may change them. */
export type OwnCounts = number[];
export const noCounts = (): OwnCounts => counted.map(() => 0);

/** Adds to counts in place, or takes away. */
export function addCounts(sum: OwnCounts, counts: Counts, sign: 1 | -1): void {
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] as number;
    if (count !== 0) sum[index] = (sum[index] as number) + sign * count;
  }
}

export const isNothing = (counts: Counts): boolean => counts.every((count) => count === 0);

/** Sum of the weights of everything that was counted. */
export function weightOfCounts(counts: Counts): number {
  let sum = 0;
  for (let index = 0; index < counts.length; index++) sum += (counts[index] ?? 0) * (weights[index] ?? 0);
  return sum;
}

export const textOfCounts = (counts: Counts): string => counts.join(",");
/** The counts of a text that {@link textOfCounts} made. Digit by digit: records hold tens of thousands of these numbers. */
export function countsOfText(text: string): OwnCounts {
  const counts: OwnCounts = [];
  let [number, sign] = [0, 1];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === comma) {
      counts.push(sign * number);
      [number, sign] = [0, 1];
    } else if (unit === minus) sign = -1;
    else number = 10 * number + unit - zero;
  }
  counts.push(sign * number);
  return counts;
}

const [comma, minus, zero] = [",", "-", "0"].map((sign) => sign.charCodeAt(0)) as [number, number, number];

/** What a person sees of the counts. */
export function figuresOf(counts: Counts) {
  const of = (index: number) => counts[index] ?? 0;
  const viewCount = of(at.pageViews) + of(at.partViews) + of(at.completedViews);
  const [clickCount, ratingCount] = [of(at.clicks), of(at.ratings)];
  const others = of(at.likes) + of(at.bookmarks) + of(at.partListens) + of(at.completedListens);
  return {
    ...{ viewCount, clickCount, ratingCount },
    ...(ratingCount > 0 ? { ratingMean: of(at.ratingHalves) / 2 / ratingCount } : {}),
    actionCount: viewCount + clickCount + ratingCount + others,
  };
}

import type { Item } from "../data/catalogue.ts";

/** Where a recommendation comes from: what a reason may name, and what that means. */
export const reasonSources = {
  history: "the user's own history, by the model",
  popularity: "the popular items of a model that knows nothing of the user",
  top_ratings: "the best rated here",
  imdb_rating: "the best rated on IMDb",
  popular: "the most rated here",
  trending: "what others do now",
  continue: "what the user has begun",
  similar: "an item that the user knows",
  content: "what it is about",
  new: "it is new",
  promotion: "a rule of the surface gives it a place",
  pin: "a rule of the surface gives it this place",
  exploration: "it is tried",
} as const;
export type ReasonSource = keyof typeof reasonSources;

/** One of the user's own items, and how much it added to the score. */
export interface ReasonItem {
  readonly item: Item;
  readonly weight: number;
}

/** What a sentence puts in beside titles, for whoever says it in another language. */
export interface ReasonFacts {
  /** On average, as it is shown: 1..10 of `imdb_rating`, else 0.5..5; one digit behind the point. */
  readonly rating?: number;
  /** People who rated it; of `trending` actions. */
  readonly count?: number;
  /** Of `trending`: `1h`, `24h`, `7d`. */
  readonly window?: string;
  /** How much of it was watched, 0..1 in hundredths. */
  readonly progress?: number;
  /** Of `new`: of its release; absent where it is new to this catalogue. */
  readonly release_year?: number;
  /** Of `content`: what it is about. */
  readonly genres?: readonly string[];
}

/** Why an item is in an answer: a sentence for a person, and the facts for a program. */
export interface Reason {
  readonly source: ReasonSource;
  readonly text: string;
  readonly because: readonly ReasonItem[];
  readonly facts?: ReasonFacts;
}

/** What the ratings of an item say. */
export interface RatingSummary {
  readonly count: number;
  /** 0.5..5; without meaning where count is 0. */
  readonly mean: number;
}

/** Most of the user's own items that one reason names. */
export const reasonItemsMax = 3;

/**
 * The title as a person reads it, with the year once: many sources write it into the title already.
 *
 * @example
 * import { displayTitle } from "usher-recommender";
 * displayTitle({ title: "Heat (1995)", releaseYear: 1995 }); // → "Heat (1995)"
 * displayTitle({ title: "Heat", releaseYear: 1995 }); // → "Heat (1995)"
 */
export function displayTitle(item: Pick<Item, "title" | "releaseYear">): string {
  if (item.releaseYear === undefined || /\(\d{4}(?:[-–](?:\d{4})?)?\)\s*$/.test(item.title))
    return item.title;
  return `${item.title} (${item.releaseYear})`;
}

/** `rated 4.2 on average by 329 viewers`. */
export function ratedReason(rated: RatingSummary, source: ReasonSource): Reason {
  const { count, mean } = rated;
  const facts = count === 0 ? { count } : { rating: Number(mean.toFixed(1)), count };
  return { source, text: ratedText(rated), because: [], facts };
}

function ratedText({ count, mean }: RatingSummary): string {
  if (count === 0) return "not rated yet";
  return `rated ${mean.toFixed(1)} on average by ${count} ${count === 1 ? "viewer" : "viewers"}`;
}

/** `watched, liked or rated 12 times in the last 24 hours`. @param window As in the API: `1h`, `24h` or `7d`. */
export function trendingReason(actionCount: number, window: string): Reason {
  const [, count, unit] = /^(\d+)(h|d)$/.exec(window) ?? [];
  const units = `${unit === "d" ? "day" : "hour"}${count === "1" ? "" : "s"}`;
  const last = count === "1" ? `last ${units}` : `last ${count} ${units}`;
  const times = actionCount === 1 ? "once" : `${actionCount} times`;
  const text = `watched, liked or rated ${times} in the ${last}`;
  return { source: "trending", text, because: [], facts: { count: actionCount, window } };
}

/** `you have watched 40 % of it`. @param progress 0..1. */
export function continueReason(progress: number): Reason {
  const percent = Math.round(100 * progress);
  const facts = { progress: percent / 100 };
  return { source: "continue", text: `you have watched ${percent} % of it`, because: [], facts };
}

/** `rated 8.3 on IMDb by 120,345 people`. @param rated On 0.5..5, half of what IMDb shows. */
export function imdbReason({ count, mean }: RatingSummary): Reason {
  const people = count === 1 ? "1 person" : `${count.toLocaleString("en-US")} people`;
  const rating = (2 * mean).toFixed(1);
  const text = `rated ${rating} on IMDb by ${people}`;
  return { source: "imdb_rating", text, because: [], facts: { rating: Number(rating), count } };
}

/** `like Heat (1995)`. */
export function similarReason(item: Item): Reason {
  return { source: "similar", text: `like ${displayTitle(item)}`, because: [{ item, weight: 1 }] };
}

/** `about what you like: Comedy, Drama`. */
export function contentReason(genres: readonly string[]): Reason {
  const about = genres.length === 0 ? "" : `: ${genres.join(", ")}`;
  return { source: "content", text: `about what you like${about}`, because: [], facts: { genres } };
}

/** `released in 2011`; `new here` of what is new to this catalogue. @param releaseYear Of what is new in itself. */
export function newReason(of: { isNewHere: boolean; releaseYear: number | undefined }): Reason {
  const { isNewHere, releaseYear } = of;
  if (isNewHere) return plainReason("new", "new here");
  if (releaseYear === undefined) return plainReason("new", "new");
  const facts = { release_year: releaseYear };
  return { source: "new", text: `released in ${releaseYear}`, because: [], facts };
}

/** A reason that is a sentence and nothing more. */
export const plainReason = (source: ReasonSource, text: string): Reason => ({ source, text, because: [] });

/**
 * The reason of an item that was found from the user's history.
 *
 * @param strongest The user's own items with a positive contribution, the strongest first. Where there is none,
 * no single item carries the score, and the sentence says so.
 */
export function historyReason(strongest: readonly ReasonItem[]): Reason {
  const titles = strongest.map(({ item }) => displayTitle(item));
  const last = titles.pop();
  if (last === undefined)
    return { source: "history", text: "fits all your ratings taken together", because: [] };
  const names = titles.length === 0 ? last : `${titles.join(", ")} and ${last}`;
  return { source: "history", text: `because you liked ${names}`, because: strongest };
}

/**
 * The positions of the greatest positive values, the greatest first; of equal ones the earlier first.
 *
 * @param options.counts Asked only for the few that would be among the greatest; false leaves the position out.
 * Cost: O(values · limit), which for three is less than sorting.
 */
export function strongestPositions(
  values: Float32Array,
  options: { limit: number; counts?: (position: number) => boolean },
): number[] {
  const { limit, counts } = options;
  const best: number[] = [];
  let least = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (!(value > least) || counts?.(at) === false) continue; // NaN too
    let place = best.length;
    while (place > 0 && value > (values[best[place - 1] ?? 0] ?? 0)) place--;
    best.splice(place, 0, at);
    if (best.length > limit) best.pop();
    if (best.length === limit) least = values[best[limit - 1] ?? 0] ?? 0;
  }
  return best;
}

import type { Item } from "../data/catalogue.ts";
import type { UserFeatures } from "../data/user-features.ts";
import type { Asked, Candidate, Placed } from "./asked.ts";
import { reasonsOf } from "./explain.ts";
import { termsOf } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import type { Reason } from "./reasons.ts";
import { roundScore } from "./terms.ts";

/** One item as an answer shows it. */
export interface ShownItem {
  readonly item: Item;
  /** 1 = best; goes on from page to page. */
  readonly rank: number;
  readonly score: number;
  /** 0.5..5, in steps of 0.01; absent where no model knows the item. */
  readonly ratingPredicted?: number;
  readonly reason: Reason;
}

/** One item of an answer, and how it came there. */
export interface RecommendedItem extends ShownItem {
  /** Its index in the catalogue. */
  readonly index: number;
  /** Of what the score is the sum, by name. */
  readonly terms: Readonly<Record<string, number>>;
  readonly placed?: Placed;
  /** Probability with which this item stood at this place, 0..1. */
  readonly propensity: number;
}

/** A page of a list before anything is tried on it. */
export interface Page {
  /** The surface that was asked for, the one that answered, and whether that is another. */
  readonly wanted: Plan;
  readonly plan: Plan;
  readonly isFallback: boolean;
  readonly features: UserFeatures | undefined;
  readonly asked: Asked;
  readonly list: readonly Candidate[];
  /** Candidates that are not on it, where exploration draws from them. */
  readonly rest: readonly Candidate[];
  /** The items of `list` as answers show them, once one has. */
  readonly items: (RecommendedItem | undefined)[];
  /** Of an empty page: what left nothing. */
  readonly emptiedBy: string | undefined;
}

/** A predicted rating as it is shown: 0.5..5 in steps of 0.01. */
export const clipRating = (rating: number): number =>
  Math.round(Math.min(5, Math.max(0.5, rating)) * 100) / 100;

/** The items of a page as answers show them, with what was tried in their places; each is made once. */
export function shownItems(page: Page, list: readonly Candidate[] = page.list): readonly RecommendedItem[] {
  const { items, asked } = page;
  const made = (at: number) => (list[at] === page.list[at] ? items[at] : undefined);
  const missing: number[] = [];
  for (let at = 0; at < list.length; at++) if (made(at) === undefined) missing.push(at);
  if (missing.length === 0 && list === page.list) return items as RecommendedItem[];
  const found = list.map((_, at) => made(at));
  const shown = present(missing, { list, asked });
  for (const [next, at] of missing.entries()) {
    found[at] = shown[next];
    if (list[at] === page.list[at]) items[at] = shown[next];
  }
  return found as RecommendedItem[];
}

/** The items at some places of a list, with what the person would rate them, and why they are there. */
function present(
  places: readonly number[],
  { list, asked }: { list: readonly Candidate[]; asked: Asked },
): RecommendedItem[] {
  const { offer, offset, person, release } = asked;
  const candidates = places.map((at) => list[at] as Candidate);
  const trained = candidates.map(({ item }) => item).filter((item) => item < offer.trainedCount);
  const ratings = trained.length === 0 ? [] : release.rater.scoreChosen(person.ratings, trained);
  const reasons = reasonsOf(candidates, asked);
  let next = 0;
  // written out field by field: spreading objects costs a tenth of a whole answer
  return candidates.map((candidate, at) => {
    const index = candidate.item;
    const { propensity = 1, placed } = candidate;
    const recommended: Writable<RecommendedItem> = {
      item: offer.items[index] as Item,
      index,
      rank: offset + (places[at] ?? 0) + 1,
      score: roundScore(candidate.score),
      reason: reasons[at] as Reason,
      terms: termsOf(candidate),
      propensity,
    };
    if (index < offer.trainedCount) recommended.ratingPredicted = clipRating(ratings[next++] ?? 0);
    if (placed !== undefined) recommended.placed = placed;
    return recommended;
  });
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

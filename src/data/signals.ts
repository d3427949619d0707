import { type Interactions, mapInteractions } from "./interactions.ts";

/** The lowest rating that counts as a sign of liking. */
export const likedRating = 3.5;

/** Weight of one rating as a sign of liking: rating / 5 from {@link likedRating} on, else 0 (CONTRACTS "Signals"). */
export function ratingWeight(rating: number): number {
  return rating >= likedRating ? rating / 5 : 0;
}

/** Ratings as weights for a ranking model: entries without weight are dropped. */
export function weightsOfRatings(ratings: Interactions): Interactions {
  return mapInteractions(ratings, (rating) => ratingWeight(rating) || Number.NaN);
}

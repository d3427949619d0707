import type { Interactions } from "./interactions.ts";
import type { Vocabulary } from "./vocabulary.ts";

/**
 * What models learn from: one rating a (user, item) pair, the latest.
 *
 * Items without ratings and users without ratings are in the vocabularies too, so that the catalogue and the model agree.
 */
export interface TrainingSet {
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  /** Ratings 0.5..5, shape [users × items]. */
  readonly ratings: Interactions;
}

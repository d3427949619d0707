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
  /**
   * Weights that rankers learn from, > 0 and at most 5, shape [users × items], with the time of the newest action of each pair.
   * Absent where nothing but imported ratings is known: the weights are then those of the ratings.
   */
  readonly weights?: Interactions;
}

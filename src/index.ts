/**
 * Usher as a library: the parts that the server is made of.
 *
 * Stable names for programs: data in, models, evaluation, and the composition root of a whole system.
 */
export { type Configuration, defaultConfiguration } from "./contracts/configuration.ts";
export { type Catalogue, catalogue, type Item } from "./data/catalogue.ts";
export {
  emptyHistory,
  type History,
  historyOf,
  type Interactions,
  interactionsFromTriples,
  mapInteractions,
  type Triples,
  transpose,
} from "./data/interactions.ts";
export { type Random, seededRandom, shuffle } from "./data/random.ts";
export { likedRating, ratingWeight, weightsOfRatings } from "./data/signals.ts";
export { type Split, splitByUser } from "./data/split.ts";
export type { TrainingSet } from "./data/training-set.ts";
export { type Vocabulary, vocabulary } from "./data/vocabulary.ts";
export { type ErrorCode, type ErrorKind, errorKind, errorKinds, UsherError } from "./errors.ts";
export {
  type BootstrapOptions,
  pairedInterval,
  pairedRmseInterval,
  type SquaredErrors,
} from "./evaluate/interval.ts";
export {
  averagePrecisionAt,
  coverage,
  hitAt,
  hitAtRank,
  mae,
  mean,
  ndcgAt,
  ndcgAtRank,
  type Predictions,
  precisionAt,
  type RankedList,
  rankAmong,
  recallAt,
  rmse,
} from "./evaluate/metrics.ts";
export { evaluateRanking, type RankingEvaluation } from "./evaluate/ranking.ts";
export { evaluateRating, type RatingEvaluation } from "./evaluate/rating.ts";
export { algorithms } from "./models/algorithms.ts";
export { biasedMf } from "./models/biased-mf.ts";
export { ials } from "./models/ials.ts";
export { itemKnn } from "./models/item-knn.ts";
export type { Algorithm, FitRun, Model, ModelData, ParameterRule, Parameters } from "./models/model.ts";
export { loadModel, saveModel } from "./models/model-file.ts";
export { popularity } from "./models/popularity.ts";
export { recommendItems, type ScoredItems, similarTo } from "./models/recommend.ts";
export { displayTitle } from "./recommend/reasons.ts";
export { openReader, openUsher, type TrainingOptions, type Usher, type UsherReader } from "./usher.ts";

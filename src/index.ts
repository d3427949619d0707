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
  usersWithEntries,
} from "./data/interactions.ts";
export { sampleNegatives } from "./data/negatives.ts";
export { type NumpyRandom, numpyRandom } from "./data/numpy-random.ts";
export { type Random, seededRandom, shuffle } from "./data/random.ts";
export { likedRating, ratingWeight, weightsOfRatings } from "./data/signals.ts";
export {
  foldRows,
  kFolds,
  leaveOneOut,
  randomRows,
  type Split,
  splitAtRandom,
  splitByTime,
  splitByUser,
  type UserSplit,
} from "./data/split.ts";
export {
  type HeldOutUsers,
  type StrongSplit,
  type StrongSplitOptions,
  strongGeneralization,
} from "./data/strong-generalization.ts";
export type { TrainingSet } from "./data/training-set.ts";
export { type Vocabulary, vocabulary } from "./data/vocabulary.ts";
export { type ErrorCode, type ErrorKind, errorKind, errorKinds, UsherError } from "./errors.ts";
export { type Comparison, compareFigures, compareRankings, compareRatings } from "./evaluate/compare.ts";
export { evaluateGivenNegatives, type GivenNegativesEvaluation } from "./evaluate/given-negatives.ts";
export {
  type BootstrapOptions,
  type MeanInterval,
  meanInterval,
  pairedInterval,
  pairedRmseInterval,
  type SquaredErrors,
} from "./evaluate/interval.ts";
export {
  auc,
  averagePrecisionAt,
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
  recallOfAllAt,
  reciprocalRankAt,
  rmse,
} from "./evaluate/metrics.ts";
export {
  evaluateRanking,
  judgeLists,
  type RankingEvaluation,
  type RankingMeans,
  type RankingMetric,
} from "./evaluate/ranking.ts";
export { evaluateRating, type RatingEvaluation, type RatingRange } from "./evaluate/rating.ts";
export { evaluateSlice, groupSlices, longTail, type Slice, userSlices } from "./evaluate/slices.ts";
export {
  coverage,
  diversity,
  featureSimilarity,
  type ItemSimilarity,
  novelty,
  surprisal,
} from "./evaluate/variety.ts";
export { type Consumer, type ConsumerOptions, openConsumer } from "./events/consumer.ts";
export type { Appended, EventLog, LogRecord, NewRecord } from "./events/event-log.ts";
export { openLmdbEventLog } from "./events/lmdb-event-log.ts";
export { algorithms } from "./models/algorithms.ts";
export { biasedMf } from "./models/biased-mf.ts";
export { ease } from "./models/ease.ts";
export { ials } from "./models/ials.ts";
export { itemKnn } from "./models/item-knn.ts";
export type {
  Algorithm,
  ChoiceRule,
  FitRun,
  Model,
  ModelData,
  NumberRule,
  ParameterRule,
  Parameters,
} from "./models/model.ts";
export { loadModel, saveModel } from "./models/model-file.ts";
export { popularity } from "./models/popularity.ts";
export { recommendItems, type ScoredItems, similarTo } from "./models/recommend.ts";
export { type BatchRequest, listOf, recommendBatch, type ScoredLists } from "./models/recommend-batch.ts";
export type { ItemSets } from "./models/retrieval.ts";
export { svd } from "./models/svd.ts";
export { displayTitle } from "./recommend/reasons.ts";
export type { TrainingOptions } from "./training.ts";
export { openReader, openUsher, type Usher, type UsherReader } from "./usher.ts";

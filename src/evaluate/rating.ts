import { historyOf, type Interactions, usersWithEntries } from "../data/interactions.ts";
import { UsherError } from "../errors.ts";
import type { Model } from "../models/model.ts";

/** Ends of a rating scale, both allowed. */
export interface RatingRange {
  readonly min: number;
  readonly max: number;
}

/** Ends of the internal rating scale; predictions are clipped to them. */
export const ratingRange: RatingRange = { min: 0.5, max: 5 };

/** The rating as it is shown: clipped to the scale. */
export function clipRating(rating: number, range: RatingRange = ratingRange): number {
  return Math.min(range.max, Math.max(range.min, rating));
}

/** How well a model predicts ratings, by user and over all. Arrays have one entry a user with held-out ratings. */
export interface RatingEvaluation {
  readonly users: Int32Array;
  /** Number of held-out ratings of each user, and the sums of squared and absolute errors over them. */
  readonly counts: Int32Array;
  readonly squaredErrors: Float64Array;
  readonly absoluteErrors: Float64Array;
  /** Over all held-out ratings, so that a user with many counts more; 0 where there is none. */
  readonly rmse: number;
  readonly mae: number;
}

/**
 * RMSE and MAE of predictions clipped to the scale, by fold-in of each user's training ratings as in serving.
 *
 * @param task.train Ratings that the model gets as each user's history, shape [users × items].
 * @param task.test Held-out ratings. Users without any are left out.
 * @param task.range Ends of the scale. Default 0.5..5; published figures of MovieLens-100K and 1M clip to 1..5.
 * @param task.onUser Called with the share of users done, 0..1, now and then.
 * @throws UsherError `MODEL_DIVERGED`: a prediction that is not a number.
 * Cost: one fold-in and O(items) per user.
 */
export function evaluateRating(task: {
  model: Model;
  train: Interactions;
  test: Interactions;
  range?: RatingRange;
  onUser?: (fraction: number) => void;
}): RatingEvaluation {
  const { model, train, test, range = ratingRange, onUser } = task;
  const users = usersWithEntries(test);
  const counts = new Int32Array(users.length);
  const squaredErrors = new Float64Array(users.length);
  const absoluteErrors = new Float64Array(users.length);
  for (let at = 0; at < users.length; at++) {
    const user = users[at]!;
    const { items, values } = historyOf(test, user);
    const scores = model.scoreChosen(historyOf(train, user), items);
    for (let entry = 0; entry < items.length; entry++) {
      const predicted = scores[entry]!;
      if (Number.isNaN(predicted)) {
        throw new UsherError(
          "MODEL_DIVERGED",
          `${model.algorithm}: expected a predicted rating, got NaN for user ${user}, item ${items[entry]}`,
        );
      }
      const error = clipRating(predicted, range) - values[entry]!;
      squaredErrors[at]! += error * error;
      absoluteErrors[at]! += Math.abs(error);
    }
    counts[at] = items.length;
    if (at % 256 === 0) onUser?.(at / users.length);
  }
  const ratings = test.items.length;
  const total = (sums: Float64Array) => sums.reduce((sum, value) => sum + value, 0);
  return {
    users,
    counts,
    squaredErrors,
    absoluteErrors,
    rmse: ratings === 0 ? 0 : Math.sqrt(total(squaredErrors) / ratings),
    mae: ratings === 0 ? 0 : total(absoluteErrors) / ratings,
  };
}

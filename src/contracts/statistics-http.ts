import { type Static, Type } from "typebox";
import { listLengthDefault, listLengthMax } from "./http.ts";

const strict = { additionalProperties: false } as const;

const Genre = Type.String({
  minLength: 1,
  maxLength: 64,
  description: "Only items of this genre; case and accents do not matter.",
});
/** A year of release. */
export const Year = Type.Integer({ minimum: 1800, maximum: 2200 });
const VotesMin = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

/** What the distribution of ratings can be of. The first is the default. */
export const ratingKinds = ["given", "item_means"] as const;
export type RatingKind = (typeof ratingKinds)[number];

export const RatingsQuery = Type.Object(
  {
    of: Type.Optional(
      Type.Enum([...ratingKinds], {
        default: ratingKinds[0],
        description:
          "`given`: the ratings themselves; `item_means`: the mean rating of each item, to the nearest half step.",
      }),
    ),
    votes_min: Type.Optional(
      Type.Integer({
        ...VotesMin,
        default: 1,
        description: "Of `item_means`: only items with so many ratings.",
      }),
    ),
  },
  strict,
);
export const ReleasesQuery = Type.Object({ genre: Type.Optional(Genre) }, strict);
export const GenresQuery = Type.Object({ year: Type.Optional(Year) }, strict);
export const StatisticsTopQuery = Type.Object(
  {
    k: Type.Optional(Type.Integer({ minimum: 1, maximum: listLengthMax, default: listLengthDefault })),
    genre: Type.Optional(Genre),
    year: Type.Optional(Year),
    votes_min: Type.Optional(
      Type.Integer({ ...VotesMin, description: "The vote floor. Default: the one that the answer states." }),
    ),
  },
  strict,
);
export const LegacyStatisticsParams = Type.Object({ genre: Genre, year: Year });

const count = Type.Integer({ minimum: 0 });
const mean = Type.Number({ minimum: 0.5, maximum: 5 });
const Moment = Type.String({ format: "date-time" });

export const OverviewAnswer = Type.Object({
  model_version: Type.String({ description: "The release that serves." }),
  build: Type.Integer({ description: "The build that it pins: all statistics are of this one." }),
  item_count: count,
  user_count: count,
  rating_count: count,
  rating_mean: Type.Optional(mean),
  rated_item_count: count,
  rating_user_count: count,
  genre_count: count,
  first_rating_at: Type.Optional(Moment),
  last_rating_at: Type.Optional(Moment),
});
export const RatingsAnswer = Type.Object({
  total: count,
  buckets: Type.Array(Type.Object({ rating: mean, count })),
});
export const ItemStatisticsAnswer = Type.Object({
  item_id: Type.String(),
  total: count,
  rating_mean: Type.Optional(mean),
  buckets: RatingsAnswer.properties.buckets,
});
const figures = { item_count: count, rating_count: count, rating_mean: Type.Optional(mean) };
export const ReleasesAnswer = Type.Object({
  items: Type.Array(Type.Object({ release_year: Type.Integer(), ...figures })),
});
export const GenresAnswer = Type.Object({
  items: Type.Array(Type.Object({ genre: Type.String(), ...figures })),
});
export const StatisticsTopAnswer = Type.Object({
  vote_floor: Type.Integer({ minimum: 1, description: "Items with fewer ratings are left out." }),
  prior_votes: Type.Integer({ minimum: 1, description: "m of the weighted mean." }),
  prior_mean: Type.Number({ description: "C of the weighted mean: that of all ratings." }),
  items: Type.Array(
    Type.Object({
      item_id: Type.String(),
      rank: Type.Integer({ minimum: 1 }),
      score: Type.Number({ description: "Weighted mean, 0.5..5." }),
      title: Type.String(),
      release_year: Type.Optional(Type.Integer()),
      genres: Type.Array(Type.String()),
      rating_mean: mean,
      rating_count: count,
    }),
  ),
});
const counted = { count, rating_mean: mean };
export const UserStatisticsAnswer = Type.Object({
  user_id: Type.String(),
  rating_count: count,
  liked_count: Type.Integer({ minimum: 0, description: "Ratings of 3.5 and above." }),
  rating_mean: Type.Optional(mean),
  first_rating_at: Type.Optional(Moment),
  last_rating_at: Type.Optional(Moment),
  months: Type.Array(Type.Object({ month: Type.String({ description: "`2001-03`, UTC." }), ...counted })),
  ratings: Type.Array(Type.Object({ rating: mean, count })),
  genres: Type.Array(Type.Object({ genre: Type.String(), ...counted })),
});
export const LegacyStatistics = Type.Object({
  top: Type.Array(
    Type.Object({
      id: Type.Union([Type.Integer(), Type.String()]),
      title: Type.String(),
      rating_mean: mean,
      rating_count: count,
    }),
  ),
  genres: Type.Array(Type.Object({ genre: Type.String(), count })),
});
export const LegacyMustWatch = Type.Object({
  result: Type.Object({ must_watch: Type.Array(Type.Union([Type.Integer(), Type.String()])) }),
  error: Type.Null(),
});

export type OverviewBody = Static<typeof OverviewAnswer>;
export type RatingsBody = Static<typeof RatingsAnswer>;
export type ItemStatisticsBody = Static<typeof ItemStatisticsAnswer>;
export type ReleasesBody = Static<typeof ReleasesAnswer>;
export type GenresBody = Static<typeof GenresAnswer>;
export type UserStatisticsBody = Static<typeof UserStatisticsAnswer>;
export type StatisticsTopBody = Static<typeof StatisticsTopAnswer>;

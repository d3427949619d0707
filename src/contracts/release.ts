import { type Static, Type } from "typebox";

const exact = { additionalProperties: false } as const;

/** A mean with its paired 95 % bootstrap interval over users. */
const interval = Type.Object(
  {
    difference: Type.Number({ description: "This model minus the other." }),
    low: Type.Number({ description: "Lower end of the 95 % interval." }),
    high: Type.Number({ description: "Upper end of the 95 % interval." }),
  },
  exact,
);

/** An algorithm with all of its parameters, those at their defaults too. */
const modelChoice = Type.Object(
  {
    algorithm: Type.String(),
    parameters: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
  },
  exact,
);

const count = Type.Integer({ minimum: 0 });

const rankerFigures = Type.Object(
  {
    ...modelChoice.properties,
    ndcg: Type.Number(),
    recall: Type.Number(),
    map: Type.Number(),
    coverage: Type.Number({ description: "Share of all items that are in at least one list." }),
    ndcg_against_popularity: Type.Union([interval, Type.Null()], {
      description: "Null for popularity itself and where no user could be evaluated.",
    }),
  },
  exact,
);

const raterFigures = Type.Object(
  {
    ...modelChoice.properties,
    rmse: Type.Number(),
    mae: Type.Number(),
    rmse_against_baseline: Type.Union([interval, Type.Null()], {
      description: "Null for the baseline itself and where no rating was held out.",
    }),
  },
  exact,
);

const sliceFigures = Type.Object(
  {
    name: Type.String({ description: "Such as `new users`, `long tail`, `genre Comedy`." }),
    users_evaluated: Type.Integer({ minimum: 1 }),
    rankers: Type.Array(
      Type.Object(
        {
          ndcg: Type.Number(),
          recall: Type.Number(),
          ndcg_against_popularity: Type.Union([interval, Type.Null()]),
        },
        exact,
      ),
      { description: "In the order of the report's `rankers`." },
    ),
  },
  exact,
);

const trainingProperties = {
  seed: Type.Integer(),
  data: Type.Object(
    {
      fingerprint: Type.String({ description: "SHA-256 over vocabularies and ratings." }),
      users: count,
      items: count,
      ratings: count,
    },
    exact,
  ),
  split: Type.Object(
    {
      share: Type.Number({ description: "Share of each user's ratings that is held out." }),
      order: Type.Union([Type.Literal("time"), Type.Literal("random"), Type.Literal("mixed")], {
        description: "How held-out ratings were chosen: each user's last ones, seeded, or by user.",
      }),
      train_ratings: count,
      test_ratings: count,
      users_evaluated: Type.Integer({
        minimum: 0,
        description:
          "Users with at least one held-out rating of positive weight; ranking figures are over them.",
      }),
    },
    exact,
  ),
  k: Type.Integer({ minimum: 1, description: "Length of the evaluated lists." }),
  note: Type.String({ description: "What the figures are of." }),
  rankers: Type.Array(rankerFigures, { minItems: 1 }),
  raters: Type.Array(raterFigures, { minItems: 1 }),
  slices: Type.Optional(
    Type.Array(sliceFigures, { description: "The rankers for parts of the users or items." }),
  ),
  chosen: Type.Object({ ranker: modelChoice, rater: modelChoice, reason: Type.String() }, exact),
  gate: Type.Object(
    {
      decision: Type.Union([Type.Literal("accepted"), Type.Literal("refused")]),
      reason: Type.String(),
      present: Type.Optional(modelChoice),
      ndcg_against_present: Type.Optional(interval),
    },
    exact,
  ),
};

/** What a training found out, before it is stored as a release. Names as on disk and on the wire. */
export const trainingReportSchema = Type.Object(trainingProperties, exact);
export type TrainingReport = Static<typeof trainingReportSchema>;

/** What a training was asked for: the configuration, and what was said over it. */
const trainingSettings = Type.Object(
  {
    models: Type.Record(
      Type.String(),
      Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
      { description: "Parameters that differ from the defaults, by algorithm." },
    ),
    seed: Type.Integer(),
    algorithms: Type.Optional(
      Type.Array(Type.String(), { description: "Only these; absent: the usual ones." }),
    ),
  },
  exact,
);
export type TrainingSettings = Static<typeof trainingSettings>;

/** The document `model.json` of a release: the training report and what it was made from. */
export const releaseReportSchema = Type.Object(
  {
    format: Type.Literal(1),
    version: Type.String({ pattern: "^v\\d{4,}$" }),
    created_at: Type.String({ description: "ISO 8601, UTC." }),
    code_version: Type.String(),
    build: Type.Object(
      {
        number: count,
        tables: Type.Record(Type.String(), count, { description: "Table → version that the build pins." }),
      },
      exact,
    ),
    settings: Type.Optional(trainingSettings),
    ...trainingProperties,
  },
  exact,
);
export type ReleaseReport = Static<typeof releaseReportSchema>;

export type Interval = Static<typeof interval>;
export type ModelChoice = Static<typeof modelChoice>;
export type RankerFigures = Static<typeof rankerFigures>;
export type RaterFigures = Static<typeof raterFigures>;

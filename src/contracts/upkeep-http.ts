import { type Static, Type } from "typebox";
import { jobSchema, lineageSchema, runRecordSchema } from "./workflow.ts";

const strict = { additionalProperties: false } as const;
const Limit = Type.Integer({ minimum: 1, maximum: 200, default: 50 });

export const ReportsQuery = Type.Object({ limit: Type.Optional(Limit) }, strict);
export const RunsQuery = Type.Object(
  {
    limit: Type.Optional(Limit),
    lane: Type.Optional(
      Type.Union([Type.Literal("main"), Type.Literal("events")], {
        description: "Only these: what trains and cares, or what brings events in each minute.",
      }),
    ),
  },
  strict,
);
export const RunParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const JobParams = RunParams;
export const VersionParams = Type.Object({ version: Type.String({ minLength: 1, maxLength: 16 }) });
export const RunBody = Type.Object(
  {
    tasks: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 20 }),
    ),
    force: Type.Optional(Type.Boolean({ description: "Run tasks whose inputs have not changed too." })),
    retry: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: "Run what did not succeed in this run." }),
    ),
  },
  strict,
);
const Name = Type.String({ minLength: 1, maxLength: 64 });
export const TrainingBody = Type.Object(
  {
    algorithms: Type.Optional(
      Type.Array(Name, { minItems: 1, maxItems: 20, description: "Only these; default: the usual ones." }),
    ),
    parameters: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])), {
        description: 'Over those of the configuration, by algorithm: `{ "ials": { "factors": 32 } }`.',
      }),
    ),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffffffff })),
  },
  strict,
);
const RatingsFile = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    description: "Which file holds the ratings, where there are several.",
  }),
);
export const ImportBody = Type.Object(
  {
    source: Type.String({
      minLength: 1,
      maxLength: 4096,
      description: "`movielens:<folder on the server>`, `csv:<folder on the server>` or `demo`.",
    }),
    ratings_file: RatingsFile,
  },
  strict,
);
/** The parts of an upload that are no files. */
export const UploadFields = Type.Object(
  {
    source: Type.Optional(
      Type.Enum(["movielens", "csv"], { description: "What the files are; default: told by their names." }),
    ),
    ratings_file: RatingsFile,
  },
  strict,
);
/** An upload, for the description: files are read piece by piece and never as a whole. */
export const UploadBody = Type.Object({
  ...UploadFields.properties,
  files: Type.Array(Type.String({ format: "binary" }), {
    description: "Each a part with a file name, whatever the part is called.",
  }),
});
export const PageQuery = Type.Object(
  {
    limit: Type.Optional(Limit),
    cursor: Type.Optional(
      Type.String({
        pattern: "^[0-9]{1,12}$",
        maxLength: 12,
        description: "`next_cursor` of the page before.",
      }),
    ),
  },
  strict,
);

export const RunAnswer = runRecordSchema;
export const RunsAnswer = Type.Object({ items: Type.Array(runRecordSchema) });
export const JobAnswer = jobSchema;
export const JobsAnswer = Type.Object({ items: Type.Array(jobSchema) });
export const LineageAnswer = Type.Object({ items: Type.Array(lineageSchema) });
export const ServingAnswer = Type.Object({ version: Type.String() });
/** What keeps a home fresh: its tasks in their order, and when they next run by the clock. */
export const TasksAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      after: Type.Array(Type.String(), { description: "Names of the tasks that come before it." }),
    }),
  ),
  schedules: Type.Array(
    Type.Object({
      name: Type.String({ description: "`events`: events into bronze; `retrain`: all of it." }),
      next_at: Type.String({ format: "date-time" }),
    }),
  ),
  after_interactions: Type.Integer({
    minimum: 0,
    description: "New events after which a retraining starts; 0: never by number.",
  }),
});
export type TasksBody = Static<typeof TasksAnswer>;
export const ReportsAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      number: Type.Integer(),
      accepted: Type.Boolean(),
      created_at: Type.String(),
      source: Type.String(),
      tables: Type.Array(
        Type.Object({
          table: Type.String(),
          ts: Type.String(),
          errors: Type.Integer(),
          warnings: Type.Integer(),
          checks: Type.Array(
            Type.Object({
              name: Type.String(),
              level: Type.String(),
              passed: Type.Boolean(),
              failed_rows: Type.Integer(),
              total_rows: Type.Integer(),
              details: Type.String(),
            }),
          ),
        }),
      ),
      rejected_rows_total: Type.Integer(),
      placeholders: Type.Integer(),
      unmapped: Type.Record(Type.String(), Type.Integer()),
    }),
  ),
});
export const RejectedRowsAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      table: Type.Optional(Type.String()),
      filename: Type.String(),
      line: Type.Integer(),
      reason: Type.String(),
      row: Type.Optional(Type.String()),
    }),
  ),
  next_cursor: Type.Optional(Type.String()),
});

export type ReportsBody = Static<typeof ReportsAnswer>;
export type RejectedRowsBody = Static<typeof RejectedRowsAnswer>;

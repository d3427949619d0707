import { type Static, Type } from "typebox";

const exact = { additionalProperties: false } as const;
const Time = Type.String({ description: "ISO 8601, UTC." });
const Failure = Type.Object({ code: Type.String(), message: Type.String() }, exact);

/** Versions by name, such as `{ silver_ratings: 4, release: "v0002" }`: what a task read or what it made. */
const Versions = Type.Record(Type.String(), Type.Union([Type.Integer(), Type.String()]));
export type Versions = Static<typeof Versions>;

/** What became of one task of a run. */
export const taskRecordSchema = Type.Object(
  {
    name: Type.String(),
    status: Type.Enum(["waiting", "running", "succeeded", "unchanged", "failed", "blocked", "cancelled"], {
      description:
        "`unchanged`: its inputs are those of its last success, so nothing was done; `blocked`: a task that it needs did not succeed.",
    }),
    attempts: Type.Integer({ minimum: 0 }),
    started_at: Type.Optional(Time),
    ended_at: Type.Optional(Time),
    error: Type.Optional(Failure),
    inputs: Type.Optional(Versions),
    outputs: Type.Optional(Versions),
    note: Type.Optional(Type.String()),
  },
  exact,
);
export type TaskRecord = Static<typeof taskRecordSchema>;

/** `<home>/runs/<id>.json`: one run of the workflow. */
export const runRecordSchema = Type.Object(
  {
    id: Type.String(),
    lane: Type.String({ description: "Runs of one lane follow one another." }),
    trigger: Type.String({ description: "What started it: manual, schedule, interactions, start, retry." }),
    status: Type.Enum(["running", "succeeded", "failed", "cancelled", "interrupted"], {
      description: "`interrupted`: the process ended before the run did.",
    }),
    started_at: Time,
    ended_at: Type.Optional(Time),
    retry_of: Type.Optional(Type.String()),
    kind: Type.Optional(
      Type.String({
        description: "What was asked for, such as `import` or `train`; only of runs that are jobs.",
      }),
    ),
    tasks: Type.Array(taskRecordSchema),
  },
  exact,
);
export type RunRecord = Static<typeof runRecordSchema>;

/** Where an output came from: the last success of a task, with the versions that it read and made. */
export const lineageSchema = Type.Object(
  {
    task: Type.String(),
    run_id: Type.String(),
    at: Time,
    inputs: Versions,
    outputs: Versions,
  },
  exact,
);
export type LineageRecord = Static<typeof lineageSchema>;

/** Long work that somebody asked for: a run, as that person sees it. */
export const jobSchema = Type.Object(
  {
    id: Type.String(),
    kind: Type.String({ description: "Such as `import` or `train`." }),
    status: runRecordSchema.properties.status,
    created_at: Time,
    ended_at: Type.Optional(Time),
    progress: Type.Object(
      {
        phase: Type.Optional(Type.String()),
        text: Type.Optional(Type.String()),
        fraction: Type.Optional(
          Type.Number({ minimum: 0, maximum: 1, description: "Of the present phase." }),
        ),
      },
      exact,
    ),
    note: Type.Optional(Type.String({ description: "What came of it, in words." })),
    estimate_seconds: Type.Optional(
      Type.Number({ minimum: 0, description: "Seconds left, from the last work of the same kind." }),
    ),
    error: Type.Optional(Failure),
    result: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  exact,
);
export type JobRecord = Static<typeof jobSchema>;

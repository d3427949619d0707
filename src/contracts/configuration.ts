import { type Static, Type } from "typebox";

const exact = { additionalProperties: false } as const;

/**
 * What `<home>/usher.json` may hold. Every key may also be set as `USHER_<KEY>` (nested keys joined by `_`) or as a flag.
 *
 * The description of a key is what `usher config show` and the documentation print.
 */
export const configurationSchema = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      description: "Address to listen on. Only loopback addresses until keys exist.",
    }),
    port: Type.Integer({ minimum: 0, maximum: 65535, description: "Port to listen on; 0 = a free one." }),
    hosts: Type.Array(Type.String({ minLength: 1 }), {
      maxItems: 100,
      description: "Host names, beside loopback, under which the server may be asked.",
    }),
    source: Type.String({
      description:
        "Data set of a new home: `movielens:<folder>`, `csv:<folder>` or `demo`; empty = fetch, else demo.",
    }),
    ratings_file: Type.String({ description: "Ratings file of the data set, where it has more than one." }),
    seed: Type.Integer({ minimum: 0, maximum: 0xffffffff, description: "Seed of splits and models." }),
    log_level: Type.Union(
      [
        Type.Literal("silent"),
        Type.Literal("error"),
        Type.Literal("warn"),
        Type.Literal("info"),
        Type.Literal("debug"),
      ],
      { description: "Least severe log line that is written." },
    ),
    download: Type.Object(
      {
        base_url: Type.String({ pattern: "^https?://", description: "Where data sets are fetched from." }),
        timeout_ms: Type.Integer({
          minimum: 1,
          maximum: 600_000,
          description: "Longest wait for an answer, in ms.",
        }),
      },
      exact,
    ),
    hide_consumed: Type.Boolean({
      description:
        "Whether lists leave out what a person has rated, seen or heard to its end: `true` for films, `false` for music. Disliked items are always left out.",
    }),
    uploads: Type.Object(
      {
        bytes_max: Type.Integer({
          minimum: 1,
          maximum: 2 ** 50,
          description: "Most bytes of the files of one upload together, also when they are unpacked.",
        }),
        files_max: Type.Integer({ minimum: 1, maximum: 1000, description: "Most files of one upload." }),
      },
      exact,
    ),
    retrain: Type.Object(
      {
        cron: Type.String({
          description: "When a server builds and trains anew, as a cron pattern; empty = never by the clock.",
        }),
        zone: Type.String({
          minLength: 1,
          description: "Time zone of the pattern, such as `Europe/Berlin`.",
        }),
        catch_up: Type.Union([Type.Literal("once"), Type.Literal("none")], {
          description: "Whether a start makes up for times that passed while no server ran.",
        }),
        after_interactions: Type.Integer({
          minimum: 0,
          maximum: 1_000_000_000,
          description: "New events after which it builds and trains anew; 0 = never by number.",
        }),
      },
      exact,
    ),
    notify: Type.Object(
      {
        webhook_url: Type.String({
          pattern: "^(https?://.+)?$",
          description: "Where a failed run is told, by POST; empty = nowhere.",
        }),
        timeout_ms: Type.Integer({ minimum: 1, maximum: 60_000, description: "Longest wait for it, in ms." }),
      },
      exact,
    ),
    vacuum: Type.Object(
      {
        grace_hours: Type.Integer({
          minimum: 1,
          maximum: 87_600,
          description: "How long files and builds that nothing needs any more stay, in hours.",
        }),
      },
      exact,
    ),
    lists: Type.Object(
      {
        k: Type.Integer({ minimum: 1, maximum: 200, description: "Items of a published list." }),
        audience_k: Type.Integer({ minimum: 1, maximum: 200, description: "Users published with an item." }),
        expire_hours: Type.Integer({
          minimum: 1,
          maximum: 87_600,
          description: "How long published lists are read, in hours.",
        }),
        after_training: Type.Boolean({
          description: "Whether a retraining publishes lists when its release serves.",
        }),
      },
      exact,
    ),
    models: Type.Record(
      Type.String(),
      Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
      {
        description:
          'Parameters that differ from the defaults, by algorithm: `{ "ials": { "factors": 32 } }`.',
      },
    ),
  },
  exact,
);

/** A complete configuration, in the names of the file. */
export type Configuration = Static<typeof configurationSchema>;

/** What holds where nothing is set. */
export const defaultConfiguration: Configuration = {
  host: "127.0.0.1",
  port: 8000,
  hosts: [],
  source: "",
  ratings_file: "",
  seed: 42,
  log_level: "warn",
  download: { base_url: "https://files.grouplens.org/datasets/movielens", timeout_ms: 3000 },
  hide_consumed: true,
  uploads: { bytes_max: 4 * 1024 ** 3, files_max: 20 },
  retrain: { cron: "0 4 * * *", zone: "UTC", catch_up: "once", after_interactions: 0 },
  notify: { webhook_url: "", timeout_ms: 5000 },
  vacuum: { grace_hours: 168 },
  lists: { k: 10, audience_k: 10, expire_hours: 48, after_training: false },
  models: {},
};

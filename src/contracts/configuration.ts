import { type Static, Type } from "typebox";

import { Secret } from "../secret.ts";
import { type CatalogueKind, catalogueKinds } from "./studio-http.ts";

const exact = { additionalProperties: false } as const;

/** A text that only the environment gives (as `USHER_…`, or as a file named by `USHER_…_FILE`), and that is shown nowhere. */
const SecretText = (description: string) =>
  Type.Unsafe<Secret>({ type: "string", isSecret: true, description });

/** Signatures that a token may be asked to have. */
export const tokenAlgorithms = [
  ...["HS256", "HS384", "HS512", "RS256", "RS384", "RS512"],
  ...["PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
] as const;

const perSecond = (whose: string) =>
  Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    description: `Requests a second of ${whose}, where keys are needed; 0 = no limit.`,
  });

const accessSchema = Type.Object(
  {
    keys: Type.Union([Type.Literal("auto"), Type.Literal("required")], {
      description:
        "Whether requests need a key: `auto` = unless the server listens on loopback and has no trusted proxy, `required` = always.",
    }),
    trusted_proxies: Type.Array(Type.String({ minLength: 1 }), {
      maxItems: 100,
      description: "Addresses and networks of proxies whose `X-Forwarded-For` is believed.",
    }),
    base_path: Type.String({
      pattern: "^(/[A-Za-z0-9._~-]+)*$",
      description: "Path under which a proxy shows the server, such as `/usher`; empty = none.",
    }),
    cors_origins: Type.Array(Type.String({ pattern: "^https?://[^/*?#]+$" }), {
      maxItems: 100,
      description: "Origins of pages that may read answers, such as `https://shop.example`.",
    }),
    admin_key: SecretText("A key with the scope admin for machines, at least 32 characters; empty = none."),
  },
  exact,
);

const limitsSchema = Type.Object(
  {
    key_per_second: perSecond("one key"),
    user_per_second: perSecond("one user with a token"),
    address_per_second: perSecond("one address without a key"),
    burst_seconds: Type.Integer({
      minimum: 1,
      maximum: 3600,
      description: "How many seconds' worth of requests may come at once after a pause.",
    }),
  },
  exact,
);

const tokensSchema = Type.Object(
  {
    jwks_file: Type.String({
      description: "JWKS file with the public keys of whoever signs user tokens; empty = none.",
    }),
    jwks_url: Type.String({
      pattern: "^(https://.+|http://(127\\.0\\.0\\.1|localhost)(:\\d+)?/.*)?$",
      description: "Where the issuer publishes the same, by https; instead of a file. Empty = nowhere.",
    }),
    secret: SecretText("Secret that user tokens are signed with by HMAC, at least 32 bytes; empty = none."),
    issuer: Type.String({ description: "`iss` that a token must have; empty = any." }),
    audience: Type.String({ description: "`aud` that a token must have." }),
    algorithms: Type.Array(Type.Enum([...tokenAlgorithms]), {
      minItems: 1,
      maxItems: tokenAlgorithms.length,
      description:
        "Signatures that are accepted. `HS…` is checked with the secret, all others with the public keys.",
    }),
    user_claim: Type.String({ minLength: 1, description: "The claim that holds the `user_id`." }),
  },
  exact,
);

/**
 * What `<home>/usher.json` may hold. Every key may also be set as `USHER_<KEY>` (nested keys joined by `_`) or as a flag.
 *
 * The description of a key is what `usher config show` and the documentation print.
 */
export const configurationSchema = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      description: "Address to listen on. One that others can reach needs a key first.",
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
    items_are: Type.Union(
      [Type.Literal("auto"), ...catalogueKinds.map((kind) => Type.Literal<CatalogueKind>(kind))],
      {
        description:
          "What the Studio shows and how it calls it; `auto` = films where the data set is MovieLens or the demo, else items.",
      },
    ),
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
          description:
            "When a server builds and trains anew, as a cron pattern of five fields, or six with seconds first; empty = never by the clock.",
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
          description:
            "So many events since the newest release have it build and train anew; where that fails, as many more have to come. 0 = never by number.",
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
          description:
            "How long files, builds and entries of logs that nothing needs any more stay, in hours.",
        }),
      },
      exact,
    ),
    disk: Type.Object(
      {
        free_bytes_min: Type.Integer({
          minimum: 0,
          maximum: 2 ** 50,
          description:
            "With fewer bytes free on the disk of the home, the server says that it is not ready. Events are refused below 16 MiB.",
        }),
      },
      exact,
    ),
    privacy: Type.Object(
      {
        audience_min: Type.Integer({
          minimum: 5,
          maximum: 1_000_000,
          description:
            "With fewer users in question the audience of an item is not told, so that nobody can be singled out.",
        }),
      },
      exact,
    ),
    access: accessSchema,
    limits: limitsSchema,
    tokens: tokensSchema,
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
  items_are: "auto",
  uploads: { bytes_max: 4 * 1024 ** 3, files_max: 20 },
  retrain: { cron: "0 4 * * *", zone: "UTC", catch_up: "once", after_interactions: 0 },
  notify: { webhook_url: "", timeout_ms: 5000 },
  vacuum: { grace_hours: 168 },
  privacy: { audience_min: 10 },
  disk: { free_bytes_min: 64 * 2 ** 20 },
  access: { keys: "auto", trusted_proxies: [], base_path: "", cors_origins: [], admin_key: new Secret("") },
  limits: { key_per_second: 10_000, user_per_second: 50, address_per_second: 50, burst_seconds: 2 },
  tokens: {
    ...{
      jwks_file: "",
      jwks_url: "",
      secret: new Secret(""),
      issuer: "",
      audience: "usher",
      user_claim: "sub",
    },
    algorithms: ["RS256", "ES256", "EdDSA", "HS256"],
  },
  lists: { k: 10, audience_k: 10, expire_hours: 48, after_training: false },
  models: {},
};

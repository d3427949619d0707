import type { RejectedRow, StagingName } from "./imports.ts";
import type { Layer } from "./tables.ts";

/** `error`: a build stops above the allowed share of failing rows. `warning`: it is reported only. */
export type QualityLevel = "error" | "warning";

/** Kinds of checks, in the order of a report. */
export type CheckName = "completeness" | "validity" | "uniqueness" | "consistency" | "volume" | "freshness";

/** How long an accepted event may wait for a layer while a stream of events runs, in seconds; longer is a warning. */
export const freshnessLimitSeconds = {
  bronze: 5 * 60,
  silver: 3600,
  gold: 24 * 3600,
} as const satisfies Readonly<Record<Layer, number>>;

/** The largest share of failing rows with which a build goes on, in percent of the rows received. */
export const failingPercentMax = 5;

/** A new version may hold this share of the previous version's rows at least. */
export const volumeShareMin = 0.5;

/** A condition that a received row must not meet. The row is rejected with the reason of the first rule that it breaks. */
export interface RowRule {
  readonly check: "completeness" | "validity";
  readonly reason: string;
  /** SQL over the staging columns, true for a failing row; NULL counts as false. */
  readonly failsWhen: string;
}

/** What is checked of one staging input on its way to a silver table. */
export interface TableRules {
  readonly staging: StagingName;
  readonly rowRules: readonly RowRule[];
  /** Columns that together appear once; of repeated rows the last in the file is kept. Empty: rows may repeat. */
  readonly uniqueBy: readonly string[];
  /** Whether every item of a row must be in the catalogue. A missing one gets a placeholder, except for links, which are rejected. */
  readonly itemsMustExist: boolean;
  readonly levels: Readonly<Record<Exclude<CheckName, "freshness">, QualityLevel>>;
}

const allWarnings = {
  completeness: "warning",
  validity: "warning",
  uniqueness: "warning",
  consistency: "warning",
  volume: "warning",
} as const;

const rowErrors = { ...allWarnings, completeness: "error", validity: "error", uniqueness: "error" } as const;

const missing = (column: string): RowRule => ({
  check: "completeness",
  reason: `${column} is missing`,
  failsWhen: `${column} IS NULL OR trim(${column}) = ''`,
});

/** Ids are 1..128 bytes without control characters (CONTRACTS "Identity"). */
const idRules = (column: string): readonly RowRule[] => [
  missing(column),
  {
    check: "validity",
    reason: `${column} is longer than 128 bytes`,
    failsWhen: `strlen(${column}) > 128`,
  },
  {
    check: "validity",
    reason: `${column} holds control characters`,
    failsWhen: `regexp_matches(${column}, '\\p{Cc}')`,
  },
];

/** A time that the source gives must be one; it may be absent. */
const timeRules = (column: string): readonly RowRule[] => [
  {
    check: "validity",
    reason: "timestamp is unreadable",
    failsWhen: `${column} IS NULL AND trim(${column}_text) <> ''`,
  },
  {
    check: "validity",
    reason: "timestamp is before 1970",
    failsWhen: `${column} < TIMESTAMPTZ '1970-01-01 00:00:00+00'`,
  },
  {
    check: "validity",
    reason: "timestamp is more than a day in the future",
    failsWhen: `${column} > now() + INTERVAL 1 DAY`,
  },
];

/** The quality rules, by the silver table that they guard. Those of freshness are {@link freshnessLimitSeconds}. */
export const qualityRules = {
  silver_ratings: {
    staging: "ratings",
    uniqueBy: ["user_id", "item_id", "rating_ts"],
    itemsMustExist: true,
    levels: { ...rowErrors, volume: "error" },
    rowRules: [
      ...idRules("user_id"),
      ...idRules("item_id"),
      {
        check: "completeness",
        reason: "rating is missing",
        failsWhen: "rating IS NULL AND (rating_text IS NULL OR trim(rating_text) = '')",
      },
      { check: "validity", reason: "rating is not a number", failsWhen: "rating IS NULL" },
      { check: "validity", reason: "rating is outside 0.5..5", failsWhen: "NOT (rating BETWEEN 0.5 AND 5)" },
      {
        check: "validity",
        reason: "rating is not in steps of 0.5",
        failsWhen: "rating * 2 <> floor(rating * 2)",
      },
      ...timeRules("rating_ts"),
    ],
  },
  silver_items: {
    staging: "items",
    uniqueBy: ["item_id"],
    itemsMustExist: false,
    levels: { ...rowErrors, volume: "error" },
    rowRules: [...idRules("item_id"), missing("title")],
  },
  silver_users: {
    staging: "users",
    uniqueBy: ["user_id"],
    itemsMustExist: false,
    levels: rowErrors,
    rowRules: idRules("user_id"),
  },
  silver_item_links: {
    staging: "links",
    uniqueBy: ["source", "source_id"],
    itemsMustExist: true,
    levels: allWarnings,
    rowRules: [...idRules("item_id"), missing("source")],
  },
  silver_tags: {
    staging: "tags",
    uniqueBy: [],
    itemsMustExist: true,
    levels: allWarnings,
    rowRules: [...idRules("user_id"), ...idRules("item_id"), missing("tag"), ...timeRules("tag_ts")],
  },
} as const satisfies Record<string, TableRules>;

/** Name of a table that quality rules guard. */
export type GuardedTable = keyof typeof qualityRules;

/** Reason of a row whose key appears again later in the file. */
export const duplicateReason = "duplicate";

/** Reason of a link whose item is not in the catalogue. */
export const unknownItemReason = "item is not in the catalogue";

/** Outcome of one check; field names as in the report's file. */
export interface QualityCheck {
  readonly name: CheckName;
  readonly level: QualityLevel;
  /** Failing rows are within the allowed share. */
  readonly passed: boolean;
  readonly failed_rows: number;
  /**
   * Rows received, those that could not be split included; for `volume` the rows of the previous version; for `freshness` the events that
   * the table did not have yet.
   */
  readonly total_rows: number;
  /** What failed and how often; empty where nothing did. */
  readonly details: string;
}

/** All checks of one table. */
export interface TableQuality {
  /** A guarded table, or one of a stream of events. */
  readonly table: string;
  readonly ts: string;
  readonly checks: readonly QualityCheck[];
  /** Error-level checks that did not pass. */
  readonly errors: number;
  /** Warning-level checks that did not pass. */
  readonly warnings: number;
}

/** `lake/reports/<8 digits>.json`: what a build found, also one that was refused. */
export interface QualityReport {
  readonly number: number;
  /** The gate let it pass. Whether it was then completed is told by its build record. */
  readonly accepted: boolean;
  readonly created_at: string;
  readonly source: string;
  readonly tables: readonly TableQuality[];
  /** The first 1,000; all are in `silver_rejected_rows` of an accepted build. */
  readonly rejected_rows: readonly (RejectedRow & { readonly table?: string })[];
  readonly rejected_rows_total: number;
  readonly placeholders: number;
  readonly unmapped: Readonly<Record<string, number>>;
}

/** Rows on their way from a source to a table; read = kept + rejected. */
export interface RowCounts {
  readonly read: number;
  readonly kept: number;
  readonly rejected: number;
}

/** One version of every table: all that a reader needs. */
export interface PinnedTables {
  /** Number of the build. */
  readonly number: number;
  /** Table name → version. */
  readonly tables: Readonly<Record<string, number>>;
}

/** `lake/builds/<8 digits>.json`: one version of every table, made visible together by this file. */
export interface BuildRecord extends PinnedTables {
  readonly created_at: string;
  readonly source: string;
  readonly ingestion_ts: string;
  /** Manifest of the import, relative to the lake's folder where it lies there. */
  readonly manifest_path: string;
  /** Versions of the bronze tables that it was made from, by table; absent in records of older versions. */
  readonly inputs?: Readonly<Record<string, number>>;
  /** Ratings of the import; those that arrived as events are not counted here. */
  readonly ratings: RowCounts;
  readonly items: RowCounts;
  /** Users of the source, of its ratings and tags, and of events. */
  readonly users: number;
  /** Items known only from ratings, tags or events. */
  readonly placeholders: number;
  /** Link source → items of the catalogue without a counterpart there; empty where the source has no links. */
  readonly unmapped: Readonly<Record<string, number>>;
  /** The list of these items, relative to the lake's folder: `reports/<8 digits>-unmapped.csv`. It is always there. */
  readonly unmapped_path: string;
  /** What a person should look at though the build went on, a sentence each: failed warning-level checks, rows that name unknown items. */
  readonly warnings: readonly string[];
}

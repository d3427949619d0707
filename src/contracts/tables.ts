export { bronzeEventTables } from "./event-tables.ts";

/** A layer of the lake: as received, typed and clean, ready to answer. */
export type Layer = "bronze" | "silver" | "gold";

/** One column of a table. */
export interface ColumnContract {
  /** SQL type as DuckDB writes it. Times are UTC. */
  readonly type: string;
  /** True: never NULL. */
  readonly required: boolean;
  readonly meaning: string;
}

/** What a table promises to its readers. */
export interface TableContract {
  readonly layer: Layer;
  readonly meaning: string;
  readonly columns: Readonly<Record<string, ColumnContract>>;
  /** Columns whose values together appear once; absent counts as one value. Empty: rows may repeat. */
  readonly key: readonly string[];
}

const required = (type: string, meaning: string): ColumnContract => ({ type, required: true, meaning });
const optional = (type: string, meaning: string): ColumnContract => ({ type, required: false, meaning });
const time = "TIMESTAMP WITH TIME ZONE";

const userId = required("VARCHAR", "User, as the source names it");
const itemId = required("VARCHAR", "Item, as the primary source names it");
const updatedAt = required(time, "When the import behind this row ran");
const ratingCount = required("BIGINT", "Ratings that count: one a user and item, the latest");
const ratingMean = optional("DOUBLE", "Mean of these ratings, 0.5..5");

/** Every silver and gold table that a build writes, by name. */
export const tables = {
  silver_items: {
    layer: "silver",
    meaning: "The catalogue, one row an item",
    key: ["item_id"],
    columns: {
      item_id: itemId,
      title: required("VARCHAR", "Title as the source gives it; the item id for a placeholder"),
      release_year: optional("INTEGER", "Year of release"),
      release_date: optional("DATE", "Day of release"),
      genres: required("VARCHAR[]", "Genres; empty where none are known"),
      people: required('STRUCT("name" VARCHAR, "role" VARCHAR)[]', "Cast and crew; empty where unknown"),
      description: optional("VARCHAR", "What it is about"),
      language: optional("VARCHAR", "Original language"),
      imdb_rating: optional("DOUBLE", "IMDb score, 1..10"),
      imdb_votes: optional("BIGINT", "Votes behind the IMDb score"),
      tmdb_vote_average: optional("DOUBLE", "TMDB score, 0..10"),
      tmdb_vote_count: optional("BIGINT", "Votes behind the TMDB score"),
      rt_critics_score: optional("DOUBLE", "Rotten Tomatoes critics, percent"),
      rt_audience_score: optional("DOUBLE", "Rotten Tomatoes audience, percent"),
      audio_features: required("MAP(VARCHAR, DOUBLE)", "Audio features by name, for music"),
      features: required("MAP(VARCHAR, VARCHAR)", "Other features by name"),
      poster_url: optional("VARCHAR", "Address of a poster"),
      is_placeholder: required("BOOLEAN", "Known only from a rating or tag; never recommended"),
      is_hidden: required("BOOLEAN", "Withdrawn from answers"),
      available_from: optional(time, "Not shown before"),
      available_until: optional(time, "Not shown after"),
      countries: required("VARCHAR[]", "Where it may be shown; empty means everywhere"),
      updated_at: updatedAt,
    },
  },
  silver_users: {
    layer: "silver",
    meaning: "Every user of the source and every user who rated or tagged",
    key: ["user_id"],
    columns: {
      user_id: userId,
      features: required("MAP(VARCHAR, VARCHAR)", "What the source tells about the user, by name"),
      country: optional("VARCHAR", "Country of the user"),
      created_at: required(time, "When the user was first seen"),
      updated_at: updatedAt,
    },
  },
  silver_item_links: {
    layer: "silver",
    meaning: "The same item elsewhere",
    key: ["source", "source_id"],
    columns: {
      item_id: itemId,
      source: required("VARCHAR", "Where the other id is valid: imdb, tmdb"),
      source_id: required("VARCHAR", "The item's id there, verbatim"),
    },
  },
  silver_ratings: {
    layer: "silver",
    meaning: "Ratings on one scale, ordered by user and item",
    key: ["user_id", "item_id", "rating_ts"],
    columns: {
      user_id: userId,
      item_id: itemId,
      rating: required("DOUBLE", "0.5..5 in steps of 0.5"),
      rating_ts: optional(time, "When the user rated; absent where the source has no times"),
      source: required("VARCHAR", "Source of the rating"),
      event_id: optional("VARCHAR", "The event, for a rating that arrived as one"),
      event_date: optional("DATE", "Day of rating_ts, UTC"),
      updated_at: updatedAt,
    },
  },
  silver_interactions: {
    layer: "silver",
    meaning: "Everything that a user did, with its weight as a sign of liking",
    key: [],
    columns: {
      user_id: userId,
      item_id: itemId,
      event_type: required("VARCHAR", "Kind of event; imports hold ratings only"),
      weight: required("DOUBLE", "rating / 5 from 3.5 on, else 0"),
      event_ts: optional(time, "When it happened; absent where the source has no times"),
      source: required("VARCHAR", "Source of the interaction"),
      event_id: optional("VARCHAR", "The event, where there was one"),
      event_date: optional("DATE", "Day of event_ts, UTC"),
    },
  },
  silver_tags: {
    layer: "silver",
    meaning: "Words that users gave to items",
    key: [],
    columns: {
      user_id: userId,
      item_id: itemId,
      tag: required("VARCHAR", "The words, verbatim"),
      tag_ts: optional(time, "When"),
    },
  },
  silver_rejected_rows: {
    layer: "silver",
    meaning: "Rows of the sources that no silver table took, and why",
    key: [],
    columns: {
      table: optional("VARCHAR", "Silver table that refused it; absent where the row could not be split"),
      filename: required("VARCHAR", "File of the source"),
      line: required("BIGINT", "Line of the file, from 1"),
      reason: required("VARCHAR", "Why it was refused"),
      row: optional("VARCHAR", "The values of the row, as JSON"),
    },
  },
  gold_item_stats: {
    layer: "gold",
    meaning: "Figures of each item",
    key: ["item_id"],
    columns: {
      item_id: itemId,
      rating_count: ratingCount,
      rating_mean: ratingMean,
      liked_count: required("BIGINT", "Ratings of 3.5 and above"),
      first_rating_ts: optional(time, "First rating"),
      last_rating_ts: optional(time, "Last rating"),
    },
  },
  gold_user_stats: {
    layer: "gold",
    meaning: "Figures of each user",
    key: ["user_id"],
    columns: {
      user_id: userId,
      rating_count: ratingCount,
      rating_mean: ratingMean,
      liked_count: required("BIGINT", "Ratings of 3.5 and above"),
      first_rating_ts: optional(time, "First rating"),
      last_rating_ts: optional(time, "Last rating"),
    },
  },
  gold_catalog_stats: {
    layer: "gold",
    meaning: "Figures of the whole catalogue, one row a bar of a chart",
    key: ["statistic", "bucket"],
    columns: {
      statistic: required("VARCHAR", "overview, ratings, releases or genres"),
      bucket: required("VARCHAR", "The rating, year or genre; `all` in the overview"),
      item_count: optional("BIGINT", "Items in the bucket"),
      rating_count: optional("BIGINT", "Ratings in the bucket"),
      rating_mean: optional("DOUBLE", "Their mean, 0.5..5"),
      user_count: optional("BIGINT", "Users in the bucket"),
    },
  },
} as const satisfies Record<string, TableContract>;

/** Name of a table that a build writes. */
export type TableName = keyof typeof tables;

/** Names of the tables in the order in which a build commits them: silver, then gold. */
export const tableNames = Object.keys(tables) as readonly TableName[];

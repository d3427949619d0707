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
  /** Columns by whose values the files lie in folders. */
  readonly partitionBy?: readonly string[];
}

const required = (type: string, meaning: string): ColumnContract => ({ type, required: true, meaning });
const optional = (type: string, meaning: string): ColumnContract => ({ type, required: false, meaning });
const time = "TIMESTAMP WITH TIME ZONE";

const userId = required("VARCHAR", "User, as the source names it");
const itemId = required("VARCHAR", "Item, as the primary source names it");
const updatedAt = required(time, "When the import behind this row ran");
const ratingCount = required("BIGINT", "Ratings that count: one a user and item, the latest");
const ratingMean = optional("DOUBLE", "Mean of these ratings, 0.5..5");

/** What the events of each topic say beside what all say; the topics of the log but that of dead letters. */
const eventFields = {
  events_views: {
    item_id: required("VARCHAR", "Item that was looked at"),
    page_url: optional("VARCHAR", "Page"),
    device_type: optional("VARCHAR", "mobile, desktop, tablet or tv"),
    progress: optional("DOUBLE", "Share that was watched, 0..1"),
  },
  events_clicks: {
    item_id: required("VARCHAR", "Item that was clicked"),
    click_type: optional("VARCHAR", "trailer, poster, title or recommendation"),
    referrer: optional("VARCHAR", "Page before"),
  },
  events_ratings: {
    item_id: required("VARCHAR", "Item that was rated"),
    rating: required("DOUBLE", "0.5..5 in steps of 0.5"),
    review_text: optional("VARCHAR", "Words with it"),
  },
  events_feedback: {
    item_id: optional("VARCHAR", "Item; absent for impressions and retractions"),
    duration_ms: optional("BIGINT", "How long it was listened to"),
    completed: optional("BOOLEAN", "Whether it was listened to the end"),
    item_ids: optional("VARCHAR[]", "Items of an impression, in the order shown"),
    surface: optional("VARCHAR", "Where they were shown"),
    model_version: optional("VARCHAR", "Release that chose them"),
    target_event_id: optional("VARCHAR", "Event that is cancelled"),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnContract>>>>;

/** A topic whose events come into the lake. */
export type EventTopic = keyof typeof eventFields;
export const eventTopics = Object.keys(eventFields) as readonly EventTopic[];

const eventHead = {
  event_id: required("VARCHAR", "UUID of the event, in small letters"),
  event_type: required("VARCHAR", "Kind of event"),
  event_ts: required(time, "When it happened, as the client says"),
  user_id: optional("VARCHAR", "Who did it; absent for visitors, who have a session"),
  session_id: optional("VARCHAR", "Session in which it was done"),
  request_id: optional("VARCHAR", "Answer that led to it"),
  schema_version: required("INTEGER", "Version of the event's schema"),
};
const receipt = {
  ingestion_ts: required(time, "When it was received"),
  ingestion_date: required("DATE", "Day of ingestion_ts, UTC"),
};

/** Name of the table that holds the events of a topic as they were received. */
export const bronzeEventsTable = (topic: EventTopic): string => `bronze_${topic}_raw`;

/** The table of a topic's events as they were received: written from the log in batches, each event once, never by a build. */
export function bronzeEvents(topic: EventTopic): TableContract {
  return {
    layer: "bronze",
    meaning: `Events of the topic ${topic} as they were accepted`,
    key: ["log_partition", "log_offset"],
    partitionBy: ["ingestion_date"],
    columns: {
      ...eventHead,
      event_ts: required("VARCHAR", "When it happened, as it was sent"),
      ...eventFields[topic],
      raw_payload: required("VARCHAR", "The event as JSON, whole"),
      log_partition: required("INTEGER", "Partition of the log"),
      log_offset: required("BIGINT", "Place in the partition"),
      source_file: required("VARCHAR", "Where it came from: log/<topic>/<partition>"),
      ...receipt,
    },
  };
}

/** The table of what was written of items and users through the API. */
export const bronzeEditsTable = "bronze_catalogue_edits_raw";

/** One row an item or user that was written, all writes of it together; each version holds all. Written before a build. */
export const bronzeEdits = {
  layer: "bronze",
  meaning: "What was written of items and users through the API",
  key: ["kind", "id"],
  columns: {
    kind: required("VARCHAR", "item or user"),
    id: required("VARCHAR", "Which one"),
    revision: required("BIGINT", "Writes of it that changed something"),
    updated_at: required(time, "The last of them"),
    is_whole: required("BOOLEAN", "Fields that are not named are not known, whatever a source says"),
    is_deleted: required("BOOLEAN", "Withdrawn"),
    fields: required("VARCHAR", "The written fields as JSON; null: taken away"),
    source_file: required("VARCHAR", "Where it came from: state/catalogue"),
    ...receipt,
  },
} as const satisfies TableContract;

const silverEvents = (topic: EventTopic, meaning: string): TableContract => ({
  layer: "silver",
  meaning: `${meaning}, each once; what was retracted is not here`,
  key: ["event_id"],
  partitionBy: ["event_date"],
  columns: {
    ...eventHead,
    ...eventFields[topic],
    ingestion_ts: receipt.ingestion_ts,
    event_date: required("DATE", "Day of event_ts, UTC"),
  },
});

/** What is watched most, from live state; written every minute, not by a build. */
export const goldTrending = {
  layer: "gold",
  meaning: "What is used most in the last hour, day and week",
  key: ["window", "genre", "rank"],
  columns: {
    item_id: itemId,
    genre: required("VARCHAR", "Genre within which it is ranked; empty = all"),
    window: required("VARCHAR", "1h, 24h or 7d"),
    window_end: required(time, "End of the window"),
    view_count: required("BIGINT", "Views in the window"),
    click_count: required("BIGINT", "Clicks in the window"),
    rating_count: required("BIGINT", "Ratings in the window"),
    rating_avg: optional("DOUBLE", "Mean of these ratings; absent without one"),
    trend_score: required("DOUBLE", "Weighted and decayed count"),
    rank: required("INTEGER", "1 = most"),
    computed_at: required(time, "When this was computed"),
  },
} as const satisfies TableContract;

/** A row of `gold_trending`. Times as ISO 8601. */
export interface TrendingRow {
  readonly item_id: string;
  readonly genre: string;
  readonly window: "1h" | "24h" | "7d";
  readonly window_end: string;
  readonly view_count: number;
  readonly click_count: number;
  readonly rating_count: number;
  readonly rating_avg?: number;
  readonly trend_score: number;
  readonly rank: number;
  readonly computed_at: string;
}

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
      is_placeholder: required("BOOLEAN", "Known only from a rating, tag or event; never recommended"),
      is_hidden: required("BOOLEAN", "Withdrawn from answers"),
      available_from: optional(time, "Not shown before"),
      available_until: optional(time, "Not shown after"),
      countries: required("VARCHAR[]", "Where it may be shown; empty means everywhere"),
      updated_at: updatedAt,
    },
  },
  silver_users: {
    layer: "silver",
    meaning: "Every user of the source and every user who rated, tagged or sent an event",
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
      weight: required(
        "DOUBLE",
        "As a sign of liking, without decay; a rating weighs rating / 5 from 3.5 on, else 0",
      ),
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
  silver_events_views: silverEvents("events_views", "Views"),
  silver_events_clicks: silverEvents("events_clicks", "Clicks"),
  silver_events_ratings: silverEvents("events_ratings", "Ratings that arrived as events"),
  silver_events_feedback: silverEvents("events_feedback", "Likes, dislikes, bookmarks, listens, impressions"),
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
  gold_user_activity: {
    layer: "gold",
    meaning: "What each user rates, one row a bar of a chart; of each user and item the latest rating",
    key: ["user_id", "statistic", "bucket"],
    columns: {
      user_id: userId,
      statistic: required("VARCHAR", "month, rating or genre"),
      bucket: required("VARCHAR", "The month as `2001-03` (UTC), the rating, or the genre"),
      rating_count: required("BIGINT", "Ratings in the bucket"),
      rating_mean: required("DOUBLE", "Their mean, 0.5..5"),
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

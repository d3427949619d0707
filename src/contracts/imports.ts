/**
 * What a source hands over after it has written its bronze tables: how to read them as typed rows.
 *
 * The SELECTs yield rows in the order of the file, with the columns of {@link stagingColumns}; a column that a source does not have
 * may be left out. They cast raw text with TRY_CAST; judging the values is the work of the quality rules.
 */
export interface ImportedSource {
  /** Short name, such as `movielens` or `demo`. */
  readonly source: string;
  /** When the import ran, ISO-8601 UTC. */
  readonly ingestionTs: string;
  /** SELECTs over bronze relations, one per silver input. */
  readonly staging: {
    readonly ratings: string;
    readonly items: string;
    readonly users?: string;
    readonly links?: string;
    readonly tags?: string;
  };
  /** Rows that could not even be split into columns; the first 1,000. */
  readonly rejected: readonly RejectedRow[];
  /** A SELECT of all of them: `filename`, `line`, `reason`, `row`. Absent where there are none. */
  readonly rejectedRows?: string;
  /** All rows that could not be split: staging name (`ratings`, `items`, …) → count. */
  readonly rejectedCounts: Readonly<Record<string, number>>;
  readonly manifestPath: string;
}

/** One row that was not taken, and why. */
export interface RejectedRow {
  readonly filename: string;
  /** Line of the file, from 1; the header counts. */
  readonly line: number;
  readonly reason: string;
  readonly row?: string;
}

/** The inputs of silver, by name. */
export type StagingName = keyof ImportedSource["staging"];

/** How many rejected rows a manifest or a report lists; totals are always complete. */
export const rejectedRowsListedMax = 1000;

/** The columns that each staging SELECT yields, with their SQL types. NULL where the source does not know the value. */
export const stagingColumns = {
  ratings: {
    source_file: "VARCHAR",
    line: "BIGINT",
    user_id: "VARCHAR",
    item_id: "VARCHAR",
    /** As it stood in the file. */
    rating_text: "VARCHAR",
    /** Already on 0.5..5; NULL where the text is no number. */
    rating: "DOUBLE",
    rating_ts: "TIMESTAMP WITH TIME ZONE",
    /** As it stood in the file; NULL where the file has no times. */
    rating_ts_text: "VARCHAR",
  },
  items: {
    source_file: "VARCHAR",
    line: "BIGINT",
    item_id: "VARCHAR",
    title: "VARCHAR",
    release_year: "INTEGER",
    release_date: "DATE",
    genres: "VARCHAR[]",
    people: 'STRUCT("name" VARCHAR, "role" VARCHAR)[]',
    description: "VARCHAR",
    language: "VARCHAR",
    imdb_rating: "DOUBLE",
    imdb_votes: "BIGINT",
    tmdb_vote_average: "DOUBLE",
    tmdb_vote_count: "BIGINT",
    rt_critics_score: "DOUBLE",
    rt_audience_score: "DOUBLE",
    audio_features: "MAP(VARCHAR, DOUBLE)",
    features: "MAP(VARCHAR, VARCHAR)",
    poster_url: "VARCHAR",
    countries: "VARCHAR[]",
  },
  users: {
    source_file: "VARCHAR",
    line: "BIGINT",
    user_id: "VARCHAR",
    features: "MAP(VARCHAR, VARCHAR)",
    country: "VARCHAR",
  },
  links: {
    source_file: "VARCHAR",
    line: "BIGINT",
    item_id: "VARCHAR",
    /** Where the id is valid: `imdb`, `tmdb`. */
    source: "VARCHAR",
    /** NULL: the item has no counterpart there; it is counted as unmapped. */
    source_id: "VARCHAR",
  },
  tags: {
    source_file: "VARCHAR",
    line: "BIGINT",
    user_id: "VARCHAR",
    item_id: "VARCHAR",
    tag: "VARCHAR",
    tag_ts: "TIMESTAMP WITH TIME ZONE",
    /** As it stood in the file; NULL where the file has no times. */
    tag_ts_text: "VARCHAR",
  },
} as const satisfies Record<StagingName, Readonly<Record<string, string>>>;

/** One file of an import as it was received. */
export interface ManifestFile {
  readonly filename: string;
  readonly size_bytes: number;
  readonly row_count: number;
  readonly checksum_sha256: string;
  readonly checksum_md5: string;
}

/** `_manifest.json` beside the originals of an import; field names as in the file. */
export interface ImportManifest {
  readonly dataset_name: string;
  readonly dataset_version: string;
  readonly source_url: string;
  readonly licence: string;
  /** ISO-8601 UTC with milliseconds and `Z`. */
  readonly ingestion_ts: string;
  /** `YYYY-MM-DD`, UTC. */
  readonly ingestion_date: string;
  readonly files: readonly ManifestFile[];
  /** The first 1,000. */
  readonly rejected_rows: readonly RejectedRow[];
  readonly rejected_rows_total: number;
}

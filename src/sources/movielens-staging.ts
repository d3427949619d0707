import type { StagingName } from "../contracts/imports.ts";
import { sqlName, sqlText } from "../lake/sql-text.ts";
import type { GenreFlag, MovielensLayout } from "./movielens-layouts.ts";
import type { BronzeInput } from "./source.ts";

/**
 * The year in the last parentheses that hold nothing but four digits, as an expression; NULL where there are none.
 * @param title An expression of type VARCHAR.
 */
export function releaseYearOf(title: string): string {
  return `TRY_CAST(regexp_extract_all(${title}, '\\((\\d{4})\\)', 1)[-1] AS INTEGER)`;
}

/** Seconds since 1970 in a text column as an expression of type TIMESTAMPTZ; NULL where the text is no such number. */
export function timeOfSeconds(column: string): string {
  const seconds = `TRY_CAST(${column} AS BIGINT)`;
  // beyond this, which is the year 5138, the time would not fit and the statement would fail
  return `CASE WHEN ${seconds} BETWEEN -100000000000 AND 100000000000 THEN to_timestamp(${seconds}) END`;
}

/** A time and, beside it, its text as it stood in the file; both NULL where the file has no times. */
function timeColumns(
  input: BronzeInput,
  { from, to, timeOf = timeOfSeconds }: { from: string; to: string; timeOf?: (column: string) => string },
): string {
  const hasTimes = input.columns.includes(from);
  return `${hasTimes ? timeOf(sqlName(from)) : "CAST(NULL AS TIMESTAMP WITH TIME ZONE)"} AS ${to},
      ${hasTimes ? `nullif(${sqlName(from)}, '')` : "CAST(NULL AS VARCHAR)"} AS ${to}_text`;
}

/** The text `A|B|C` as a list; the mark for "none" and empty parts are left out. */
export function genreList(column: string): string {
  return `list_filter(string_split(${column}, '|'), lambda genre: genre NOT IN ('', '(no genres listed)'))`;
}

/** Ratings with the column names of one layout, already on the internal scale. Times are seconds since 1970 where nothing else is said. */
export function ratingsStaging(
  input: BronzeInput,
  columns: { user: string; item: string; rating: string; time: string },
  timeOf = timeOfSeconds,
): string {
  const rating = sqlName(columns.rating);
  const value = `TRY_CAST(${rating} AS DOUBLE)`;
  return `SELECT source_file, line, ${sqlName(columns.user)} AS user_id, ${sqlName(columns.item)} AS item_id,
      ${rating} AS rating_text, CASE WHEN isfinite(${value}) THEN ${value} END AS rating,
      ${timeColumns(input, { from: columns.time, to: "rating_ts", timeOf })}
    FROM ${input.relation} ORDER BY line`;
}

/** The silver inputs of a MovieLens layout. */
export function movielensStaging(
  { layout, genreFlags }: { layout: MovielensLayout; genreFlags: readonly GenreFlag[] },
  inputs: ReadonlyMap<string, BronzeInput>,
): Partial<Record<StagingName, string>> {
  const staging: Partial<Record<StagingName, string>> = {};
  const add = (name: StagingName, table: string, text: (input: BronzeInput) => string) => {
    const input = inputs.get(table);
    if (input) staging[name] = text(input);
  };
  const isCsv = layout === "csv";
  const columns = isCsv
    ? { user: "userId", item: "movieId", rating: "rating", time: "timestamp" }
    : { user: "user_id", item: "movie_id", rating: "rating", time: "timestamp" };
  add("ratings", "ratings", (input) => ratingsStaging(input, columns));
  add("items", "movies", (input) =>
    layout === "100k" ? flaggedItems(input, genreFlags) : listedItems(input, columns.item),
  );
  add("users", "users", (input) => usersStaging(input, layout));
  add("links", "links", linksStaging);
  add("tags", "tags", tagsStaging);
  return staging;
}

function listedItems(input: BronzeInput, item: string): string {
  return `SELECT source_file, line, ${sqlName(item)} AS item_id, title, ${releaseYearOf("title")} AS release_year,
      ${genreList("genres")} AS genres
    FROM ${input.relation} ORDER BY line`;
}

/** Items whose genres are columns of 0 and 1. */
function flaggedItems(input: BronzeInput, flags: readonly GenreFlag[]): string {
  const genres = flags
    .filter(({ genre, flag }) => genre !== "unknown" && input.columns.includes(`genre_${flag}`))
    .map(({ genre, flag }) => `CASE WHEN ${sqlName(`genre_${flag}`)} = '1' THEN ${sqlText(genre)} END`);
  return `SELECT source_file, line, movie_id AS item_id, title, ${releaseYearOf("title")} AS release_year,
      CAST(try_strptime(release_date, '%d-%b-%Y') AS DATE) AS release_date,
      list_filter(CAST([${genres.join(", ")}] AS VARCHAR[]), lambda genre: genre IS NOT NULL) AS genres
    FROM ${input.relation} ORDER BY line`;
}

// the codes of users.dat, as its README lists them
const ages = { 1: "under 18", 18: "18-24", 25: "25-34", 35: "35-44", 45: "45-49", 50: "50-55", 56: "56+" };
const occupations = [
  ...["other", "academic/educator", "artist", "clerical/admin", "college/grad student", "customer service"],
  ...["doctor/health care", "executive/managerial", "farmer", "homemaker", "K-12 student", "lawyer"],
  ...["programmer", "retired", "sales/marketing", "scientist", "self-employed", "technician/engineer"],
  ...["tradesman/craftsman", "unemployed", "writer"],
];

/** Features as words: the codes of the 1M layout are spelled out, a code that the README does not list stays as it is. */
function usersStaging(input: BronzeInput, layout: MovielensLayout): string {
  const age = layout === "1m" ? spelledOut("age", ages) : "age";
  const occupation =
    layout === "1m" ? spelledOut("occupation", Object.fromEntries(occupations.entries())) : "occupation";
  return `SELECT source_file, line, user_id,
      MAP {'gender': gender, 'age': ${age}, 'occupation': ${occupation}, 'zip_code': zip_code} AS features
    FROM ${input.relation} ORDER BY line`;
}

function spelledOut(column: string, words: Readonly<Record<string, string>>): string {
  const cases = Object.entries(words).map(([code, word]) => `WHEN ${sqlText(code)} THEN ${sqlText(word)}`);
  return `CASE ${column} ${cases.join(" ")} ELSE ${column} END`;
}

/** Two rows a line, one for IMDb and one for TMDB; NULL where the file has no id. Ids keep their leading zeros. */
function linksStaging(input: BronzeInput): string {
  const of = (source: string, column: string) =>
    `SELECT source_file, line, "movieId" AS item_id, ${sqlText(source)} AS source, nullif(${sqlName(column)}, '') AS source_id
     FROM ${input.relation}`;
  return `SELECT * FROM (${of("imdb", "imdbId")} UNION ALL ${of("tmdb", "tmdbId")}) ORDER BY line, source`;
}

function tagsStaging(input: BronzeInput): string {
  return `SELECT source_file, line, "userId" AS user_id, "movieId" AS item_id, tag, ${timeColumns(input, { from: "timestamp", to: "tag_ts" })}
    FROM ${input.relation} ORDER BY line`;
}

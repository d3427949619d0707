import { type DemoFilm, readDemoFilms } from "./demo-films.ts";
import { demoRatings } from "./demo-viewers.ts";
import { genreList, ratingsStaging, releaseYearOf } from "./movielens-staging.ts";
import type { BronzeInput, OpenedSource } from "./source.ts";
import type { TextFormat } from "./text-format.ts";

/** What a person who looks at the demo must know. */
export const demoLicence =
  "Demo: the viewers and their ratings are SYNTHETIC, made by a seeded random generator; no real person rated anything. The films are data/movies.json of the npm package vega-datasets (BSD-3-Clause package; this file names no licence of its own).";

const csv = { delimiter: ",", quoted: true, encoding: "utf-8", header: true } as const;
const filmsFormat: TextFormat = {
  ...csv,
  columns: [
    ...["filmId", "title", "genres", "releaseDate", "director"],
    ...["imdbRating", "imdbVotes", "rottenTomatoes"],
  ],
};
const ratingsFormat: TextFormat = { ...csv, columns: ["userId", "filmId", "rating", "timestamp"] };

/**
 * The data set that needs nothing: real films of an npm package, and viewers who are made up and say so.
 *
 * Made as CSV files in memory, and then imported like any other.
 *
 * @throws UsherError `SOURCE_NOT_FOUND`: vega-datasets is not installed.
 */
export async function openDemo(): Promise<OpenedSource> {
  const films = await readDemoFilms();
  const ratings = demoRatings(films).map(({ userId, filmId, rating, time }) => [
    userId,
    filmId,
    rating.toFixed(1),
    time,
  ]);
  return {
    source: "demo",
    datasetName: "demo",
    datasetVersion: "1",
    sourceUrl: "https://www.npmjs.com/package/vega-datasets",
    licence: demoLicence,
    files: [
      {
        ...madeFile("ratings.csv", [ratingsFormat.columns, ...ratings]),
        table: "ratings",
        staging: "ratings",
        format: ratingsFormat,
      },
      {
        ...madeFile("films.csv", [filmsFormat.columns, ...films.map(filmRow)]),
        table: "films",
        staging: "items",
        format: filmsFormat,
      },
    ],
    shape: { source: "demo" },
  };
}

function madeFile(filename: string, rows: readonly (readonly (string | number)[])[]) {
  return { path: filename, filename, bytes: Buffer.from(csvText(rows)) };
}

function filmRow(film: DemoFilm): (string | number)[] {
  const { id, title, genres, releaseDate, director, imdbRating, imdbVotes, rottenTomatoes } = film;
  return [
    ...[id, title, genres.join("|"), releaseDate, director ?? ""],
    ...[imdbRating ?? "", imdbVotes ?? "", rottenTomatoes ?? ""],
  ];
}

/** Rows as RFC 4180, with quotes only where they are needed. */
function csvText(rows: readonly (readonly (string | number)[])[]): string {
  const field = (value: string | number) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(field).join(",")).join("\n")}\n`;
}

/** The silver inputs of the demo. */
export function demoStaging(inputs: ReadonlyMap<string, BronzeInput>): { ratings?: string; items?: string } {
  const ratings = inputs.get("ratings");
  const films = inputs.get("films");
  return {
    ...(ratings
      ? {
          ratings: ratingsStaging(ratings, {
            user: "userId",
            item: "filmId",
            rating: "rating",
            time: "timestamp",
          }),
        }
      : {}),
    ...(films ? { items: filmsStaging(films) } : {}),
  };
}

function filmsStaging(films: BronzeInput): string {
  return `SELECT source_file, line, "filmId" AS item_id, title, ${releaseYearOf("title")} AS release_year,
      TRY_CAST("releaseDate" AS DATE) AS release_date, ${genreList("genres")} AS genres,
      CASE WHEN director = '' THEN [] ELSE [{'name': director, 'role': 'director'}] END AS people,
      TRY_CAST("imdbRating" AS DOUBLE) AS imdb_rating, TRY_CAST("imdbVotes" AS BIGINT) AS imdb_votes,
      TRY_CAST("rottenTomatoes" AS DOUBLE) AS rt_critics_score
    FROM ${films.relation} ORDER BY line`;
}

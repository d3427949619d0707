import type { Layout } from "./layout-folder.ts";

/** The ways in which GroupLens ships MovieLens. */
export type MovielensLayout = "csv" | "1m" | "100k";

const csv = { delimiter: ",", quoted: true, encoding: "utf-8", header: true } as const;
const dat = { delimiter: "::", quoted: false, encoding: "latin-1", header: false } as const;
const pipe = { delimiter: "|", quoted: false, encoding: "latin-1", header: false } as const;
const tabs = { delimiter: "\t", quoted: false, encoding: "latin-1", header: false } as const;

/** Which of the flags of `u.item` stands for which genre. */
export interface GenreFlag {
  readonly genre: string;
  readonly flag: number;
}

/** How many genre flags the last columns of `u.item` are. */
export const genreFlagCount = 19;
const genreFlags = Array.from({ length: genreFlagCount }, (_, at) => `genre_${at}`);

/** All layouts, with the files that tell them apart. Column names of files without a header are those of their README. */
export const layouts: readonly Layout<MovielensLayout>[] = [
  {
    name: "csv",
    title: "MovieLens with CSV files (latest-small, 25M)",
    files: [
      {
        name: /^ratings.*\.csv$/,
        shown: "ratings.csv",
        table: "ratings",
        staging: "ratings",
        required: true,
        format: {
          ...csv,
          columns: ["userId", "movieId", "rating"],
          optional: ["timestamp"],
          lastValueExpected: true,
        },
      },
      {
        name: "movies.csv",
        shown: "movies.csv",
        table: "movies",
        staging: "items",
        required: true,
        format: { ...csv, columns: ["movieId", "title", "genres"] },
      },
      {
        name: "links.csv",
        shown: "links.csv",
        table: "links",
        staging: "links",
        required: false,
        format: { ...csv, columns: ["movieId", "imdbId", "tmdbId"] },
      },
      {
        name: "tags.csv",
        shown: "tags.csv",
        table: "tags",
        staging: "tags",
        required: false,
        format: { ...csv, columns: ["userId", "movieId", "tag"], optional: ["timestamp"] },
      },
    ],
  },
  {
    name: "1m",
    title: "MovieLens 1M",
    files: [
      {
        name: /^ratings.*\.dat$/,
        shown: "ratings.dat",
        table: "ratings",
        staging: "ratings",
        required: true,
        format: {
          ...dat,
          columns: ["user_id", "movie_id", "rating"],
          optional: ["timestamp"],
          lastValueExpected: true,
        },
      },
      {
        name: "movies.dat",
        shown: "movies.dat",
        table: "movies",
        staging: "items",
        required: true,
        format: { ...dat, columns: ["movie_id", "title", "genres"] },
      },
      {
        name: "users.dat",
        shown: "users.dat",
        table: "users",
        staging: "users",
        required: false,
        format: { ...dat, columns: ["user_id", "gender", "age", "occupation", "zip_code"] },
      },
    ],
  },
  {
    name: "100k",
    title: "MovieLens 100K",
    files: [
      {
        name: "u.data",
        shown: "u.data",
        table: "ratings",
        staging: "ratings",
        required: true,
        format: {
          ...tabs,
          columns: ["user_id", "movie_id", "rating"],
          optional: ["timestamp"],
          lastValueExpected: true,
        },
      },
      {
        name: "u.item",
        shown: "u.item",
        table: "movies",
        staging: "items",
        required: true,
        format: {
          ...pipe,
          columns: ["movie_id", "title", "release_date", "video_release_date", "imdb_url", ...genreFlags],
        },
      },
      {
        name: "u.genre",
        shown: "u.genre",
        table: "genres",
        required: true,
        format: { ...pipe, columns: ["genre", "flag"] },
      },
      {
        name: "u.user",
        shown: "u.user",
        table: "users",
        staging: "users",
        required: false,
        format: { ...pipe, columns: ["user_id", "age", "gender", "occupation", "zip_code"] },
      },
    ],
  },
];

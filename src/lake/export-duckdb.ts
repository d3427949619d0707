import { randomUUID } from "node:crypto";
import { link, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { PinnedTables } from "../contracts/quality.ts";
import { syncFile, syncFolder } from "../durable-file.ts";
import { UsherError } from "../errors.ts";
import type { Lake } from "./lake.ts";
import { asLakeError } from "./lake-error.ts";
import { pinned } from "./read.ts";
import { sqlName, sqlText } from "./sql-text.ts";

/** What to write, and where to. */
export interface DuckdbExportRequest {
  readonly lake: Lake;
  readonly build: PinnedTables;
  /** Must not exist; its folder must. */
  readonly file: string;
}

/** How many rows were written. */
export interface DuckdbExport {
  readonly films: number;
  readonly ratings: number;
}

/**
 * Writes a build as a new DuckDB database file with two tables.
 *
 * - `films(id, title, description, genres, release_date, vote_average, vote_count)`: all items, placeholders too, so that every rating has
 *   its film. `genres` is text joined by `|`. `vote_average` and `vote_count` are TMDB's where the catalogue has them, else IMDb's, else
 *   those of our own ratings, their mean doubled; so the average is always on 0..10, NULL with 0 votes.
 * - `ratings(user_id, film_id, rating, timestamp)`: all ratings, 0.5..5; `timestamp` in whole seconds since 1970, NULL where unknown.
 *
 * Ids are INTEGER where all of their kind are whole numbers below 2³¹, else VARCHAR. The file appears whole or not at all.
 *
 * @throws UsherError `PARAMETER_INVALID` where the file exists or its folder does not; `DISK_FULL`.
 */
export async function exportDuckdb(request: DuckdbExportRequest): Promise<DuckdbExport> {
  const { engine } = request.lake;
  const file = resolve(request.file);
  await checkPlace(file);
  const stamp = randomUUID();
  const temporary = join(dirname(file), `.${stamp}.duckdb.tmp`);
  const database = sqlName(`export_${stamp}`);
  try {
    await engine.run(`ATTACH ${sqlText(temporary)} AS ${database} (TYPE duckdb)`);
    try {
      for (const statement of await statements(request, database)) await engine.run(statement);
    } finally {
      await engine.run(`DETACH ${database}`);
    }
    await syncFile(temporary);
    await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
      throw error.code === "EEXIST" ? fileExists(file, error) : error;
    });
    await syncFolder(dirname(file));
  } catch (error) {
    throw asLakeError(error);
  } finally {
    await rm(temporary, { force: true });
    await rm(`${temporary}.wal`, { force: true });
  }
  const { lake, build } = request;
  return {
    films: await lake.rowCount("silver_items", build.tables["silver_items"]),
    ratings: await lake.rowCount("silver_ratings", build.tables["silver_ratings"]),
  };
}

async function statements({ lake, build }: DuckdbExportRequest, database: string): Promise<string[]> {
  const items = await pinned(lake, build, "silver_items");
  const users = await pinned(lake, build, "silver_users");
  const ratings = await pinned(lake, build, "silver_ratings");
  const stats = await pinned(lake, build, "gold_item_stats");
  const idType = async (relation: string, column: string) => {
    // a leading zero would be lost in a number
    const [found] = await lake.engine.rows(
      `SELECT bool_and(regexp_full_match(${column}, '0|[1-9][0-9]*') AND TRY_CAST(${column} AS INTEGER) IS NOT NULL) AS whole FROM ${relation}`,
    );
    return found?.["whole"] === true ? "INTEGER" : "VARCHAR";
  };
  const filmId = await idType(items, "item_id");
  const userId = await idType(users, "user_id");
  const source = `CASE WHEN tmdb_vote_average IS NOT NULL THEN 'tmdb' WHEN imdb_rating IS NOT NULL THEN 'imdb' ELSE 'own' END`;
  return [
    `CREATE TABLE ${database}.films AS
     SELECT CAST(item_id AS ${filmId}) AS id, title, description, array_to_string(genres, '|') AS genres, release_date,
       CASE ${source} WHEN 'tmdb' THEN tmdb_vote_average WHEN 'imdb' THEN imdb_rating ELSE rating_mean * 2 END AS vote_average,
       coalesce(CASE ${source} WHEN 'tmdb' THEN tmdb_vote_count WHEN 'imdb' THEN imdb_votes ELSE rating_count END, 0) AS vote_count
     FROM ${items} LEFT JOIN (SELECT item_id, rating_count, rating_mean FROM ${stats}) USING (item_id)
     ORDER BY id`,
    `CREATE TABLE ${database}.ratings AS
     SELECT CAST(user_id AS ${userId}) AS user_id, CAST(item_id AS ${filmId}) AS film_id, rating,
       CAST(floor(epoch(rating_ts)) AS BIGINT) AS "timestamp"
     FROM ${ratings} ORDER BY user_id, film_id, "timestamp" NULLS FIRST`,
  ];
}

async function checkPlace(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found) throw fileExists(file);
  const folder = await stat(dirname(file)).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new UsherError("PARAMETER_INVALID", `export: expected an existing folder, got ${dirname(file)}`);
  }
}

function fileExists(file: string, cause?: unknown): UsherError {
  return new UsherError("PARAMETER_INVALID", `export: expected a file that does not exist yet, got ${file}`, {
    cause,
  });
}

import type { StagingName } from "../contracts/imports.ts";
import { UsherError } from "../errors.ts";
import type { Mapping } from "./mapping.ts";
import type { GenreFlag, MovielensLayout } from "./movielens-layouts.ts";
import type { TextFormat } from "./text-format.ts";

/** The data sets that can be imported. */
export const sourceNames = ["movielens", "csv", "demo"] as const;
export type SourceName = (typeof sourceNames)[number];

/** Which data set, and where it is. */
export interface SourceSpec {
  readonly source: SourceName;
  /** Folder of the data set; empty for the built-in demo. */
  readonly location: string;
  /** Chooses where a folder holds more than one ratings file. */
  readonly ratingsFile?: string;
  /** The files were sent, and lie at `location` only until they are imported. */
  readonly isUploaded?: boolean;
}

/** The data sets that lie in a folder. */
export const folderSources = ["movielens", "csv"] as const;

/** How data sets are named, for refusals. */
export const sourceNotation: string = [...folderSources.map((name) => `${name}:<folder>`), "demo"].join(", ");

/** One file of a data set. */
export interface SourceFile {
  readonly path: string;
  /** The content of a file that was made in memory; `path` is its name then. */
  readonly bytes?: Uint8Array;
  readonly filename: string;
  /** Middle of the bronze table's name: `ratings` → `bronze_movielens_ratings_raw`. */
  readonly table: string;
  /** The silver input that its rows feed; absent for files that only help to read others. */
  readonly staging?: StagingName;
  readonly format: TextFormat;
}

/** A document of a data set, read already. */
export interface SourceDocument {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

/** The rows of one file in bronze, of exactly one import. */
export interface BronzeInput {
  /** Text for a FROM clause. */
  readonly relation: string;
  /** Names of the file's own columns there. */
  readonly columns: readonly string[];
}

/** A data set that was found and understood, before anything is copied. */
export interface OpenedSource {
  readonly source: SourceName;
  readonly datasetName: string;
  readonly datasetVersion: string;
  readonly sourceUrl: string;
  /** What a person who uses the data must know, in one or two sentences. */
  readonly licence: string;
  readonly files: readonly SourceFile[];
  /** What says how the files are read: kept beside them and part of what tells one data set from another, but no table. */
  readonly documents?: readonly SourceDocument[];
  readonly shape: SourceShape;
}

/** What decides how the bronze tables of a data set are read; plain data, so that a home can remember it. */
export type SourceShape =
  | { readonly source: "demo" }
  | { readonly source: "csv"; readonly mapping?: Mapping }
  | {
      readonly source: "movielens";
      readonly layout: MovielensLayout;
      /** Which of the flags of `u.item` stands for which genre. */
      readonly genreFlags: readonly GenreFlag[];
    };

/**
 * Reads the name of a data set as people write it: `movielens:<folder>`, `csv:<folder>` or `demo`.
 *
 * @param options.field What a refusal calls it. Default `data`.
 * @throws UsherError `PARAMETER_INVALID`.
 * @example
 * import { parseSourceSpec } from "./source.ts";
 * parseSourceSpec("movielens:data/ml-1m").location; // → "data/ml-1m"
 */
export function parseSourceSpec(
  text: string,
  { ratingsFile, field = "data" }: { ratingsFile?: string; field?: string } = {},
): SourceSpec {
  const [, source = text, location = ""] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  const isFolder = (folderSources as readonly string[]).includes(source);
  if (isFolder ? location === "" : text !== "demo") {
    throw new UsherError(
      "PARAMETER_INVALID",
      `${field}: expected one of ${sourceNotation}, got "${text.slice(0, 200)}"`,
      { details: { field } },
    );
  }
  return { source: source as SourceName, location, ...(ratingsFile ? { ratingsFile } : {}) };
}

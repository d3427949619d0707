import type { StagingName } from "../contracts/imports.ts";
import { UsherError } from "../errors.ts";
import type { GenreFlag, Layout } from "./movielens-layouts.ts";
import type { TextFormat } from "./text-format.ts";

/** The data sets that can be imported. */
export const sourceNames = ["movielens", "demo"] as const;
export type SourceName = (typeof sourceNames)[number];

/** Which data set, and where it is. */
export interface SourceSpec {
  readonly source: SourceName;
  /** Folder of the data set; empty for the built-in demo. */
  readonly location: string;
  /** Chooses where a folder holds more than one ratings file. */
  readonly ratingsFile?: string;
}

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
  readonly shape: SourceShape;
}

/** What decides how the bronze tables of a data set are read; plain data, so that a home can remember it. */
export type SourceShape =
  | { readonly source: "demo" }
  | {
      readonly source: "movielens";
      readonly layout: Layout["name"];
      /** Which of the flags of `u.item` stands for which genre. */
      readonly genreFlags: readonly GenreFlag[];
    };

/**
 * Reads the name of a data set as people write it: `movielens:<folder>` or `demo`.
 *
 * @throws UsherError `PARAMETER_INVALID`.
 * @example
 * import { parseSourceSpec } from "./source.ts";
 * parseSourceSpec("movielens:data/ml-1m").location; // → "data/ml-1m"
 */
export function parseSourceSpec(text: string, options: { ratingsFile?: string } = {}): SourceSpec {
  const colon = text.indexOf(":");
  const source = colon < 0 ? text : text.slice(0, colon);
  const location = colon < 0 ? "" : text.slice(colon + 1);
  const wellFormed =
    (source === "movielens" && location !== "") || (source === "demo" && location === "" && colon < 0);
  if (!wellFormed) {
    throw new UsherError(
      "PARAMETER_INVALID",
      `data: expected movielens:<folder> or demo, got "${text.slice(0, 200)}"`,
      { details: { field: "data" } },
    );
  }
  return {
    source: source as SourceName,
    location,
    ...(options.ratingsFile ? { ratingsFile: options.ratingsFile } : {}),
  };
}

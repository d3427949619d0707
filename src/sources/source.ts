import type { StagingName } from "../contracts/imports.ts";
import { UsherError } from "../errors.ts";
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
  /** SELECTs with the columns of `stagingColumns`, over the bronze rows of the files by their `table`. */
  staging(inputs: ReadonlyMap<string, BronzeInput>): Partial<Record<StagingName, string>>;
  /** Removes what the source made for the import. */
  close(): Promise<void>;
}

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

import { rm } from "node:fs/promises";
import {
  type ImportedSource,
  type ImportManifest,
  type RejectedRow,
  rejectedRowsListedMax,
} from "../contracts/imports.ts";
import type { Progress } from "../contracts/progress.ts";
import type { Engine } from "../engine/engine.ts";
import { asUsherError, UsherError } from "../errors.ts";
import type { Lake } from "../lake/lake.ts";
import { type BronzeRows, writeBronze } from "./bronze.ts";
import { fingerprintOfFiles } from "./fingerprint.ts";
import { openSource } from "./open-source.ts";
import { copyOriginals, manifestFile, originalsFolder, writeManifest } from "./originals.ts";
import type { BronzeInput, OpenedSource, SourceSpec } from "./source.ts";

/** An import with its manifest. */
export interface SourceImport extends ImportedSource {
  readonly manifest: ImportManifest;
  /** Of the files that were read; equal to what `fingerprintOfSource` gives for the same data set. */
  readonly fingerprint: string;
}

/** What an import works on. */
export interface ImportOptions {
  readonly spec: SourceSpec;
  readonly lake: Lake;
  readonly engine: Engine;
  /** Phase `bronze`, two signs a file; phase `commit`, one a table. */
  readonly onProgress?: Progress;
  /** Time of the import. Default: now. */
  readonly now?: Date;
  /** Aborting rejects with `CANCELLED` before the next file. */
  readonly signal?: AbortSignal;
}

/**
 * Takes a data set into bronze: the originals unchanged, each file as a table of text columns, and a manifest.
 *
 * Every row of every file is in the table or counted as rejected. The manifest is written last, so an import that was killed left
 * nothing that counts and can simply be started again.
 *
 * @throws UsherError `SOURCE_NOT_FOUND`, `SOURCE_UNKNOWN`, `SOURCE_AMBIGUOUS`, `SOURCE_COLUMN_MISSING`, `SOURCE_ENCODING`,
 * `SOURCE_DAMAGED`, `DATA_EMPTY`, `DISK_FULL`, `CANCELLED`.
 * Cost: each file is read twice and written twice (as it is, and as Parquet); memory does not grow with the file.
 */
export async function importSource(options: ImportOptions): Promise<SourceImport> {
  const opened = await openSource(options.spec);
  try {
    return await importOpened(opened, options);
  } catch (error) {
    throw asUsherError(error);
  } finally {
    await opened.close();
  }
}

async function importOpened(opened: OpenedSource, options: ImportOptions): Promise<SourceImport> {
  const { lake, engine, signal, onProgress = () => {} } = options;
  const ingestionTs = (options.now ?? new Date()).toISOString();
  const checkCancelled = () => {
    if (signal?.aborted) throw new UsherError("CANCELLED", "the import was cancelled");
  };
  const folder = originalsFolder(lake.folder, { source: opened.source, ingestionTs });
  const originals = await copyOriginals(opened.files, {
    folder,
    onFile: (filename) => {
      checkCancelled();
      onProgress({ phase: "bronze", text: `bronze: copying ${filename}` });
    },
  });
  try {
    const bronze: BronzeRows[] = [];
    for (const original of originals) {
      checkCancelled();
      const table = `bronze_${opened.source}_${original.file.table}_raw`;
      bronze.push(await writeBronze(original, { table, lake, engine, ingestionTs, onProgress }));
    }
    const manifest = manifestOf(opened, bronze, ingestionTs);
    const manifestPath = await writeManifest(folder, manifest);
    return {
      source: opened.source,
      ingestionTs,
      staging: completeStaging(opened, bronze),
      rejected: bronze.flatMap((rows) => rows.rejected.rows),
      rejectedCounts: countsByStaging(bronze),
      manifestPath,
      manifest,
      fingerprint: fingerprintOfFiles(originals.map(({ file, scan }) => ({ ...file, ...scan }))),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function completeStaging(opened: OpenedSource, bronze: readonly BronzeRows[]): ImportedSource["staging"] {
  const inputs = new Map<string, BronzeInput>(bronze.map((rows) => [rows.original.file.table, rows.input]));
  const { ratings, items, ...others } = opened.staging(inputs);
  if (ratings === undefined || items === undefined) {
    throw new UsherError(
      "INTERNAL",
      `${opened.source}: expected ratings and items among the staging SELECTs`,
    );
  }
  return { ratings, items, ...others };
}

function countsByStaging(bronze: readonly BronzeRows[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { original, rejected } of bronze) {
    const { staging } = original.file;
    if (staging) counts[staging] = (counts[staging] ?? 0) + rejected.total;
  }
  return counts;
}

function manifestOf(
  opened: OpenedSource,
  bronze: readonly BronzeRows[],
  ingestionTs: string,
): ImportManifest {
  const rejected: RejectedRow[] = bronze.flatMap((rows) => rows.rejected.rows);
  return {
    dataset_name: opened.datasetName,
    dataset_version: opened.datasetVersion,
    source_url: opened.sourceUrl,
    licence: opened.licence,
    ingestion_ts: ingestionTs,
    ingestion_date: ingestionTs.slice(0, 10),
    files: bronze.map(({ original, kept, rejected }) =>
      manifestFile(original.file.filename, original.scan, kept + rejected.total),
    ),
    rejected_rows: rejected.slice(0, rejectedRowsListedMax),
    rejected_rows_total: bronze.reduce((sum, rows) => sum + rows.rejected.total, 0),
  };
}

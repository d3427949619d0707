import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type ImportedSource,
  type ImportManifest,
  type RejectedRow,
  rejectedRowsListedMax,
} from "../contracts/imports.ts";
import type { Progress } from "../contracts/progress.ts";
import type { Engine } from "../engine/engine.ts";
import { UsherError } from "../errors.ts";
import type { Lake } from "../lake/lake.ts";
import { asLakeError } from "../lake/lake-error.ts";
import { type BronzeRows, dropUnfinished, writeBronze } from "./bronze.ts";
import { fingerprintOfFiles } from "./fingerprint.ts";
import { openSource } from "./open-source.ts";
import {
  copyOriginals,
  type KeptDocument,
  keepDocuments,
  manifestFile,
  originalsFolder,
  writeManifest,
} from "./originals.ts";
import type { OpenedSource, SourceSpec } from "./source.ts";
import { type ImportTables, stagingOf } from "./staging.ts";

/** An import with its manifest. */
export interface SourceImport extends ImportedSource {
  readonly manifest: ImportManifest;
  readonly tables: ImportTables;
  /** Of the files that were read; equal to what `fingerprintOfSource` gives for the same data set. */
  readonly fingerprint: string;
}

/** What an import works on. */
export interface ImportOptions {
  readonly spec: SourceSpec;
  readonly lake: Lake;
  readonly engine: Engine;
  /** Phase `bronze`, its first half by bytes copied; phase `commit`, one sign a table. */
  readonly onProgress?: Progress;
  /** Time of the import. Default: now. */
  readonly now?: Date;
  /** Aborting rejects with `CANCELLED` before the next piece that is copied, or the next table. */
  readonly signal?: AbortSignal;
}

/**
 * Takes a data set into bronze: the originals unchanged with the documents that say how to read them, each file as a table of text columns, and a manifest.
 *
 * Every row of every file is in the table of the file or in that of the rejected rows. The manifest is written last, so an import that
 * was killed left nothing that counts and can simply be started again; what it left is removed then.
 *
 * @throws UsherError `SOURCE_NOT_FOUND`, `SOURCE_UNKNOWN`, `SOURCE_AMBIGUOUS`, `SOURCE_COLUMN_MISSING`, `SOURCE_ENCODING`,
 * `SOURCE_DAMAGED`, `DATA_EMPTY`, `DISK_FULL`, `HOME_UNWRITABLE`, `CANCELLED`.
 * Cost: each file is read twice and written twice (as it is, and as Parquet); memory does not grow with the file.
 */
export async function importSource(options: ImportOptions): Promise<SourceImport> {
  try {
    return await importOpened(await openSource(options.spec), options);
  } catch (error) {
    throw asLakeError(error);
  }
}

async function importOpened(opened: OpenedSource, options: ImportOptions): Promise<SourceImport> {
  const { lake, engine, signal, onProgress = () => {} } = options;
  const { source, shape } = opened;
  const ingestionTs = (options.now ?? new Date()).toISOString();
  const beforeFile = () => {
    if (signal?.aborted) throw new UsherError("CANCELLED", "the import was cancelled");
  };
  // inside the lake, so that the next import finds what a killed one left
  const temporaryFolder = join(lake.folder, "tmp");
  await rm(temporaryFolder, { recursive: true, force: true });
  await dropUnfinished(source, { lake, engine });
  const folder = originalsFolder(lake.folder, { source, ingestionTs });
  const bytesTotal = await sizeOf(opened);
  let bytesCopied = 0;
  const originals = await copyOriginals(opened.files, {
    folder,
    onRead: (filename, bytes) => {
      beforeFile();
      bytesCopied += bytes;
      const fraction = Math.min(1, bytesCopied / bytesTotal) / 2; // the other half is making tables of them
      onProgress({ phase: "bronze", text: `bronze: copying ${filename}`, fraction });
    },
  });
  try {
    const documents = await keepDocuments(opened.documents ?? [], folder);
    const target = { lake, engine, source, ingestionTs, temporaryFolder, onProgress, beforeFile };
    const bronze = await writeBronze(originals, target);
    const tables = { shape, ingestionTs, ...bronze.tables };
    const manifest = manifestOf(opened, { bronze: bronze.rows, documents, ingestionTs });
    return {
      source,
      ingestionTs,
      ...(await stagingOf(tables, ({ table, version }) => lake.relation(table, version))),
      rejected: manifest.rejected_rows,
      rejectedCounts: countsByStaging(bronze.rows),
      manifestPath: await writeManifest(folder, manifest),
      manifest,
      tables,
      fingerprint: fingerprintOfFiles([
        ...originals.map(({ file: { filename }, scan }) => ({ filename, ...scan })),
        ...documents.map(({ filename, scan }) => ({ filename, ...scan })),
      ]),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

/** Bytes of all files, at least 1. A file that cannot be read counts nothing: reading it tells why. */
async function sizeOf({ files }: OpenedSource): Promise<number> {
  const sizes = await Promise.all(
    files.map(({ path, bytes }) =>
      bytes
        ? bytes.length
        : stat(path).then(
            ({ size }) => size,
            () => 0,
          ),
    ),
  );
  return Math.max(
    1,
    sizes.reduce((sum, size) => sum + size, 0),
  );
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
  of: { bronze: readonly BronzeRows[]; documents: readonly KeptDocument[]; ingestionTs: string },
): ImportManifest {
  const { bronze, documents, ingestionTs } = of;
  const rejected: RejectedRow[] = bronze.flatMap((rows) => rows.rejected.rows);
  return {
    dataset_name: opened.datasetName,
    dataset_version: opened.datasetVersion,
    source_url: opened.sourceUrl,
    licence: opened.licence,
    ingestion_ts: ingestionTs,
    ingestion_date: ingestionTs.slice(0, 10),
    files: [
      ...bronze.map(({ original, kept, rejected }) =>
        manifestFile(original.file.filename, original.scan, kept + rejected.total),
      ),
      ...documents.map(({ filename, scan }) =>
        manifestFile(filename, scan, scan.lineCount - scan.emptyLineCount),
      ),
    ],
    rejected_rows: rejected.slice(0, rejectedRowsListedMax),
    rejected_rows_total: bronze.reduce((sum, rows) => sum + rows.rejected.total, 0),
  };
}

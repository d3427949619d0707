import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ImportManifest, ManifestFile } from "../contracts/imports.ts";
import { makeFolderDurable, syncFolder, writeFileDurable } from "../durable-file.ts";
import type { SourceDocument, SourceFile } from "./source.ts";
import { scanText, type TextScan } from "./text-scan.ts";

/** Name of the file that makes a folder of originals complete: it is written last. */
export const manifestName = "_manifest.json";

/** Name of the file that lets a home build from an import; written after the manifest. */
export const importRecordName = "import.json";

/** Whether a folder of originals with these files belongs to an import that was completed, though it may be damaged since. */
export function isComplete(names: readonly string[]): boolean {
  return names.includes(manifestName) || names.includes(importRecordName);
}

/** A file of an import, copied and looked through. */
export interface Original {
  readonly file: SourceFile;
  /** Where the copy is. */
  readonly path: string;
  readonly scan: TextScan;
}

/** The folder for the originals of one import: `<lake>/bronze/originals/<source>/<ingestion stamp>`. */
export function originalsFolder(lakeFolder: string, which: { source: string; ingestionTs: string }): string {
  return join(lakeFolder, "bronze", "originals", which.source, which.ingestionTs.replace(/[-:.]/g, ""));
}

/**
 * Copies the files of a data set, byte for byte, and makes them durable.
 *
 * Folders of the same source that no import completed are what a killed one left, and go first.
 *
 * @param options.onRead Called with each piece of a file, in bytes; what it throws ends the work.
 * @throws UsherError as `scanText`; the half-made folder is removed.
 */
export async function copyOriginals(
  files: readonly SourceFile[],
  options: { folder: string; onRead: (filename: string, bytes: number) => void },
): Promise<Original[]> {
  await removeUnfinished(join(options.folder, ".."));
  await makeFolderDurable(options.folder);
  try {
    const originals: Original[] = [];
    for (const file of files) {
      const { filename } = file;
      options.onRead(filename, 0);
      const path = join(options.folder, filename);
      const onRead = (bytes: number) => options.onRead(filename, bytes);
      originals.push({ file, path, scan: await scanText(file.path, { ...file, copyTo: path, onRead }) });
    }
    await syncFolder(options.folder);
    return originals;
  } catch (error) {
    await rm(options.folder, { recursive: true, force: true });
    throw error;
  }
}

/** A document that was kept. */
export interface KeptDocument {
  readonly filename: string;
  readonly scan: TextScan;
}

/** Writes the documents of a data set beside its originals, byte for byte and durably. */
export async function keepDocuments(
  documents: readonly SourceDocument[],
  folder: string,
): Promise<KeptDocument[]> {
  const kept: KeptDocument[] = [];
  for (const { filename, bytes } of documents) {
    const copyTo = join(folder, filename);
    kept.push({ filename, scan: await scanText(filename, { filename, bytes, copyTo }) });
  }
  await syncFolder(folder);
  return kept;
}

/** Whether the import of this source and time was completed. */
export async function isImported(
  lakeFolder: string,
  which: { source: string; ingestionTs: string },
): Promise<boolean> {
  return isComplete(await namesIn(originalsFolder(lakeFolder, which)));
}

async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const isUnfinished = !isComplete(await namesIn(join(folder, name)));
    if (isUnfinished) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

/** What the manifest says of one file. @param rowCount Rows received: those kept and those rejected. */
export function manifestFile(filename: string, scan: TextScan, rowCount: number): ManifestFile {
  return {
    filename,
    size_bytes: scan.sizeBytes,
    row_count: rowCount,
    checksum_sha256: scan.sha256,
    checksum_md5: scan.md5,
  };
}

/** Writes the manifest, and with it completes the folder. @returns Its path. */
export async function writeManifest(folder: string, manifest: ImportManifest): Promise<string> {
  const path = join(folder, manifestName);
  await writeFileDurable(path, `${JSON.stringify(manifest, null, 2)}\n`);
  return path;
}

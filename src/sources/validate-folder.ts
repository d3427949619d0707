import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImportManifest, ManifestFile } from "../contracts/imports.ts";
import { filesOf, readMapping } from "./mapping.ts";
import { isComplete, manifestName } from "./originals.ts";
import { countFile } from "./row-count.ts";

/** What is wrong with a folder of files and their manifest. Empty = nothing. */
export interface FolderReport {
  readonly folder: string;
  readonly files: number;
  /** One sentence each: which file, what was expected, what is there. */
  readonly problems: readonly string[];
}

/** Key → what `typeof` says of a sound value. */
const manifestKeys = {
  dataset_name: "string",
  dataset_version: "string",
  source_url: "string",
  licence: "string",
  ingestion_ts: "string",
  ingestion_date: "string",
  files: "array",
  rejected_rows: "array",
  rejected_rows_total: "number",
} as const satisfies Record<keyof ImportManifest, string>;

const fileKeys = {
  filename: "string",
  size_bytes: "number",
  row_count: "number",
  checksum_sha256: "string",
  checksum_md5: "string",
} as const satisfies Record<keyof ManifestFile, string>;

/**
 * Compares the files of a folder with its manifest: there, same size, same checksums, same number of rows.
 *
 * For the folder of a download, and for the originals of one import. Cost: reads every file once, files with quotes twice.
 */
export async function validateFolder(folder: string): Promise<FolderReport> {
  const { manifest, problems } = await readManifest(folder);
  const files = manifest?.files ?? [];
  const found = [...problems];
  const delimiters = await delimitersIn(folder);
  for (const file of files) {
    found.push(...(await problemsOfFile(folder, { file, delimiter: delimiters.get(file.filename) })));
  }
  return { folder, files: files.length, problems: found };
}

/**
 * Validates the originals of every import in a lake.
 *
 * Folders with neither manifest nor record are what a killed import left behind; nothing reads them, and they are no problem.
 */
export async function validateOriginals(lakeFolder: string): Promise<FolderReport[]> {
  const root = join(lakeFolder, "bronze", "originals");
  const reports: FolderReport[] = [];
  for (const source of await namesIn(root)) {
    for (const stamp of await namesIn(join(root, source))) {
      const folder = join(root, source, stamp);
      if (isComplete(await namesIn(folder))) reports.push(await validateFolder(folder));
    }
  }
  return reports;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
}

/** The manifest of a folder, where it is one; else what is wrong with it. */
export async function readManifest(
  folder: string,
): Promise<{ manifest?: ImportManifest; problems: readonly string[] }> {
  let text: string;
  try {
    text = await readFile(join(folder, manifestName), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      problems: [`${manifestName}: expected a manifest in ${folder}, but it cannot be read (${code})`],
    };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problems: [`${manifestName}: expected JSON, got ${(error as Error).message}`] };
  }
  const problems = missingKeys(value, manifestKeys, manifestName);
  if (problems.length > 0) return { problems };
  const manifest = value as ImportManifest;
  problems.push(
    ...manifest.files.flatMap((file, at) => missingKeys(file, fileKeys, `${manifestName}: files[${at}]`)),
  );
  for (const { filename } of manifest.files) {
    if (typeof filename === "string" && !/^[^/\\:]+$/.test(filename)) {
      problems.push(`${manifestName}: expected plain file names, got ${JSON.stringify(filename)}`);
    }
  }
  return problems.length > 0 ? { problems } : { manifest, problems };
}

function missingKeys(value: unknown, keys: Readonly<Record<string, string>>, where: string): string[] {
  if (typeof value !== "object" || value === null) return [`${where}: expected an object`];
  const record = value as Record<string, unknown>;
  return Object.entries(keys).flatMap(([key, type]) => {
    const found = Array.isArray(record[key]) ? "array" : typeof record[key];
    return found === type ? [] : [`${where}: expected ${key} (${type}), got ${found}`];
  });
}

/** Of files that a mapping describes: what stands between their columns. */
async function delimitersIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = await readMapping(folder).catch(() => undefined); // a damaged one is told by its checksum
  return new Map(found ? filesOf(found.mapping).map(({ file, delimiter }) => [file, delimiter]) : []);
}

async function problemsOfFile(
  folder: string,
  { file, delimiter }: { file: ManifestFile; delimiter: string | undefined },
): Promise<string[]> {
  const { filename } = file;
  try {
    const { scan, rowCount } = await countFile(join(folder, filename), filename, delimiter);
    const compared: [what: string, expected: string | number, found: string | number][] = [
      ["size in bytes", file.size_bytes, scan.sizeBytes],
      ["SHA-256", file.checksum_sha256, scan.sha256],
      ["MD5", file.checksum_md5, scan.md5],
      ["row count", file.row_count, rowCount],
    ];
    return compared
      .filter(([, expected, found]) => expected !== found)
      .map(([what, expected, found]) => `${filename}: expected ${what} ${expected}, got ${found}`);
  } catch (error) {
    const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    return [code === "ENOENT" ? `${filename}: the file is missing` : (error as Error).message];
  }
}

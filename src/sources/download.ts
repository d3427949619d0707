import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ImportManifest, ManifestFile } from "../contracts/imports.ts";
import type { Progress } from "../contracts/progress.ts";
import { syncFolder } from "../durable-file.ts";
import { asUsherError, UsherError } from "../errors.ts";
import { fetchFile, fetchText } from "./fetch-file.ts";
import { movielensLicence } from "./movielens.ts";
import { manifestFile, manifestName, writeManifest } from "./originals.ts";
import { countFile } from "./row-count.ts";
import { unzipInto } from "./unzip.ts";
import { readManifest } from "./validate-folder.ts";

/** What can be downloaded, and how many rows must have come. */
export const downloads = {
  "movielens-25m": { archive: "ml-25m.zip", rows: { "ratings.csv": 25_000_095, "movies.csv": 62_423 } },
  "movielens-latest-small": {
    archive: "ml-latest-small.zip",
    rows: { "ratings.csv": 100_836, "movies.csv": 9_742 },
  },
} as const satisfies Record<string, { archive: string; rows: Readonly<Record<string, number>> }>;

export type DownloadName = keyof typeof downloads;

/** Where GroupLens publishes MovieLens. */
export const defaultBaseUrl = "https://files.grouplens.org/datasets/movielens";

/** What to download, and whereto. */
export interface DownloadOptions {
  readonly name: DownloadName;
  /** Folder that will hold the files themselves; made when needed. */
  readonly folder: string;
  /** Default {@link defaultBaseUrl}. */
  readonly baseUrl?: string;
  /** True: fetch again what is there. Default false. */
  readonly force?: boolean;
  /** Longest wait for an answer, in ms. Default 3000. */
  readonly timeoutMs?: number;
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
}

/** A downloaded data set. */
export interface Download {
  readonly folder: string;
  readonly manifest: ImportManifest;
  /** True where everything was there and nothing was fetched. */
  readonly isAlreadyComplete: boolean;
}

/**
 * Fetches a MovieLens data set from GroupLens: archive, checksum, files, manifest.
 *
 * A call that was interrupted is continued by the next one. The manifest is written last, so a folder without one is not complete.
 *
 * @throws UsherError `DOWNLOAD_FAILED`; `CHECKSUM_MISMATCH`, the archive or the number of rows is not what it should be;
 * `SOURCE_DAMAGED`, `DISK_FULL`, `CANCELLED`; `PARAMETER_INVALID`, an unknown name.
 */
export async function downloadDataset(options: DownloadOptions): Promise<Download> {
  const { folder, name } = options;
  if (!Object.hasOwn(downloads, name)) {
    throw new UsherError(
      "PARAMETER_INVALID",
      `download: expected ${Object.keys(downloads).join(" or ")}, got "${String(name).slice(0, 100)}"`,
    );
  }
  if (!options.force) {
    const manifest = await completeManifest(folder);
    if (manifest) return { folder, manifest, isAlreadyComplete: true };
  }
  try {
    await mkdir(folder, { recursive: true });
    const archive = await fetchArchive(options);
    // from here on the folder is not complete until the new manifest stands
    await rm(join(folder, manifestName), { force: true });
    await syncFolder(folder);
    options.onProgress?.({ phase: "fetch", text: `fetch: unpacking ${downloads[name].archive}` });
    const names = await unzipInto(archive, folder);
    const manifest = await manifestOf(names, options);
    await writeManifest(folder, manifest);
    await rm(archive, { force: true });
    return { folder, manifest, isAlreadyComplete: false };
  } catch (error) {
    throw asUsherError(error);
  }
}

/** The manifest of a folder in which every file has the size that it says. */
async function completeManifest(folder: string): Promise<ImportManifest | undefined> {
  const { manifest, problems } = await readManifest(folder);
  if (!manifest || problems.length > 0) return undefined;
  for (const file of manifest.files) {
    const size = await stat(join(folder, file.filename)).then(
      (stats) => stats.size,
      () => -1,
    );
    if (size !== file.size_bytes) return undefined;
  }
  return manifest;
}

/** @returns Path of the archive, whose checksum is right. */
async function fetchArchive(options: DownloadOptions): Promise<string> {
  const { folder, name, force, timeoutMs = 3000, onProgress } = options;
  const { archive } = downloads[name];
  const url = `${(options.baseUrl ?? defaultBaseUrl).replace(/\/+$/, "")}/${archive}`;
  const path = join(folder, `${archive}.part`);
  const network = { timeoutMs, ...(options.signal ? { signal: options.signal } : {}) };
  if (force) {
    await rm(path, { force: true });
    await rm(`${path}.json`, { force: true });
  }
  onProgress?.({ phase: "fetch", text: `fetch: asking ${url}` });
  const promised = await fetchText({ url: `${url}.md5`, ...network }, 1000);
  const [wanted] = /\b[0-9a-f]{32}\b/i.exec(promised) ?? [];
  if (wanted === undefined) {
    throw new UsherError(
      "DOWNLOAD_FAILED",
      `${url}.md5: expected an MD5 checksum, got ${JSON.stringify(promised.slice(0, 100))}`,
    );
  }
  if ((await md5Of(path)) !== wanted.toLowerCase())
    await fetchFile({ url, path, ...network, ...meter(options) });
  const found = await md5Of(path);
  if (found !== wanted.toLowerCase()) {
    await rm(path, { force: true }); // continuing a wrong file could never make it right
    throw new UsherError("CHECKSUM_MISMATCH", `${url}: expected MD5 ${wanted}, got ${found}`);
  }
  return path;
}

/** Signs of life at each percent. */
function meter({ onProgress, name }: DownloadOptions) {
  let shown = -1;
  return {
    onBytes: (received: number, total: number | undefined) => {
      const percent = total ? Math.floor((100 * received) / total) : Math.floor(received / 1e6);
      if (percent === shown) return;
      shown = percent;
      const text = `fetch: ${downloads[name].archive} ${(received / 1e6).toFixed(1)} MB${total ? ` of ${(total / 1e6).toFixed(1)} MB` : ""}`;
      onProgress?.({ phase: "fetch", text, ...(total ? { fraction: received / total } : {}) });
    },
  };
}

async function md5Of(path: string): Promise<string | undefined> {
  const hash = createHash("md5");
  try {
    for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return hash.digest("hex");
}

async function manifestOf(names: readonly string[], options: DownloadOptions): Promise<ImportManifest> {
  const { folder, name, onProgress } = options;
  const files: ManifestFile[] = [];
  for (const filename of [...names].sort()) {
    onProgress?.({ phase: "fetch", text: `fetch: checking ${filename}` });
    const { scan, rowCount } = await countFile(join(folder, filename), filename);
    files.push(manifestFile(filename, scan, rowCount));
  }
  for (const [filename, wanted] of Object.entries(downloads[name].rows)) {
    const found = files.find((file) => file.filename === filename)?.row_count ?? 0;
    if (found !== wanted) {
      throw new UsherError("CHECKSUM_MISMATCH", `${filename}: expected ${wanted} rows, got ${found}`);
    }
  }
  const now = new Date().toISOString();
  return {
    dataset_name: name,
    dataset_version: downloads[name].archive.replace(".zip", ""),
    source_url: `${options.baseUrl ?? defaultBaseUrl}/${downloads[name].archive}`,
    licence: movielensLicence,
    ingestion_ts: now,
    ingestion_date: now.slice(0, 10),
    files,
    rejected_rows: [],
    rejected_rows_total: 0,
  };
}

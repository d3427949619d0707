import { createWriteStream } from "node:fs";
import { copyFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Progress } from "../contracts/progress.ts";
import { asUsherError, UsherError } from "../errors.ts";
import { csvFileOf, csvFiles } from "./csv.ts";
import type { ImportRecord } from "./import-record.ts";
import { filesOf, mappingFile } from "./mapping.ts";
import { originalsFolder } from "./originals.ts";
import type { SourceName } from "./source.ts";
import { unzipInto } from "./unzip.ts";

/** What an upload may hold. */
export interface UploadLimits {
  /** Bytes of all files together, also when they are unpacked. */
  readonly bytesMax: number;
  readonly filesMax: number;
}

/** Files that come in from elsewhere, in a folder of their own until they are imported. */
export interface Upload {
  readonly folder: string;
  /** Names of the files that have come in whole. */
  readonly names: readonly string[];
  /**
   * Takes one file, piece by piece.
   *
   * @param file.name As the sender calls it; folders before it do not count.
   * @throws UsherError `BODY_INVALID`: a name that is none, or came before, or a file without a byte; `BODY_TOO_LARGE`, `DISK_FULL`; what
   * reading the content throws.
   */
  add(file: { name: string; content: AsyncIterable<Uint8Array> }): Promise<void>;
  /** Removes the folder with everything in it. */
  discard(): Promise<void>;
}

/** Makes the folder of an upload. @throws UsherError `DISK_FULL`, `HOME_UNWRITABLE`. */
export async function openUpload(folder: string, limits: UploadLimits): Promise<Upload> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw asUsherError(error);
  });
  const names: string[] = [];
  let bytesTotal = 0;
  const counted = async function* (content: AsyncIterable<Uint8Array>) {
    for await (const bytes of content) {
      bytesTotal += bytes.length;
      if (bytesTotal > limits.bytesMax) throw tooLarge(`${limits.bytesMax} bytes together`);
      yield bytes;
    }
  };
  return {
    folder,
    names,
    add: async ({ name: sent, content }) => {
      const name = plainName(sent);
      if (names.some((other) => other.toLowerCase() === name.toLowerCase())) {
        throw refusal(`expected each name once, got ${name} twice`);
      }
      if (names.length >= limits.filesMax) throw tooLarge(`${limits.filesMax} files`);
      const before = bytesTotal;
      await pipeline(Readable.from(counted(content)), createWriteStream(join(folder, name), { flags: "wx" }));
      if (bytesTotal === before) throw refusal(`expected rows in ${name}, but it is empty (0 bytes)`);
      names.push(name);
    },
    discard: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The last part of a path as browsers and other clients send it. */
function plainName(sent: string): string {
  const name = sent.split(/[\\/]/).at(-1) ?? "";
  if (/^\w[\w .()+-]{0,199}$/.test(name)) return name;
  throw refusal(`expected a name such as ratings.csv, got ${JSON.stringify(sent.slice(0, 200))}`);
}

const refusal = (text: string) =>
  new UsherError("BODY_INVALID", `files: ${text}`, { details: { field: "files" } });
const tooLarge = (most: string) =>
  new UsherError(
    "BODY_TOO_LARGE",
    `files: expected at most ${most} (see \`uploads\` in usher.json), got more`,
    {
      details: { field: "files" },
    },
  );

const isArchive = (name: string) => /\.zip$/i.test(name);

/** Whether the files are packed, so that only unpacking tells which they are. @throws UsherError `BODY_INVALID`: no file, or an archive with others. */
export function isPacked({ names }: Pick<Upload, "names">): boolean {
  if (names.length === 0) throw refusal("expected at least one file, got none");
  if (!names.some(isArchive)) return false;
  if (names.length === 1) return true;
  throw refusal(`expected one ZIP archive or plain files, got ${names.join(", ")}`);
}

/**
 * Unpacks the archive of an upload in its place.
 *
 * @throws UsherError `SOURCE_DAMAGED`, `CANCELLED`, `DISK_FULL`.
 */
export async function unpack(
  { folder, names }: Pick<Upload, "folder" | "names">,
  options: { bytesMax: number; signal?: AbortSignal | undefined; onProgress: Progress },
): Promise<void> {
  const { bytesMax: unpackedBytesMax, signal, onProgress } = options;
  for (const name of names) {
    const path = join(folder, name);
    const { size } = await stat(path);
    let bytesRead = 0;
    const onRead = (bytes: number) => {
      bytesRead += bytes;
      onProgress({ phase: "fetch", text: `fetch: unpacking ${name}`, fraction: bytesRead / size });
    };
    await unzipInto(path, folder, { unpackedBytesMax, signal, onRead });
    await rm(path);
  }
}

/** Which data set the files of a folder are: one's own with a mapping, or where none is called as MovieLens calls its items. */
export async function recognizeSource(folder: string): Promise<SourceName> {
  const names = await readdir(folder);
  if (names.includes(mappingFile)) return "csv";
  return names.some((name) => /^(movies\.(csv|dat)|u\.(data|item))$/.test(name)) ? "movielens" : "csv";
}

/**
 * Adds what an upload of one's own files lacks, ratings or items, from the newest import, where that was of one's own files too: so
 * either may be sent alone. Where that import had a mapping, any of its files may be, and is read by it; a mapping that is sent
 * comes with all its files.
 */
export async function completeFrom(
  newest: Pick<ImportRecord, "spec" | "tables"> | undefined,
  { folder, sent, lakeFolder }: { folder: string; sent: readonly string[]; lakeFolder: string },
): Promise<void> {
  if (newest?.tables.shape.source !== "csv") return;
  const originals = originalsFolder(lakeFolder, { source: "csv", ingestionTs: newest.tables.ingestionTs });
  if (sent.includes(mappingFile)) return;
  const { mapping } = newest.tables.shape;
  if (mapping) {
    const files = filesOf(mapping).map(({ file }) => file);
    if (!sent.some((name) => files.includes(name))) return;
    const missing = files.filter((name) => !sent.includes(name));
    for (const name of [...missing, mappingFile]) {
      await copyFile(join(originals, name), join(folder, name));
    }
    return;
  }
  const ratingsFile = newest.spec.ratingsFile ?? "";
  for (const original of await readdir(originals)) {
    const name = original === ratingsFile ? csvFiles.ratings : csvFileOf(original);
    if (name && !sent.some((one) => csvFileOf(one) === name)) {
      await copyFile(join(originals, original), join(folder, name));
    }
  }
}

import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Unzip, type UnzipFile, UnzipInflate } from "fflate";
import { syncFolder } from "../durable-file.ts";
import { UsherError } from "../errors.ts";

/** Most bytes that an archive may unpack to where nothing else is said: 8 GiB, several times the largest MovieLens. */
const unpackedBytesMaxDefault = 8 * 1024 ** 3;

/** What may be asked of unpacking. */
export interface UnzipOptions {
  /** Most bytes of all files together. Default 8 GiB. */
  readonly unpackedBytesMax?: number;
  /** Aborting rejects with `CANCELLED` before the next piece. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each piece of the archive, in bytes. */
  readonly onRead?: (bytes: number) => void;
}

/**
 * Unpacks an archive that holds one folder of files, into `folder` itself.
 *
 * Each file is written under another name, made durable, and renamed. Memory does not grow with the archive.
 *
 * @returns Names of the files, in the archive's order.
 * What archivers of macOS add (`__MACOSX/`) is left out.
 *
 * @throws UsherError `SOURCE_DAMAGED`: not a whole archive, one that unpacks to more than it may, with a name twice, or with a name that
 * is no plain file name in one folder; `CANCELLED`.
 */
export async function unzipInto(
  path: string,
  folder: string,
  { unpackedBytesMax = unpackedBytesMaxDefault, signal, onRead }: UnzipOptions = {},
): Promise<string[]> {
  const archive = archiveReader();
  const writer = fileWriter(folder, unpackedBytesMax);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 16 })) {
      if (signal?.aborted) throw new UsherError("CANCELLED", "the unpacking was cancelled");
      onRead?.((chunk as Buffer).length);
      for (const piece of archive.take(chunk as Buffer)) await writer.write(piece);
    }
    for (const piece of archive.finish()) await writer.write(piece);
    const names = writer.finish();
    await syncFolder(folder);
    return names;
  } catch (error) {
    await writer.discard();
    throw error instanceof Error && "syscall" in error ? error : damaged(path, error);
  }
}

function damaged(path: string, error: unknown): UsherError {
  if (error instanceof UsherError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new UsherError("SOURCE_DAMAGED", `${path}: expected a ZIP archive, but ${reason}`, { cause: error });
}

/** Some bytes of one file. */
interface Piece {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

function archiveReader() {
  let pieces: Piece[] = [];
  let problem: Error | undefined;
  const unzip = new Unzip((entry: UnzipFile) => {
    if (entry.name.endsWith("/") || entry.name.startsWith("__MACOSX/")) return;
    const name = plainName(entry.name);
    entry.ondata = (error, bytes, isLast) => {
      if (error) problem ??= error;
      else pieces.push({ name, bytes, isLast });
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  const push = (bytes: Uint8Array, isLast: boolean): Piece[] => {
    unzip.push(bytes, isLast);
    if (problem) throw problem;
    const taken = pieces;
    pieces = [];
    return taken;
  };
  return { take: (bytes: Uint8Array) => push(bytes, false), finish: () => push(new Uint8Array(0), true) };
}

/** The last part of `folder/name`. @throws UsherError `SOURCE_DAMAGED`: anything else, so nothing is written outside the folder. */
function plainName(path: string): string {
  const [, name] = /^(?:[\w][\w.-]*\/)?([\w][\w.-]*)$/.exec(path) ?? [];
  if (name === undefined) {
    throw new UsherError(
      "SOURCE_DAMAGED",
      `archive: expected names such as folder/file.csv, got ${JSON.stringify(path.slice(0, 200))}`,
    );
  }
  return name;
}

function fileWriter(folder: string, unpackedBytesMax: number) {
  const names: string[] = [];
  let unpackedBytes = 0;
  let current: { name: string; file: FileHandle } | undefined;
  const partPath = (name: string) => join(folder, `${name}.part`);
  return {
    async write({ name, bytes, isLast }: Piece): Promise<void> {
      unpackedBytes += bytes.length;
      if (unpackedBytes > unpackedBytesMax) {
        throw new UsherError(
          "SOURCE_DAMAGED",
          `archive: expected at most ${unpackedBytesMax} bytes when it is unpacked`,
        );
      }
      if (names.includes(name)) {
        throw new UsherError("SOURCE_DAMAGED", `archive: expected each name once, got ${name} twice`);
      }
      current ??= { name, file: await open(partPath(name), "w") };
      if (current.name !== name) throw new Error(`${current.name} ends too early`);
      await current.file.writeFile(bytes);
      if (!isLast) return;
      await current.file.sync();
      await current.file.close();
      current = undefined;
      await rename(partPath(name), join(folder, name));
      names.push(name);
    },
    finish(): string[] {
      if (current) throw new Error(`${current.name} ends too early`);
      if (names.length === 0) throw new Error("it holds no file");
      return names;
    },
    async discard(): Promise<void> {
      if (!current) return;
      await current.file.close();
      await rm(partPath(current.name), { force: true });
    },
  };
}

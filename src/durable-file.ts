import { randomUUID } from "node:crypto";
import { type FileHandle, link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Writes a file so that it is there, whole, after a power cut, or not at all.
 *
 * Order: temporary file, fsync, then `rename` (replaces) or `link` (fails with `EEXIST` where the name is taken), fsync of the folder.
 *
 * @param options.exclusive True: never replace; the call rejects with `EEXIST`. Default false.
 * @param options.mode Who may read and write it. Default 0o666 less the umask.
 */
export async function writeFileDurable(
  path: string,
  data: string | Uint8Array | readonly Uint8Array[],
  options: { exclusive?: boolean; mode?: number } = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, "wx", options.mode);
    try {
      await file.writeFile(
        Array.isArray(data) ? Buffer.concat(data as Uint8Array[]) : (data as string | Uint8Array),
      );
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.exclusive) await link(temporary, path);
    else await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

/** Makes the bytes of a file durable, after another program (such as DuckDB) wrote it without fsync. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a folder whose name survives a power cut, with all folders above it that are missing. */
export async function makeFolderDurable(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Makes the names in a folder durable. Does nothing on systems that cannot open folders (Windows). */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, "r");
  } catch (error) {
    if (process.platform === "win32") return; // folders cannot be opened there, and NTFS journals its names
    throw error;
  }
  try {
    await folder.sync();
  } catch (error) {
    if (process.platform !== "win32") throw error;
  } finally {
    await folder.close();
  }
}

import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { syncFolder } from "../durable-file.ts";
import { everyPath, latestVersion, logFolder } from "./delta-log.ts";

/** Makes a folder whose name survives a power cut, with all folders above it that are missing. */
export async function makeFolderDurable(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/**
 * Removes data files that no log entry names, and unfinished log entries.
 *
 * @param which.before Those last written before this time (milliseconds since 1970): the leftovers of a process that was killed.
 * @param which.butNot And whose name does not hold this text.
 * @param which.stamp Those whose name holds this text: the leftovers of a write that failed.
 */
export async function removeLeftovers(
  tableFolder: string,
  which: { readonly before: number; readonly butNot: string } | { readonly stamp: string },
): Promise<void> {
  const candidates = [
    ...(await filesIn(tableFolder)).filter(
      (path) => path.endsWith(".parquet") && !path.startsWith(logFolder(tableFolder)), // checkpoints
    ),
    ...(await filesIn(logFolder(tableFolder))).filter((path) => path.endsWith(".tmp")),
  ];
  if (candidates.length === 0) return;
  const named = await everyPath(tableFolder, await latestVersion(tableFolder));
  for (const path of candidates) {
    if (named.has(relative(tableFolder, path).split(sep).join("/"))) continue;
    const isLeftover =
      "stamp" in which
        ? basename(path).includes(which.stamp)
        : !basename(path).includes(which.butNot) && (await stat(path)).mtimeMs < which.before;
    if (isLeftover) await rm(path, { force: true });
  }
}

/** All files below a folder; none where there is no such folder. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    },
  );
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

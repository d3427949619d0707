import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { everyPath, type LogPlace, logFolder } from "./delta-log.ts";

/**
 * Removes data files that no log entry names, and unfinished log entries.
 *
 * @param which.before Those last written before this time (milliseconds since 1970): the leftovers of a process that was killed.
 * @param which.butNot And whose name does not hold this text.
 * @param which.stamp Those whose name holds this text: the leftovers of a write that failed.
 */
export async function removeLeftovers(
  place: LogPlace,
  which: { readonly before: number; readonly butNot: string } | { readonly stamp: string },
): Promise<void> {
  const { folder } = place;
  const isLeftover = async (path: string) =>
    "stamp" in which
      ? basename(path).includes(which.stamp)
      : !basename(path).includes(which.butNot) && (await stat(path)).mtimeMs < which.before;
  const candidates: string[] = [];
  for (const path of await unnamedFiles(folder)) if (await isLeftover(path)) candidates.push(path);
  if (candidates.length === 0) return;
  const named = await everyPath(place);
  for (const path of candidates) {
    if (!named.has(pathInside(folder, path))) await rm(path, { force: true });
  }
}

/** Files of a table that nothing needs unless a log entry names them: data files, and unfinished files of the log. */
export async function unnamedFiles(tableFolder: string): Promise<string[]> {
  const log = logFolder(tableFolder);
  return (await filesIn(tableFolder)).filter((path) =>
    dirname(path) === log ? path.endsWith(".tmp") : path.endsWith(".parquet"),
  );
}

/** A path below a folder as the log writes it: relative, with `/`. */
export function pathInside(folder: string, path: string): string {
  return relative(folder, path).split(sep).join("/");
}

/** Names of the folders of tables in a lake, also of those that have no version yet, sorted. */
export async function tableNamesIn(lakeFolder: string): Promise<string[]> {
  const foldersIn = async (path: string) => {
    const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  };
  const found: string[] = [];
  for (const layer of await foldersIn(lakeFolder)) {
    const names = await foldersIn(join(lakeFolder, layer));
    found.push(...names.filter((name) => name.startsWith(`${layer}_`)));
  }
  return found.sort();
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

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurable } from "../durable-file.ts";
import { UsherError } from "../errors.ts";
import { type Lock, lockHome } from "./lock.ts";

/** Version of the folder's layout. A change that older programs cannot read raises it. */
export const homeFormat = 1;

/** Names of what lies in a home folder. */
export interface HomePaths {
  readonly folder: string;
  readonly lake: string;
  readonly downloads: string;
  /** The log of events; its offsets and ids. */
  readonly log: string;
  /** What events have changed since: profiles, seen sets, windows. */
  readonly live: string;
  /** Published lists. */
  readonly lists: string;
  /** What was written of items and users. */
  readonly catalogue: string;
  readonly releasePointer: string;
  /** Saved surfaces, one folder a name. */
  readonly surfaces: string;
  /** Files that were sent, until they are imported. */
  readonly uploads: string;
  /** History of the workflow. */
  readonly runs: string;
  /** Keys, and the audit log; for the owner's eyes only. */
  readonly access: string;
}

export function homePaths(folder: string): HomePaths {
  return {
    folder,
    lake: join(folder, "lake"),
    downloads: join(folder, "downloads"),
    log: join(folder, "state", "log"),
    live: join(folder, "state", "live"),
    lists: join(folder, "state", "lists"),
    catalogue: join(folder, "state", "catalogue"),
    releasePointer: join(folder, "release.json"),
    surfaces: join(folder, "surfaces"),
    uploads: join(folder, "uploads"),
    runs: join(folder, "runs"),
    access: join(folder, "access"),
  };
}

/** A home folder that this process owns. */
export interface Home extends HomePaths {
  readonly lock: Lock;
}

/**
 * Takes a home folder, making it where there is none.
 *
 * @throws UsherError `HOME_LOCKED`, `HOME_UNWRITABLE`, `HOME_FORMAT`.
 */
export async function openHome(folder: string): Promise<Home> {
  const lock = await lockHome(folder);
  try {
    await checkFormat(folder, { create: true });
    await mkdir(homePaths(folder).lake, { recursive: true });
    return { ...homePaths(folder), lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Refuses a home of a format that this version does not know. `create` writes the version into a new home. */
export async function checkFormat(folder: string, options: { create?: boolean } = {}): Promise<void> {
  const path = join(folder, "home.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    if (options.create) {
      await writeFileDurable(
        path,
        `${JSON.stringify({ format: homeFormat, created_at: new Date().toISOString() })}\n`,
      );
    }
    return;
  }
  const format = (() => {
    try {
      return (JSON.parse(text) as { format?: unknown }).format;
    } catch {
      return text.slice(0, 40); // reported below as what came
    }
  })();
  if (format !== homeFormat) {
    throw new UsherError(
      "HOME_FORMAT",
      `${path}: expected format ${homeFormat}, got ${JSON.stringify(format)}; open it with the version of usher-recommender that wrote it`,
    );
  }
}

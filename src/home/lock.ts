import { mkdir, readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { writeFileDurable } from "../durable-file.ts";
import { asUsherError, UsherError } from "../errors.ts";

/** Who owns a home folder. */
export interface Owner {
  readonly pid: number;
  /** Where the owner serves; absent while it does not listen. */
  readonly address?: string;
  readonly startedAt: string;
}

/** The same as it stands in `usher.lock`. */
interface OwnerFile {
  readonly pid: number;
  readonly address?: string;
  readonly started_at: string;
}

export interface Lock {
  /** Tells others at which address the owner serves, such as `http://127.0.0.1:8000`. */
  announce(address: string): Promise<void>;
  release(): Promise<void>;
}

const ownedHere = new Set<string>();

/**
 * Takes the home folder for this process, until `release` or the end of the process, however it ends.
 *
 * The lock itself is the operating system's lock on a small DuckDB file, which no killed process leaves behind;
 * `usher.lock` beside it only says who holds it.
 *
 * @throws UsherError `HOME_LOCKED` naming pid and port; `HOME_UNWRITABLE`, `DISK_FULL`.
 */
export async function lockHome(home: string): Promise<Lock> {
  try {
    await mkdir(home, { recursive: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST" && code !== "ENOTDIR") throw asUsherError(error);
    throw new UsherError("HOME_UNWRITABLE", `expected a folder at ${home}: ${message}`, { cause: error });
  }
  const path = await realpath(home);
  if (ownedHere.has(path)) throw await lockedError(path);
  ownedHere.add(path);
  try {
    const instance = await holdFile(path);
    const file = join(path, "usher.lock");
    const owner = { pid: process.pid, started_at: new Date().toISOString() };
    await writeFileDurable(file, JSON.stringify(owner));
    return {
      announce: (address) => writeFileDurable(file, JSON.stringify({ ...owner, address })),
      release: async () => {
        await rm(file, { force: true });
        instance.closeSync();
        ownedHere.delete(path);
      },
    };
  } catch (error) {
    ownedHere.delete(path);
    throw error;
  }
}

async function holdFile(path: string): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(join(path, "owner.duckdb"));
  } catch (error) {
    const { message } = error as Error;
    if (/lock|used by another process/i.test(message)) throw await lockedError(path);
    if (/permission|read-only/i.test(message)) {
      throw new UsherError("HOME_UNWRITABLE", `cannot write in ${path}: ${message}`, { cause: error });
    }
    throw asUsherError(error);
  }
}

async function lockedError(home: string): Promise<UsherError> {
  const owner = await ownerOf(home);
  const who = owner
    ? `process ${owner.pid}${owner.address === undefined ? "" : ` on port ${new URL(owner.address).port}`}`
    : "another process";
  return new UsherError(
    "HOME_LOCKED",
    `${home} is owned by ${who}; expected a home that no other Usher runs on`,
    {
      details: { ...owner },
    },
  );
}

/** Who says that it owns the home, or `undefined`. A killed owner may still be named: only {@link lockHome} tells for sure. */
export async function ownerOf(home: string): Promise<Owner | undefined> {
  try {
    const content = JSON.parse(await readFile(join(home, "usher.lock"), "utf8")) as OwnerFile;
    const { pid, address, started_at: startedAt } = content;
    return { pid, startedAt, ...(address === undefined ? {} : { address }) };
  } catch {
    return undefined; // no file, or one that is being replaced: nobody is named
  }
}

import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { syncFile, syncFolder } from "../durable-file.ts";
import { UsherError } from "../errors.ts";

/** One named database: binary keys of 1..1,978 bytes in the order of their bytes, binary values. */
export type BinaryDatabase = Database<Uint8Array, Uint8Array>;

export interface LmdbOptions {
  /** Where `data.mdb` and `lock.mdb` lie; made where it is missing. */
  readonly folder: string;
  /** Code of every error: whose environment it is. */
  readonly code: "LOG_UNAVAILABLE" | "STORE_UNAVAILABLE";
  /** Beside a process that writes. Default false. */
  readonly readOnly?: boolean;
  /** How long a write may take before the environment counts as failed, ms. Default 2,000. */
  readonly deadlineMs?: number;
  /** Told once, when the environment has failed for ever: the server then stops. */
  readonly onFailure?: (failure: UsherError) => void;
  /** Tests only: acknowledge before anything is synced, so that they can see themselves catch it. Default false. */
  readonly plantNoSync?: boolean;
}

/**
 * An LMDB environment that is honest about its disk.
 *
 * The first failed write or sync, or the first write that is not done within its deadline, is the end: from then on every call throws
 * the same error, since after a failed fsync nobody knows what the disk holds, and after a failed meta page lmdb never answers again
 * (both measured). Restarting reads the disk. A full disk is only a refusal: the transaction is gone whole, the next may succeed.
 */
export interface LmdbEnvironment {
  /**
   * Opens databases by name, making those that are missing, durable all together.
   * @throws UsherError of the environment's code: one is missing and the environment is read only.
   */
  databases(names: readonly string[]): BinaryDatabase[];
  /**
   * Does the puts and removes of `change` in one transaction: all or none, durable when it resolves. `change` must not throw, and the
   * bytes of the values must not change before.
   * @throws UsherError of the environment's code: nothing was written, or nobody knows (after a failure).
   */
  write(change: () => void): Promise<void>;
  /** Reads the newest committed state; `look` must be synchronous. @throws UsherError of the environment's code. */
  read<Result>(look: () => Result): Result;
  /** Closes it after the writes that are under way; a failed one is left as it is, for the end of the process. */
  close(): Promise<void>;
}

const databasesMax = 64;
const noSpace = 28; // ENOSPC
const dataFile = "data.mdb";

/** Opens an environment. @throws UsherError of `options.code`, also for a file that is no LMDB file. */
export async function openLmdbEnvironment(options: LmdbOptions): Promise<LmdbEnvironment> {
  try {
    if (!options.readOnly) await makeDataFile(options.folder);
    return environmentOver(openRoot(options.folder, options), options);
  } catch (error) {
    if (error instanceof UsherError) throw error;
    throw new UsherError(options.code, `cannot open ${options.folder}: ${(error as Error).message}`, {
      cause: error,
      ...(isNoSpace(error) ? { details: { reason: "disk_full" } } : {}),
    });
  }
}

/**
 * `overlappingSync: false` makes a commit durable before it resolves, and readers never trust an unsynced meta page (with the default
 * they do while the boot id is the same, which a remounted disk or a copied folder does not change).
 */
function openRoot(path: string, { readOnly = false, plantNoSync = false }: Partial<LmdbOptions>) {
  return open<Uint8Array, Uint8Array>({
    path,
    encoding: "binary",
    keyEncoding: "binary",
    maxDbs: databasesMax,
    overlappingSync: false,
    readOnly,
    ...(plantNoSync ? { noSync: true } : {}),
  });
}

/**
 * Makes a new data file under another name and renames it when it is whole: LMDB writes the first two pages without a sync, and a power
 * cut would leave a file that does not open.
 *
 * LMDB never syncs names: those of the file, its folder, `state` and the home are made durable at every start, since the process that
 * made them may have been killed before it could.
 */
async function makeDataFile(folder: string): Promise<void> {
  if (!existsSync(join(folder, dataFile))) {
    await mkdir(folder, { recursive: true });
    const fresh = join(folder, "new.mdb");
    await rm(fresh, { force: true });
    await openRoot(fresh, {}).close();
    await syncFile(fresh);
    await rename(fresh, join(folder, dataFile));
    await rm(`${fresh}-lock`, { force: true });
  }
  for (const path of [folder, dirname(folder), dirname(dirname(folder))]) await syncFolder(path);
}

const isNoSpace = (error: unknown) => {
  const { code, message } = error as { code?: unknown; message?: string };
  return code === noSpace || code === "ENOSPC" || /No space left/.test(message ?? "");
};

function environmentOver(root: RootDatabase<Uint8Array, Uint8Array>, options: LmdbOptions): LmdbEnvironment {
  const { folder, code, deadlineMs = 2000, onFailure } = options;
  const waiting = new Set<(failure: UsherError) => void>();
  let down: UsherError | undefined;

  const fail = (error: unknown): UsherError => {
    if (down) return down;
    const why = (error as Error).message;
    down = new UsherError(code, `${folder} has failed (${why}); it takes nothing more until a restart`, {
      cause: error,
    });
    for (const reject of waiting) reject(down);
    waiting.clear();
    onFailure?.(down);
    return down;
  };

  const settle = (error: unknown): UsherError => {
    if (!isNoSpace(error)) return fail(error);
    return new UsherError(code, `${folder}: the disk is full; nothing was taken`, {
      cause: error,
      details: { reason: "disk_full" },
    });
  };

  /** The outcome of a commit, or the failure of the whole environment, whichever comes first. */
  const watched = (commit: Promise<unknown>) =>
    new Promise<void>((resolve, reject) => {
      waiting.add(reject);
      const stopClock = countDown(deadlineMs, () =>
        fail(new Error(`a write was not done after ${deadlineMs} ms`)),
      );
      commit.then(
        () => resolve(),
        (error) => reject(settle(error)),
      );
      const done = () => {
        stopClock();
        waiting.delete(reject);
      };
      commit.then(done, done);
    });

  const throwIfDown = () => {
    if (down) throw down;
  };

  return {
    databases(names) {
      throwIfDown();
      const openAll = () => names.map((name) => openDatabase(root, name, options));
      try {
        return options.readOnly ? openAll() : root.transactionSync(openAll);
      } catch (error) {
        throw error instanceof UsherError ? error : settle(error);
      }
    },
    async write(change) {
      throwIfDown();
      let commit: Promise<unknown>;
      try {
        commit = root.batch(change);
      } catch (error) {
        throw fail(error); // half of the changes may be queued: what is written is not known any more
      }
      await watched(commit.catch(throwCommitError));
    },
    read(look) {
      throwIfDown();
      root.resetReadTxn(); // a reader beside a writer would keep its snapshot for the rest of the turn
      try {
        return look();
      } catch (error) {
        throw new UsherError(code, `cannot read ${folder}: ${(error as Error).message}`, { cause: error });
      }
    },
    async close() {
      if (down) return; // lmdb would wait for a commit that never comes
      down = new UsherError(code, `${folder} is closed`);
      await root.close();
    },
  };
}

function openDatabase(
  root: RootDatabase<Uint8Array, Uint8Array>,
  name: string,
  { folder, code }: LmdbOptions,
) {
  const database: BinaryDatabase | undefined = root.openDB(name, {
    encoding: "binary",
    keyEncoding: "binary",
  });
  if (!database) throw new UsherError(code, `${folder}: expected a database ${name}, found none`);
  return database;
}

/**
 * A failed commit of lmdb rejects with a general error that carries a second promise with the cause. Unless somebody waits for it, Node
 * ends the process for an unhandled rejection.
 */
async function throwCommitError(error: unknown): Promise<never> {
  await (error as { commitError?: Promise<unknown> }).commitError;
  throw error;
}

/**
 * Calls `over` after so many ms in which the event loop turned: counted in ten steps, so that one long piece of JavaScript, behind which
 * the answer of the disk waits too, counts as one step only. @returns What stops it.
 */
function countDown(ms: number, over: () => void): () => void {
  const steps = 10;
  let left = steps;
  const timer = setInterval(() => {
    left--;
    if (left > 0) return;
    clearInterval(timer);
    over();
  }, ms / steps);
  return () => clearInterval(timer);
}

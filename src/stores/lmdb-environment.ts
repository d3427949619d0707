import { existsSync, statfsSync } from "node:fs";
import { mkdir, open as openFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { syncFile, syncFolder } from "../durable-file.ts";
import { UsherError } from "../errors.ts";

/** One named database: keys of 1..1,978 bytes in the order of their bytes, binary values. */
export type BinaryDatabase<Key extends KeyType = Uint8Array> = Database<Uint8Array, Key>;
/** Keys as the code has them. */
export type KeyType = Uint8Array | string | number;
/** How the keys of a database become bytes, right where LMDB wants them, and again what they were. */
export interface KeyEncoding<Key> {
  /** @returns Where the key ends. */
  writeKey(key: Key, target: Buffer, start: number): number;
  readKey(source: Buffer, start: number, end: number): Key;
}

/** Keys as texts, in the order of their UTF-8 bytes. */
export const textKeys: KeyEncoding<string> = {
  writeKey: (key, target, start) => start + target.write(key, start),
  readKey: (source, start, end) => source.toString("utf8", start, end),
};

export interface LmdbOptions {
  /** Where `data.mdb` and `lock.mdb` lie; made where it is missing. */
  readonly folder: string;
  /** Code of every error: whose environment it is. */
  readonly code: "LOG_UNAVAILABLE" | "STORE_UNAVAILABLE";
  /** Beside a process that writes. Default false. */
  readonly readOnly?: boolean;
  /** How long a write may take before the environment counts as failed, ms; large writes get 0.1 ms a put more. Default 2,000. */
  readonly deadlineMs?: number;
  /** What is kept free on the disk: a write that could leave less is refused, bytes. Default 16 MiB. */
  readonly reserveBytes?: number;
  /** Told once, when the environment has failed for ever: the server then stops. */
  readonly onFailure?: (failure: UsherError) => void;
}

/** How much a transaction puts. */
export interface WriteSize {
  readonly puts: number;
  /** Bytes of all values together. */
  readonly bytes: number;
  /** For what was promised already, with room for it. Default: only what puts nothing may. */
  readonly mayUseReserve?: boolean;
}

/**
 * An LMDB environment that is honest about its disk.
 *
 * The first failed write or sync, or the first write that is not done within its deadline, is the end: from then on every call throws
 * the same error, since after a failed fsync nobody knows what the disk holds, after a failed meta page lmdb never answers again, and a
 * failed page write overruns a buffer inside lmdb 3.5.6 (all measured). Restarting reads the disk.
 *
 * So a full disk is refused before lmdb meets it: while less than a reserve would be left, writes throw and nothing else happens; they
 * are taken again as soon as there is room. Removing may use the reserve, since it needs room for a while too.
 */
export interface LmdbEnvironment {
  /**
   * Opens databases by name, making those that are missing, durable all together. Keys are bytes unless another encoding is given.
   * @throws UsherError of the environment's code: one is missing and the environment is read only.
   */
  databases<Key extends KeyType = Uint8Array>(
    names: readonly string[],
    keyEncoding?: KeyEncoding<Key>,
  ): BinaryDatabase<Key>[];
  /**
   * Does the puts and removes of `change` in one transaction: all or none, durable when it resolves. `change` must not throw, and the
   * bytes of the values must not change before.
   * @param size What it puts, from which the room on the disk is estimated; without puts the reserve may be used.
   * @throws UsherError of the environment's code. With `details.reason` `disk_full`: nothing was written. Else nothing was, or nobody
   * knows, and nothing ever will be by this process.
   */
  write(change: () => void, size: WriteSize): Promise<void>;
  /** Reads the newest committed state; `look` must be synchronous. @throws UsherError of the environment's code. */
  read<Result>(look: () => Result): Result;
  /** Closes it after the writes that are under way; a failed one is left as it is, for the end of the process. */
  close(): Promise<void>;
}

const databasesMax = 64;
/** What a put may take beside the deadline: the live state writes 200,000 at once after a long absence, on whatever disk. */
const msPerPut = 0.1;
const dataFile = "data.mdb";
/** Where LMDB's mark stands in its first page, and what it is. */
const magicAt = 24;
const magic = 0xbeefc0de;
const reserveBytesDefault = 16 * 1024 * 1024;
/** The most that a put changes, nearly: one page of its own. */
const bytesPerPut = 4096;

/** Opens an environment. @throws UsherError of `options.code`, also for a file that is no LMDB file. */
export async function openLmdbEnvironment(options: LmdbOptions): Promise<LmdbEnvironment> {
  try {
    if (!options.readOnly) await makeDataFile(options);
    await checkFiles(options);
    return environmentOver(openRoot(options.folder, options), options);
  } catch (error) {
    if (error instanceof UsherError) throw error;
    throw new UsherError(options.code, `cannot open ${options.folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * `overlappingSync: false` makes a commit durable before it resolves, and readers never trust an unsynced meta page (with the default
 * they do while the boot id is the same, which a remounted disk or a copied folder does not change).
 */
function openRoot(path: string, { readOnly = false }: Partial<LmdbOptions>) {
  return open<Uint8Array, Uint8Array>({
    path,
    encoding: "binary",
    keyEncoding: "binary",
    maxDbs: databasesMax,
    overlappingSync: false,
    // each write is one batch already; the batch of a whole turn would carry a promise that nobody holds, whose rejection ends the process
    eventTurnBatching: false,
    readOnly,
  });
}

/**
 * Makes a new data file under another name and renames it when it is whole: LMDB writes the first two pages without a sync, and a power
 * cut would leave a file that does not open.
 *
 * LMDB never syncs names: those of the file, its folder, `state` and the home are made durable at every start, since the process that
 * made them may have been killed before it could.
 */
async function makeDataFile(options: LmdbOptions): Promise<void> {
  const { folder } = options;
  if (!existsSync(join(folder, dataFile))) {
    await mkdir(folder, { recursive: true });
    throwIfFull(options, { puts: databasesMax, bytes: 0 });
    const fresh = join(folder, "new.mdb");
    await rm(fresh, { force: true });
    await openRoot(fresh, {}).close();
    await syncFile(fresh);
    await rename(fresh, join(folder, dataFile));
    await rm(`${fresh}-lock`, { force: true });
  }
  for (const path of [folder, dirname(folder), dirname(dirname(folder))]) await syncFolder(path);
}

/** Tries what lmdb is about to do: where it fails to open a file, lmdb 3.5.6 ends the process with a broken pointer. */
async function checkFiles({ folder, readOnly }: LmdbOptions): Promise<void> {
  const lock = await openFile(join(folder, "lock.mdb"), readOnly ? "r+" : "a+");
  await lock.close();
  const path = join(folder, dataFile);
  const data = await openFile(path, readOnly ? "r" : "r+");
  try {
    const header = Buffer.alloc(magicAt + 4);
    await data.read(header, 0, header.length, 0);
    if (header.readUInt32LE(magicAt) !== magic) throw new Error(`${path} is no LMDB file`);
  } finally {
    await data.close();
  }
}

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

  /** The outcome of a commit, or the failure of the whole environment, whichever comes first. */
  const watched = (commit: Promise<unknown>, { puts }: WriteSize) =>
    new Promise<void>((resolve, reject) => {
      waiting.add(reject);
      const limitMs = deadlineMs + puts * msPerPut;
      const stopClock = countDown(limitMs, () =>
        fail(new Error(`a write was not done after ${Math.round(limitMs)} ms`)),
      );
      commit.then(
        () => resolve(),
        (error) => reject(fail(error)),
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
    databases(names, keyEncoding) {
      throwIfDown();
      const openAll = () => names.map((name) => openDatabase(root, { name, keyEncoding }, options));
      try {
        return options.readOnly ? openAll() : root.transactionSync(openAll);
      } catch (error) {
        throw error instanceof UsherError ? error : fail(error);
      }
    },
    async write(change, size) {
      throwIfDown();
      throwIfFull(options, size);
      let commit: Promise<unknown>;
      try {
        commit = root.batch(change);
      } catch (error) {
        throw fail(error); // half of the changes may be queued: what is written is not known any more
      }
      await watched(commit.catch(throwCommitError), size);
    },
    read(look) {
      throwIfDown();
      try {
        root.resetReadTxn(); // a reader beside a writer would keep its snapshot for the rest of the turn
        return look();
      } catch (error) {
        throw fail(error); // lmdb refuses reads too after a failed meta page
      }
    },
    async close() {
      if (down) return; // lmdb would wait for a commit that never comes
      down = new UsherError(code, `${folder} is closed`);
      await root.close();
    },
  };
}

function openDatabase<Key extends KeyType>(
  root: RootDatabase<Uint8Array, Uint8Array>,
  { name, keyEncoding }: { name: string; keyEncoding: KeyEncoding<Key> | undefined },
  { folder, code }: LmdbOptions,
) {
  const keys = keyEncoding ? { keyEncoder: keyEncoding } : { keyEncoding: "binary" as const };
  const how = { encoding: "binary" as const, encoder: pooledValues, ...keys }; // lmdb's types do not know `encoder`
  const database: BinaryDatabase<Key> | undefined = root.openDB<Uint8Array, Key>(name, how);
  if (!database) throw new UsherError(code, `${folder}: expected a database ${name}, found none`);
  return database;
}

/** Values as copies in the memory that Node shares among small buffers: memory of its own for each costs more than reading it. */
const pooledValues = {
  encode: (value: Uint8Array) => value,
  decode: (read: Buffer) => {
    const { length } = read; // less than the buffer holds: lmdb reads everything into the same one
    const value = Buffer.allocUnsafe(length);
    value.set(read.subarray(0, length));
    return value;
  },
};

/** A refusal that ends when there is room again, not a failure for ever. */
export const isFullDisk = (error: unknown): boolean =>
  (error as Partial<UsherError>).details?.["reason"] === "disk_full";

/** Refuses where a write could leave less than the reserve. */
function throwIfFull(
  { folder, code, reserveBytes = reserveBytesDefault }: LmdbOptions,
  size: WriteSize,
): void {
  if (size.puts === 0 || size.mayUseReserve) return;
  const { bavail, bsize } = statfsSync(folder);
  const left = bavail * bsize - size.puts * bytesPerPut - size.bytes;
  if (left >= reserveBytes) return;
  throw new UsherError(
    code,
    `${folder}: the disk is full (expected ${reserveBytes} bytes to be left, got ${left}); nothing was taken`,
    { details: { reason: "disk_full" } },
  );
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

import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { AuditEntry } from "../../contracts/access-http.ts";
import { syncFolder } from "../../durable-file.ts";

/** A file of the log is closed when it has grown to this. */
const fileBytesMax = 4 * 2 ** 20;
/** Files that are kept beside the present one: with 4 MiB each, some 200,000 entries. */
const closedFilesMax = 20;
const presentName = "audit.jsonl";
const closedName = /^audit-\d{12}\.jsonl$/;
/** The hash before the first entry. */
const noHash = "0".repeat(64);

/** What is told of an action; number, time and hash are added. */
export type Audited = Omit<AuditEntry, "number" | "at" | "hash">;

/** What administrators did: a chain of entries, each with a hash over the one before. */
export interface AuditLog {
  /** Adds an entry; durable when it resolves. */
  add(entry: Audited): Promise<void>;
  /** The newest first. @param page.before Number of the entry behind which the page begins. */
  list(page: { limit: number; before?: number }): Promise<readonly AuditEntry[]>;
  close(): Promise<void>;
}

const hashOf = (before: string, entry: Omit<AuditEntry, "hash">): string =>
  createHash("sha256").update(before).update(JSON.stringify(entry)).digest("hex");

/**
 * Opens the audit log of a home, in its folder `access`. Lines are only ever appended; an end that a power cut tore off, and that was
 * acknowledged to nobody, is cut away.
 *
 * @param options.fileBytesMax Bytes after which a new file begins. Default 4 MiB.
 */
export async function openAuditLog(
  folder: string,
  {
    now = Date.now,
    fileBytesMax: bytesMax = fileBytesMax,
  }: { now?: () => number; fileBytesMax?: number } = {},
): Promise<AuditLog> {
  await mkdir(folder, { recursive: true });
  const present = join(folder, presentName);
  await cutTornEnd(present);
  let last = await lastOf(folder);
  let file: FileHandle | undefined;
  let bytes = (await readText(present)).length;
  let waiting: { entry: Audited; done: () => void; failed: (error: unknown) => void }[] = [];
  let writing: Promise<void> | undefined;

  const append = async (entries: readonly Audited[]): Promise<void> => {
    if (bytes >= bytesMax) {
      await file?.close();
      file = undefined;
      await closePresent(folder, last?.number ?? 0);
      bytes = 0;
    }
    file ??= await openPresent(present, folder);
    let [number, hash] = [last?.number ?? 0, last?.hash ?? noHash];
    const made = entries.map((audited): AuditEntry => {
      const entry = { number: ++number, at: new Date(now()).toISOString(), ...audited };
      hash = hashOf(hash, entry);
      return { ...entry, hash };
    });
    const text = made.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    await file.appendFile(text);
    await file.datasync();
    bytes += Buffer.byteLength(text);
    last = made.at(-1);
  };
  /** Whoever waits while a write is under way is written by the next one, with one sync for all. */
  const work = async () => {
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      try {
        await append(taken.map(({ entry }) => entry));
        for (const { done } of taken) done();
      } catch (error) {
        for (const { failed } of taken) failed(error);
      }
    }
    writing = undefined;
  };
  return {
    add: (entry) =>
      new Promise<void>((done, failed) => {
        waiting.push({ entry, done, failed });
        writing ??= work();
      }),
    list: async ({ limit, before = Number.POSITIVE_INFINITY }) => {
      const found: AuditEntry[] = [];
      for (const name of (await filesOf(folder)).reverse()) {
        const entries = await entriesOf(join(folder, name));
        found.push(...entries.filter(({ number }) => number < before).reverse());
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    },
    close: async () => {
      await writing;
      await file?.close();
      file = undefined;
    },
  };
}

/**
 * Checks the chain of the log in a folder, as far back as its files are kept. Cutting off the newest entries is the one change that it cannot see.
 *
 * @returns Number of the first entry that is not what was written, or that is missing; `undefined` where all hold.
 */
export async function firstBroken(folder: string): Promise<number | undefined> {
  let before: AuditEntry | undefined;
  for (const name of await filesOf(folder)) {
    for (const line of (await readText(join(folder, name))).split("\n")) {
      if (line === "") continue;
      const expected = (before?.number ?? 0) + 1;
      let entry: AuditEntry;
      try {
        entry = JSON.parse(line) as AuditEntry;
      } catch {
        return expected;
      }
      const { hash, ...rest } = entry;
      const isFirstKept = before === undefined && rest.number > 1; // older files are gone
      if (before && rest.number !== expected) return expected;
      if (!isFirstKept && hashOf(before?.hash ?? noHash, rest) !== hash) return expected;
      before = entry;
    }
  }
  return undefined;
}

async function openPresent(path: string, folder: string): Promise<FileHandle> {
  const file = await open(path, "a", 0o600);
  await syncFolder(folder);
  return file;
}

async function closePresent(folder: string, number: number): Promise<void> {
  await rename(join(folder, presentName), join(folder, `audit-${String(number).padStart(12, "0")}.jsonl`));
  const closed = (await filesOf(folder)).filter((name) => closedName.test(name));
  for (const name of closed.slice(0, -closedFilesMax)) await rm(join(folder, name));
}

/** The oldest first. */
async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return [
    ...names.filter((name) => closedName.test(name)).sort(),
    ...names.filter((name) => name === presentName),
  ];
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** Entries that can be read; others are found by {@link firstBroken}. */
async function entriesOf(path: string): Promise<AuditEntry[]> {
  return (await readText(path)).split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as AuditEntry];
    } catch {
      return [];
    }
  });
}

async function lastOf(folder: string): Promise<AuditEntry | undefined> {
  for (const name of (await filesOf(folder)).reverse()) {
    const last = (await entriesOf(join(folder, name))).at(-1);
    if (last) return last;
  }
  return undefined;
}

async function cutTornEnd(path: string): Promise<void> {
  const text = await readText(path);
  if (text === "" || text.endsWith("\n")) return;
  await truncate(path, Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1)));
}

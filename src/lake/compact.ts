import { UsherError } from "../errors.ts";
import { relationOf } from "./delta-lake.ts";
import { latestVersion, replay } from "./delta-log.ts";
import { commitOrDiscard, type Lake, type StagedFile } from "./lake.ts";

/** Files below this size are small. */
const smallBytesMax = 32 * 1024 * 1024;
/** So many small files of one partition are worth writing anew. */
const filesMinDefault = 8;

/** What a compaction did. */
export interface Compacted {
  /** Files that were written anew, and how many came of them. */
  readonly filesBefore: number;
  readonly filesAfter: number;
  /** Version that it made; absent where there was nothing to do. */
  readonly version?: number;
}

/**
 * Writes the many small files of a table anew as few large ones, partition by partition. The rows stay, in their order.
 *
 * The old files stay on disk for readers of older versions; `vacuumLake` removes them. Appending to the table meanwhile is fine.
 *
 * @param options.filesMin Fewer small files of a partition are left alone. Default 8.
 * @throws UsherError `TABLE_CONFLICT` where another writer took the number or the files: nothing changed; `DISK_FULL`.
 * Cost: reads and writes the small files once; one partition at a time.
 */
export async function compactTable(
  lake: Lake,
  table: string,
  { filesMin = filesMinDefault, signal }: { filesMin?: number; signal?: AbortSignal } = {},
): Promise<Compacted> {
  const folder = lake.folderOf(table);
  const latest = await latestVersion(folder);
  let done: Compacted = { filesBefore: 0, filesAfter: 0 };
  if (latest === undefined) return done;
  const snapshot = await replay({ engine: lake.engine, folder }, latest);
  const partitions = new Map<string, StagedFile[]>();
  for (const file of snapshot.files) {
    const key = JSON.stringify(Object.entries(file.partition).sort());
    partitions.set(key, [...(partitions.get(key) ?? []), file]);
  }
  for (const files of partitions.values()) {
    if (signal?.aborted) throw new UsherError("CANCELLED", "the compaction was cancelled");
    const small = files.filter(({ sizeBytes }) => sizeBytes < smallBytesMax);
    if (small.length < filesMin) continue;
    const rows = await relationOf({ ...snapshot, files: small }, folder);
    const staged = await lake.stage(table, `SELECT * FROM ${rows}`, {
      mode: "append",
      partitionBy: snapshot.partitionBy,
      replaces: small.map(({ path }) => path),
    });
    const version = await commitOrDiscard(lake, staged);
    done = {
      filesBefore: done.filesBefore + small.length,
      filesAfter: done.filesAfter + staged.files.length,
      version,
    };
  }
  return done;
}

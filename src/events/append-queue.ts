import { partitionCount } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import type { BinaryDatabase, LmdbEnvironment } from "../stores/lmdb-environment.ts";
import type { Appended, NewRecord } from "./event-log.ts";
import type { IdMerge, IdTable } from "./id-table.ts";
import { partitionOfKey } from "./key-partition.ts";
import type { LogPartition } from "./log-partition.ts";
import {
  type CheckedRecord,
  checkRecord,
  offsetBytes,
  placeBytes,
  recordSize,
  writeRecord,
} from "./record-bytes.ts";

/** The tables that an append writes. */
export interface AppendTables {
  readonly environment: LmdbEnvironment;
  /** All partitions, those of a topic after one another. */
  readonly partitions: readonly LogPartition[];
  readonly offsets: BinaryDatabase;
  readonly ids: IdTable;
}

/** One call of append that waits for its transaction. */
interface Call {
  readonly records: readonly CheckedRecord[];
  readonly resolve: (appended: Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/** One call of mergeIds that waits. */
interface Merge {
  readonly mayUseReserve: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A record with the place that it gets. */
interface Placed {
  readonly checked: CheckedRecord;
  readonly at: LogPartition;
  readonly offset: number;
}

/** From so many records on, a transaction takes no further call. */
const groupRecordsMax = 10_000;

/**
 * Calls that wait, and one transaction at a time: the calls that come meanwhile share the next one. One at a time, because the offsets
 * of a transaction are known to be taken only when it is durable; a refused one leaves no gap.
 */
export function appendQueue(tables: AppendTables): {
  append(records: readonly NewRecord[]): Promise<Appended[]>;
  /** Merges every id into its table, between two transactions of appends. @param mayUseReserve Where a removal follows, which makes room. */
  mergeIds(how: { mayUseReserve: boolean }): Promise<void>;
  close(): Promise<void>;
} {
  let calls: Call[] = [];
  let merges: Merge[] = [];
  let running: Promise<void> | undefined;
  let isClosed = false;

  const run = async () => {
    await Promise.resolve(); // what is appended in the same turn joins
    while (calls.length + merges.length > 0) {
      const asked = merges;
      merges = [];
      if (asked.length > 0) await answerMerges(tables, asked);
      const taken = takeGroup(calls);
      calls = calls.slice(taken.length);
      await commitGroup(tables, taken);
    }
    running = undefined;
  };

  return {
    async append(records) {
      if (isClosed) throw new UsherError("LOG_UNAVAILABLE", "the event log is closed");
      const checked = records.map(checkRecord);
      if (checked.length === 0) return [];
      return new Promise((resolve, reject) => {
        calls.push({ records: checked, resolve, reject });
        running ??= run();
      });
    },
    mergeIds: (how) =>
      new Promise((resolve, reject) => {
        merges.push({ ...how, resolve, reject });
        running ??= run();
      }),
    async close() {
      isClosed = true;
      await running;
    },
  };
}

/** The first calls, as many as share a transaction. */
function takeGroup(calls: readonly Call[]): Call[] {
  let size = 0;
  const end = calls.findIndex(({ records }) => {
    size += records.length;
    return size > groupRecordsMax;
  });
  return calls.slice(0, end < 0 ? calls.length : Math.max(end, 1));
}

/** Writes the records of calls in one transaction and answers them; never throws. */
async function commitGroup(tables: AppendTables, calls: readonly Call[]): Promise<void> {
  try {
    if (calls.length === 0) return;
    const { environment, ids } = tables;
    const { placed, answers, next, fresh } = environment.read(() => place(tables, calls));
    if (placed.length > 0) {
      const merge = ids.plan(placed.length);
      const bytes = placed.reduce((sum, { checked }) => sum + recordSize(checked), 0);
      await environment.write(() => write(tables, { placed, next, merge }), {
        puts: placed.length + merge.ids.length,
        bytes,
      });
      for (const [partition, offset] of next) partition.next = offset;
      ids.done(merge, fresh);
    }
    for (const [at, { resolve }] of calls.entries()) resolve(answers[at] as Appended[]);
  } catch (error) {
    for (const { reject } of calls) reject(error);
  }
}

/** As if so many records were appended: twice as many ids a transaction. */
const mergeRecords = 2500;

/** Merges all ids and tells those who asked; never throws. */
async function answerMerges({ environment, ids }: AppendTables, asked: readonly Merge[]) {
  const mayUseReserve = asked.some((merge) => merge.mayUseReserve);
  try {
    while (ids.waiting() > 0) {
      ids.turn();
      const merge = ids.plan(mergeRecords);
      const puts = merge.ids.length;
      await environment.write(() => ids.put(merge), { puts, bytes: puts * placeBytes, mayUseReserve });
      ids.done(merge, new Map());
    }
    for (const { resolve } of asked) resolve();
  } catch (error) {
    for (const { reject } of asked) reject(error);
  }
}

/** Finds the known ids and gives the others their places. */
function place({ partitions, ids }: AppendTables, calls: readonly Call[]) {
  const placed: Placed[] = [];
  const next = new Map<LogPartition, number>();
  const fresh = new Map<string, Appended>();
  const answerOf = (checked: CheckedRecord): Appended => {
    const { id } = checked.record;
    const sibling = fresh.get(id);
    if (sibling) return { ...sibling, isDuplicate: true };
    const known = ids.find(id, checked.id);
    if (known) return { ...known, isDuplicate: true };
    const at = partitions[
      checked.topic * partitionCount + partitionOfKey(checked.key, partitionCount)
    ] as LogPartition;
    const offset = next.get(at) ?? at.next;
    next.set(at, offset + 1);
    placed.push({ checked, at, offset });
    const answer = { topic: at.topic, partition: at.partition, offset, isDuplicate: false };
    fresh.set(id, answer);
    return answer;
  };
  const answers = calls.map(({ records }) => records.map(answerOf));
  return { placed, answers, next, fresh };
}

/** The puts of one transaction; all values lie in one buffer, whose address lmdb then asks for once. */
function write(
  { offsets, ids }: AppendTables,
  group: {
    readonly placed: readonly Placed[];
    readonly next: ReadonlyMap<LogPartition, number>;
    readonly merge: IdMerge;
  },
): void {
  let size = 0;
  for (const { checked } of group.placed) size += recordSize(checked);
  const values = Buffer.allocUnsafeSlow(size);
  let from = 0;
  for (const { checked, at, offset } of group.placed) {
    const end = from + recordSize(checked);
    writeRecord(values, from, checked);
    void at.records.put(offset, values.subarray(from, end));
    from = end;
  }
  for (const [{ topic, partition }, offset] of group.next) {
    void offsets.put(Buffer.from(`${topic}/${partition}`), offsetBytes(offset));
  }
  ids.put(group.merge);
}

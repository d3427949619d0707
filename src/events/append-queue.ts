import { partitionCount, type Topic } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import type { BinaryDatabase, LmdbEnvironment } from "../stores/lmdb-environment.ts";
import type { Appended, NewRecord } from "./event-log.ts";
import { partitionOfKey } from "./key-partition.ts";
import {
  type CheckedRecord,
  checkRecord,
  offsetKey,
  placeBytes,
  readPlace,
  recordSize,
  writePlace,
  writeRecord,
} from "./record-bytes.ts";

/** One partition: its table and the offset of the next record. */
export interface LogPartition {
  readonly topic: Topic;
  readonly partition: number;
  readonly records: BinaryDatabase;
  next: number;
}

/** The tables that an append writes. */
export interface AppendTables {
  readonly environment: LmdbEnvironment;
  /** All partitions, those of a topic after one another. */
  readonly partitions: readonly LogPartition[];
  readonly offsets: BinaryDatabase;
  readonly ids: BinaryDatabase;
}

/** One call of append that waits for its transaction. */
interface Call {
  readonly records: readonly CheckedRecord[];
  readonly resolve: (appended: Appended[]) => void;
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
  close(): Promise<void>;
} {
  let calls: Call[] = [];
  let running: Promise<void> | undefined;
  let isClosed = false;

  const run = async () => {
    await Promise.resolve(); // what is appended in the same turn joins
    while (calls.length > 0) {
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
    const { placed, answers, next } = tables.environment.read(() => place(tables, calls));
    if (placed.length > 0) {
      const bytes = placed.reduce((sum, { checked }) => sum + recordSize(checked), 0);
      await tables.environment.write(() => write(tables, placed, next), { puts: 2 * placed.length, bytes });
      for (const [partition, offset] of next) partition.next = offset;
    }
    for (const [at, { resolve }] of calls.entries()) resolve(answers[at] as Appended[]);
  } catch (error) {
    for (const { reject } of calls) reject(error);
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
    const known = ids.getBinaryFast(checked.id);
    if (known) return { ...readPlace(known), isDuplicate: true };
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
  return { placed, answers, next };
}

/** The puts of one transaction; all values lie in one buffer, whose address lmdb then asks for once. */
function write(
  { offsets, ids }: AppendTables,
  placed: readonly Placed[],
  next: ReadonlyMap<LogPartition, number>,
): void {
  let size = 0;
  for (const { checked } of placed) size += recordSize(checked) + placeBytes;
  const values = Buffer.allocUnsafeSlow(size);
  let from = 0;
  for (const { checked, at, offset } of placed) {
    const end = from + recordSize(checked);
    writeRecord(values, from, checked);
    void at.records.put(offsetKey(offset), values.subarray(from, end));
    writePlace(values, end, [checked.topic, at.partition, offset]);
    void ids.put(checked.id, values.subarray(end, end + placeBytes));
    from = end + placeBytes;
  }
  for (const [{ topic, partition }, offset] of next) {
    void offsets.put(Buffer.from(`${topic}/${partition}`), offsetKey(offset));
  }
}

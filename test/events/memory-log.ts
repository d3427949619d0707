import { partitionCount, type Topic, topics } from "../../src/contracts/events.ts";
import { UsherError } from "../../src/errors.ts";
import type { Appended, EventLog, LogRecord, NewRecord, Position } from "../../src/events/event-log.ts";

/** A log in memory with the rules of the seam; an append takes a turn of the event loop, as a real one does. */
export interface MemoryLog extends EventLog {
  /** All records of a topic, partition by partition. */
  records(topic: Topic): LogRecord[];
  /** Lets appends wait until the function that is returned is called. */
  hold(): () => void;
  /** From now on every append is refused; `undefined` ends it. */
  failWith(error: UsherError | undefined): void;
  /** Forgets the records of a partition below an offset. */
  forget(topic: Topic, partition: number, below: number): void;
}

export const logFailure = new UsherError("LOG_UNAVAILABLE", "log: expected a disk, got none");

export function memoryLog(): MemoryLog {
  const partitions = new Map<
    string,
    { topic: Topic; partition: number; first: number; records: LogRecord[] }
  >();
  for (const topic of topics) {
    for (let partition = 0; partition < partitionCount; partition++)
      partitions.set(`${topic} ${partition}`, { topic, partition, first: 0, records: [] });
  }
  const ids = new Map<string, Appended>();
  const groups = new Map<string, Map<string, Position>>();
  let failure: UsherError | undefined;
  let held: Promise<void> = Promise.resolve();
  const at = (topic: Topic, partition: number) => partitions.get(`${topic} ${partition}`)!;

  const appendOne = (record: NewRecord): Appended => {
    const known = ids.get(record.id);
    if (known) return { ...known, isDuplicate: true };
    const partition = partitionOf(record.key);
    const { records } = at(record.topic, partition);
    const place = { topic: record.topic, partition, offset: records.length };
    records.push({ ...record, ...place });
    ids.set(record.id, { ...place, isDuplicate: false });
    return { ...place, isDuplicate: false };
  };

  return {
    append: async (records) => {
      await held;
      await new Promise(setImmediate);
      if (failure) throw failure;
      return records.map(appendOne);
    },
    read: async (topic, partition, { from, limit }) => {
      const { first, records } = at(topic, partition);
      const start = Math.max(first, from);
      return records.slice(start, start + limit);
    },
    partitions: async () =>
      [...partitions.values()].map(({ topic, partition, first, records }) => ({
        topic,
        partition,
        first,
        next: records.length,
      })),
    commit: async (group, positions) => {
      const known = groups.get(group) ?? new Map<string, Position>();
      for (const position of positions) known.set(`${position.topic} ${position.partition}`, position);
      groups.set(group, known);
    },
    committed: async (group) => [...(groups.get(group)?.values() ?? [])],
    groups: async () => [...groups.keys()],
    trim: async () => 0,
    close: async () => {},
    records: (topic) => [0, 1, 2].flatMap((partition) => at(topic, partition).records),
    hold: () => {
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return () => release();
    },
    failWith: (error) => {
      failure = error;
    },
    forget: (topic, partition, below) => {
      at(topic, partition).first = below;
    },
  };
}

function partitionOf(key: string): number {
  let sum = 0;
  for (const byte of Buffer.from(key)) sum = (sum * 31 + byte) % 65_521;
  return sum % partitionCount;
}

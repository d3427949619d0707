import { partitionCount, retentionMs, type Topic, topics } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import {
  type BinaryDatabase,
  isFullDisk,
  type LmdbEnvironment,
  type LmdbOptions,
  openLmdbEnvironment,
} from "../stores/lmdb-environment.ts";
import { appendQueue } from "./append-queue.ts";
import type { EventLog, LogRecord, PartitionState, Position } from "./event-log.ts";
import { openIdTable } from "./id-table.ts";
import { openGroups } from "./lmdb-groups.ts";
import type { LogPartition } from "./log-partition.ts";
import { offsetKeys, offsetOf, readRecord, receivedMsOf, topicIndex } from "./record-bytes.ts";

export interface LmdbEventLogOptions extends Omit<LmdbOptions, "code"> {
  /** How long each topic keeps its records, ms. Default: the contract's. */
  readonly retentionMs?: Readonly<Record<Topic, number>>;
  /** Ids that are kept in memory before they are merged into the table of ids, and as many again while they are. Default 100,000. */
  readonly idGeneration?: number;
}

/** Records that one transaction of `trim` forgets, so that appends get in between. */
const trimBatch = 5000;

/**
 * The embedded event log: one LMDB environment in a folder, one process that writes; others may open it read only beside it.
 *
 * An ordered table of records for each partition, one of ids (see `id-table.ts`), one of positions, and the next offsets, which outlive
 * a trim. Appends that come while one is being made durable share the next transaction.
 *
 * @throws UsherError `LOG_UNAVAILABLE`: the folder cannot be opened.
 */
export async function openLmdbEventLog(options: LmdbEventLogOptions): Promise<EventLog> {
  const environment = await openLmdbEnvironment({ ...options, code: "LOG_UNAVAILABLE" });
  const { offsets, ids, positions, partitions, nextOf } = openTables(environment);
  const { idGeneration: generation = 100_000 } = options;
  const known = options.readOnly ? [] : partitions; // who only reads asks for no id
  const idTable = openIdTable({ environment, ids, offsets, partitions: known, generation });
  const queue = appendQueue({ environment, partitions, offsets, ids: idTable });
  if (!options.readOnly && idTable.waiting() >= generation) {
    // else a process that is started often, and takes few records each time, would keep more of them each time
    await queue.mergeIds({ mayUseReserve: false }).catch((error: unknown) => {
      if (!isFullDisk(error)) throw error; // else they wait in memory for room
    });
  }
  const groups = openGroups(environment, positions);
  const keepMs = options.retentionMs ?? retentionMs;
  const partitionAt = (topic: Topic, partition: number): LogPartition => {
    const found = partitions[topicIndex(topic) * partitionCount + partition];
    if (!Number.isInteger(partition) || found?.topic !== topic) {
      throw new UsherError(
        "PARAMETER_INVALID",
        `partition of ${topic}: expected 0..${partitionCount - 1}, got ${partition}`,
      );
    }
    return found;
  };

  return {
    append: (records) => queue.append(records),
    async read(topic, partition, { from, limit }): Promise<LogRecord[]> {
      const { records } = partitionAt(topic, partition);
      if (!(Number.isSafeInteger(from) && from >= 0 && limit >= 0)) {
        throw new UsherError(
          "PARAMETER_INVALID",
          `from, limit: expected whole numbers ≥ 0, got ${from}, ${limit}`,
        );
      }
      return environment.read(() =>
        Array.from(records.getRange({ start: from, limit }), ({ key, value }) =>
          readRecord(value, { topic, partition, offset: key }),
        ),
      );
    },
    async partitions(): Promise<PartitionState[]> {
      return environment.read(() =>
        partitions.map((at) => {
          // another process may be the one that writes
          const next = options.readOnly ? nextOf(at) : at.next;
          const [first] = at.records.getKeys({ limit: 1 });
          return { topic: at.topic, partition: at.partition, first: first ?? next, next };
        }),
      );
    },
    async commit(group: string, reached: readonly Position[]) {
      for (const { topic, partition } of reached) partitionAt(topic, partition);
      await groups.commit(group, reached);
    },
    committed: async (group) => groups.committed(group),
    groups: async () => groups.names(),
    async trim(nowMs) {
      let gone = 0;
      for (const partition of partitions) {
        const beforeMs = nowMs - keepMs[partition.topic];
        const last = environment.read(() => expiredOffsets(partition.records, beforeMs)).at(-1);
        // an id is read again from its record until it is in the table
        if (last !== undefined && last >= idTable.mergedUpTo(partition))
          await queue.mergeIds({ mayUseReserve: true });
        gone += await trimPartition(environment, partition, { beforeMs, end: idTable.mergedUpTo(partition) });
      }
      return gone;
    },
    async close() {
      await queue.close();
      await environment.close();
    },
  };
}

/** The databases of a log, made where they are missing. */
function openTables(environment: LmdbEnvironment) {
  const names = ["offsets", "ids", "groups"];
  const [offsets, ids, positions] = environment.databases(names) as [
    BinaryDatabase,
    BinaryDatabase,
    BinaryDatabase,
  ];
  const places = topics.flatMap((topic) =>
    Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
  );
  const nameOf = ({ topic, partition }: { topic: Topic; partition: number }) => `${topic}/${partition}`;
  const records = environment.databases(
    places.map((place) => `records/${nameOf(place)}`),
    offsetKeys,
  );
  const nextOf = (place: { topic: Topic; partition: number }) => {
    const stored = offsets.get(Buffer.from(nameOf(place)));
    return stored ? offsetOf(stored) : 0;
  };
  const partitions: LogPartition[] = environment.read(() =>
    places.map((place, at) => ({
      ...place,
      records: records[at] as BinaryDatabase<number>,
      next: nextOf(place),
    })),
  );
  return { offsets, ids, positions, partitions, nextOf };
}

/** Forgets the records of a partition that lie before an offset and were received before a time. @returns How many. */
async function trimPartition(
  environment: LmdbEnvironment,
  { records }: LogPartition,
  { beforeMs, end }: { beforeMs: number; end: number },
): Promise<number> {
  for (let gone = 0; ; ) {
    const expired = environment
      .read(() => expiredOffsets(records, beforeMs))
      .filter((offset) => offset < end);
    if (expired.length > 0) {
      const removeAll = () => {
        for (const offset of expired) void records.remove(offset);
      };
      await environment.write(removeAll, { puts: 0, bytes: 0 });
    }
    gone += expired.length;
    if (expired.length < trimBatch) return gone;
  }
}

/** Offsets from the first on, as long as their records were received before a time, at most one batch of them. */
function expiredOffsets(records: BinaryDatabase<number>, beforeMs: number): number[] {
  const offsets: number[] = [];
  for (const { key, value } of records.getRange({ limit: trimBatch })) {
    if (receivedMsOf(value) >= beforeMs) break;
    offsets.push(key);
  }
  return offsets;
}

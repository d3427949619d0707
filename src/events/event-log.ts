import type { Topic } from "../contracts/events.ts";

/** Something to append. */
export interface NewRecord {
  readonly topic: Topic;
  /** User id, or session id where there is none: records of one key stay in order. */
  readonly key: string;
  /** The idempotency key, such as an event id: of records with the same id only the first is appended, ever. */
  readonly id: string;
  /** When it was received, ms since 1970; retention counts from here. */
  readonly receivedMs: number;
  readonly value: Uint8Array;
}

/** A record of the log. Its fields may be read when they are asked: name them, a spread would lose them. */
export interface LogRecord extends NewRecord {
  readonly partition: number;
  /** Place in its partition, from 0 on; gaps may come from retention only. */
  readonly offset: number;
}

/** What became of an appended record. */
export interface Appended {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
  /** Whether the log held this id before; the place is then that of the first. */
  readonly isDuplicate: boolean;
}

/** The first offset that is kept and the one that the next record gets. */
export interface PartitionState {
  readonly topic: Topic;
  readonly partition: number;
  readonly first: number;
  readonly next: number;
}

/** How far a group has come: the offset that it reads next. */
export interface Position {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
}

/**
 * A durable, ordered log of events with topics and partitions, held by a contract suite (`test/contract/event-log.ts`).
 *
 * The embedded one is LMDB (`lmdb-event-log.ts`); another is Kafka.
 */
export interface EventLog {
  /**
   * Appends all records or none, durable before it resolves. The partition is chosen by the key.
   * @throws UsherError `LOG_UNAVAILABLE`: nothing was taken, or nobody knows (the deadline passed); ask again with the same ids.
   */
  append(records: readonly NewRecord[]): Promise<Appended[]>;
  /** Up to `limit` records of a partition from an offset on, in order; from the first kept one where the offset is gone. */
  read(topic: Topic, partition: number, options: { from: number; limit: number }): Promise<LogRecord[]>;
  /** All partitions, in the order of the topics. */
  partitions(): Promise<PartitionState[]>;
  /** Stores where a consumer group goes on. Positions that are not named stay. */
  commit(group: string, positions: readonly Position[]): Promise<void>;
  /** Where a group goes on; a partition that it never committed is absent. */
  committed(group: string): Promise<Position[]>;
  /** Names of all groups that have committed. */
  groups(): Promise<string[]>;
  /** Forgets records whose retention is over; ids are never forgotten. @returns How many records went. */
  trim(nowMs: number): Promise<number>;
  close(): Promise<void>;
}

import type { Topic } from "../contracts/events.ts";
import type { BinaryDatabase } from "../stores/lmdb-environment.ts";

/** One partition: its table and the offset of the next record. */
export interface LogPartition {
  readonly topic: Topic;
  readonly partition: number;
  readonly records: BinaryDatabase<number>;
  next: number;
}

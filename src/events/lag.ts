import type { Topic } from "../contracts/events.ts";
import type { EventLog } from "./event-log.ts";

/** How far a group is behind in one partition. */
export interface PartitionLag {
  readonly group: string;
  readonly topic: Topic;
  readonly partition: number;
  /** The offset that the group reads next; the first kept one where it never committed or its place is gone. */
  readonly position: number;
  readonly next: number;
  /** Records that it has still to read. */
  readonly lag: number;
}

/** The lag of a group in each partition of some topics (default: those that it has committed). Cost: O(partitions). */
export async function lagOf(
  log: EventLog,
  group: string,
  chosen?: readonly Topic[],
): Promise<PartitionLag[]> {
  const committed = await log.committed(group);
  const topics = chosen ?? [...new Set(committed.map(({ topic }) => topic))];
  const partitions = (await log.partitions()).filter(({ topic }) => topics.includes(topic));
  return partitions.map(({ topic, partition, first, next }) => {
    const at = committed.find((position) => position.topic === topic && position.partition === partition);
    const position = Math.max(at?.offset ?? 0, first);
    return { group, topic, partition, position, next, lag: Math.max(0, next - position) };
  });
}

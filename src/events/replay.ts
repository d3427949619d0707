import type { Topic } from "../contracts/events.ts";
import type { EventLog, PartitionState } from "./event-log.ts";
import { lagOf, type PartitionLag } from "./lag.ts";

/** Where a replay begins: the same offset in each partition, or the first record received at a time or later. */
export type ReplayStart = { readonly offset: number } | { readonly receivedMs: number };

/**
 * Sets a group back (or on), so that it reads on from there. The group's consumer must not run meanwhile.
 *
 * @returns Where it stands in each partition.
 * Cost: with a time, O(log records) reads a partition, by the received times, which grow with the offsets unless the clock was set back.
 */
export async function replayGroup(
  log: EventLog,
  { group, topics, start }: { group: string; topics: readonly Topic[]; start: ReplayStart },
): Promise<PartitionLag[]> {
  const positions = [];
  for (const state of await log.partitions()) {
    if (!topics.includes(state.topic)) continue;
    const wanted = "offset" in start ? start.offset : await firstSince(log, state, start.receivedMs);
    const offset = Math.min(Math.max(wanted, state.first), state.next);
    positions.push({ topic: state.topic, partition: state.partition, offset });
  }
  await log.commit(group, positions);
  return lagOf(log, group, topics);
}

async function firstSince(
  log: EventLog,
  { topic, partition, first, next }: PartitionState,
  receivedMs: number,
) {
  let low = first;
  let high = next;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [record] = await log.read(topic, partition, { from: middle, limit: 1 });
    if (record !== undefined && record.receivedMs < receivedMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

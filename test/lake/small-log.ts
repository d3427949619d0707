import { randomUUID } from "node:crypto";
import { type EventType, partitionCount, topicOf } from "../../src/contracts/events.ts";
import { eventTopics } from "../../src/contracts/tables.ts";
import type { EventReader, LogEntry } from "../../src/lake/event-sink.ts";

/** A UUID that sorts by its number. */
export const eventId = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

interface Fields {
  readonly event_type: EventType;
  readonly event_id?: string;
  readonly event_ts?: string;
  readonly [field: string]: unknown;
}

/** The reading side of an event log, in memory. */
export interface SmallLog extends EventReader {
  /** Adds an event as the intake would; it gets an id and a time where it has none. */
  add(fields: Fields, place?: { partition?: number; receivedMs?: number }): Fields & { event_id: string };
  /** Puts another text in the place of a record. */
  spoil(topic: string, place: { partition: number; offset: number }, text: string): void;
  /** Forgets the first records of a partition. */
  forget(topic: string, partition: number, count: number): void;
}

export function memoryLog(): SmallLog {
  const records = new Map<string, LogEntry[]>();
  const partitionOf = (topic: string, partition: number) => {
    const key = `${topic} ${partition}`;
    if (!records.has(key)) records.set(key, []);
    return records.get(key)!;
  };
  const next = new Map<string, number>();
  return {
    add: (fields, { partition = 0, receivedMs = Date.UTC(2026, 0, 2, 3, 4, 5) } = {}) => {
      const event = {
        event_id: randomUUID() as string,
        event_ts: "2026-01-02T03:04:05.000Z",
        ...fields,
      };
      const key = `${topicOf(fields.event_type)} ${partition}`;
      const offset = next.get(key) ?? 0;
      next.set(key, offset + 1);
      partitionOf(topicOf(fields.event_type), partition).push({
        partition,
        offset,
        receivedMs,
        value: new TextEncoder().encode(JSON.stringify(event)),
      });
      return event;
    },
    spoil: (topic, { partition, offset }, text) => {
      const records = partitionOf(topic, partition);
      records[offset] = { ...(records[offset] as LogEntry), value: new TextEncoder().encode(text) };
    },
    forget: (topic, partition, count) => void partitionOf(topic, partition).splice(0, count),
    partitions: async () =>
      eventTopics.flatMap((topic) =>
        Array.from({ length: partitionCount }, (_, partition) => ({
          topic,
          partition,
          next: next.get(`${topic} ${partition}`) ?? 0,
        })),
      ),
    read: async (topic, partition, { from, limit }) =>
      partitionOf(topic, partition)
        .filter(({ offset }) => offset >= from)
        .slice(0, limit),
  };
}

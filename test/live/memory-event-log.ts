import { topicOf, topics } from "../../src/contracts/events.ts";
import type { LoggedEvent } from "../../src/contracts/merge.ts";
import type { Appended, EventLog, LogRecord, NewRecord, Position } from "../../src/events/event-log.ts";

/** The seam in memory, with two partitions a topic and a `trim` that forgets everything before an offset. */
export function memoryEventLog() {
  const partitions = new Map<string, LogRecord[]>(
    topics.flatMap((topic) =>
      [0, 1].map((partition) => [`${topic}/${partition}`, [] as LogRecord[]] as const),
    ),
  );
  const places = new Map<string, Appended>();
  const groups = new Map<string, Position[]>();
  const firsts = new Map<string, number>();
  const log: EventLog = {
    async append(records) {
      return records.map((record) => {
        const known = places.get(record.id);
        if (known) return { ...known, isDuplicate: true };
        const partition = record.key.length % 2;
        const held = partitions.get(`${record.topic}/${partition}`)!;
        const place = { topic: record.topic, partition, offset: held.length };
        held.push({ ...record, ...place });
        places.set(record.id, { ...place, isDuplicate: false });
        return { ...place, isDuplicate: false };
      });
    },
    async read(topic, partition, { from, limit }) {
      const name = `${topic}/${partition}`;
      const start = Math.max(from, firsts.get(name) ?? 0);
      return partitions.get(name)!.slice(start, start + limit);
    },
    async partitions() {
      return [...partitions].map(([name, held]) => {
        const [topic, partition] = name.split("/");
        return {
          topic: topic as Appended["topic"],
          partition: Number(partition),
          first: firsts.get(name) ?? 0,
          next: held.length,
        };
      });
    },
    async commit(group, positions) {
      groups.set(group, [...positions]);
    },
    committed: async (group) => groups.get(group) ?? [],
    groups: async () => [...groups.keys()],
    trim: async () => 0,
    async close() {},
  };
  return { log, forget: (name: string, first: number) => void firsts.set(name, first) };
}

/** An accepted event as a record of the log. */
export function recordOf(event: LoggedEvent): NewRecord {
  return {
    topic: event.event_type === "merge" ? "events_feedback" : topicOf(event.event_type),
    key: event.user_id ?? event.session_id ?? "",
    id: event.event_id,
    receivedMs: Date.parse(event.event_ts),
    value: Buffer.from(JSON.stringify(event)),
  };
}

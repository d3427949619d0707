import { type EventType, eventSchemas, eventTypes, type Topic, topicOf } from "./events.ts";
import type { Shape } from "./mismatch.ts";
import type { ColumnContract, TableContract } from "./tables.ts";

const time = "TIMESTAMP WITH TIME ZONE";

const received: Readonly<Record<string, ColumnContract>> = {
  raw_payload: { type: "VARCHAR", required: true, meaning: "The event as it stands in the log, JSON" },
  ingestion_date: { type: "DATE", required: true, meaning: "Day of ingestion_ts, UTC; the partition" },
  ingestion_ts: { type: time, required: true, meaning: "When the event was received" },
  source_file: { type: "VARCHAR", required: true, meaning: "Place in the log: topic, partition and offset" },
};

/** The bronze table of each topic of accepted events, by name: the fields of its event types, and how they came. */
export const bronzeEventTables: Readonly<Record<string, TableContract>> = Object.fromEntries(
  [...new Set(eventTypes.map(topicOf))].map((topic) => [`bronze_${topic}_raw`, tableOf(topic)]),
);

function tableOf(topic: Topic): TableContract {
  const types = eventTypes.filter((type) => topicOf(type) === topic);
  const names = [...new Set(types.flatMap((type) => Object.keys(shapeOf(type).properties ?? {})))];
  return {
    layer: "bronze",
    meaning: `Accepted events as received: ${types.join(", ")}`,
    key: ["event_id"],
    columns: { ...Object.fromEntries(names.map((name) => [name, columnOf(name, types)])), ...received },
  };
}

function columnOf(name: string, types: readonly EventType[]): ColumnContract {
  const having = types.filter((type) => shapeOf(type).properties?.[name] !== undefined);
  const shapes = having.map((type) => shapeOf(type).properties?.[name] as Shape & { description?: string });
  const [shape = {}] = shapes;
  const isEverywhere = having.length === types.length;
  return {
    type: sqlTypeOf(shape),
    required: isEverywhere && types.every((type) => shapeOf(type).required?.includes(name) === true),
    meaning:
      shapes.find(({ description }) => description)?.description ??
      (isEverywhere ? "As in the event" : `As in the event: ${having.join(", ")}`),
  };
}

function sqlTypeOf({ type, format, items }: Shape): string {
  if (format === "date-time") return time;
  if (items) return `${sqlTypeOf(items)}[]`;
  return { number: "DOUBLE", integer: "BIGINT", boolean: "BOOLEAN" }[type ?? ""] ?? "VARCHAR";
}

function shapeOf(type: EventType): Shape {
  return eventSchemas[type] as unknown as Shape;
}

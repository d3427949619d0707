// What is made from the contracts in src/contracts/: JSON Schemas of the events, YAML of the tables, docs/data-contracts.md.
// Written by scripts/docs.js; a test fails when a file is stale.
import { table } from "./markdown.js";

/** A schema as plain JSON Schema: without the format that only Usher knows, whose words go into the description. */
const plainSchema = (schema) => {
  if (Array.isArray(schema)) return schema.map(plainSchema);
  if (typeof schema !== "object" || schema === null) return schema;
  const { format, ...rest } = schema;
  const plain = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, plainSchema(value)]));
  if (format === "usher-id") {
    return { ...plain, description: "1..128 bytes of UTF-8 without control characters, not . or .." };
  }
  return typeof format === "string" ? { ...plain, format } : plain;
};

/** The JSON Schema (2020-12) of an accepted event. */
export const eventSchemaFile = (type, { eventSchemas, schemaVersion }) => {
  const { type: kind, description, ...rest } = plainSchema(JSON.parse(JSON.stringify(eventSchemas[type])));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:usher:schema:event:${type}:${schemaVersion}`,
    title: `${type} event`,
    version: schemaVersion,
    ...(description ? { description } : {}),
    type: kind,
    ...rest,
    anyOf: [{ required: ["user_id"] }, { required: ["session_id"] }],
  };
};

/** A value as YAML. Texts are always quoted, as JSON, which YAML reads; lists stand in one line. */
const yaml = (value, indent = "") => {
  if (typeof value !== "object" || value === null) return ` ${JSON.stringify(value)}`;
  if (Array.isArray(value)) return ` [${value.map((entry) => JSON.stringify(entry)).join(", ")}]`;
  const entries = Object.entries(value);
  if (entries.length === 0) return " {}";
  return entries.map(([name, entry]) => `\n${indent}${name}:${yaml(entry, `${indent}  `)}`).join("");
};

const layers = {
  bronze: "as received, nothing dropped",
  silver: "typed, deduplicated, one scale",
  gold: "ready to answer",
};

const tablesFile = (layer, tables) => {
  const ofLayer = Object.fromEntries(
    Object.entries(tables)
      .filter(([, table]) => table.layer === layer)
      .map(([name, { meaning, key, partitionBy = [], columns }]) => [
        name,
        { meaning, key, partition_by: partitionBy, columns },
      ]),
  );
  const head = `# Tables of the ${layer} layer (${layers[layer]}). Made from src/contracts/tables.ts by scripts/docs.js.`;
  return `${head}${yaml({ version: 1, layer, tables: ofLayer })}\n`;
};

/** Every table that Usher writes itself, by name. Those of imports have the columns of their source. */
export const allTables = ({
  eventTopics,
  bronzeEventsTable,
  bronzeEvents,
  tables,
  goldTrending,
  listTables,
  bronzeEditsTable,
  bronzeEdits,
}) => ({
  ...Object.fromEntries(eventTopics.map((topic) => [bronzeEventsTable(topic), bronzeEvents(topic)])),
  ...tables,
  [bronzeEditsTable]: bronzeEdits,
  gold_trending: goldTrending,
  ...listTables,
});

/** All files that are made from the contracts: path → text. */
export const contractFiles = (code) => ({
  ...Object.fromEntries(
    code.eventTypes.map((type) => [
      `schemas/events/${type}_event.schema.json`,
      `${JSON.stringify(eventSchemaFile(type, code), null, 2)}\n`,
    ]),
  ),
  ...Object.fromEntries(
    Object.keys(layers).map((layer) => [
      `schemas/lakehouse/${layer}_tables.yml`,
      tablesFile(layer, allTables(code)),
    ]),
  ),
  "docs/data-contracts.md": contractsPage(code),
});

const code = (text) => `\`${text}\``;

const fieldRow = ([name, schema], required, expectation) => [
  code(name),
  required.includes(name) ? "" : "yes",
  expectation(schema),
  schema.description ?? "",
];

const ownFields = (type, { eventSchemas, expectation }) => {
  const { properties, required, description } = eventSchemas[type];
  const shared = new Set(["event_type", ...commonNames(eventSchemas)]);
  const rows = Object.entries(properties)
    .filter(([name]) => !shared.has(name) && name !== "item_id")
    .map((entry) => fieldRow(entry, required, expectation));
  return [
    `### ${type}`,
    "",
    [description, "item_id" in properties ? "Names an item by `item_id`." : ""].filter(Boolean).join(" "),
    ...(rows.length === 0 ? [] : ["", table(["field", "may be absent", "is", "means"], rows)]),
  ]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n");
};

/** Fields that every type has. */
const commonNames = (eventSchemas) => {
  const lists = Object.values(eventSchemas).map(({ properties }) => Object.keys(properties));
  return lists[0].filter((name) => name !== "event_type" && lists.every((list) => list.includes(name)));
};

const days = (ms) => `${ms / 86_400_000} days`;

const contractsPage = (from) => {
  const { eventSchemas, eventTypes, topics, topicOf, retentionMs, rejectionReasons, signalWeights } = from;
  const first = eventSchemas[eventTypes[0]];
  const common = commonNames(eventSchemas).map((name) =>
    fieldRow([name, first.properties[name]], first.required, from.expectation),
  );
  const weights = Object.entries(signalWeights).map(([name, weight]) => [
    name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    weight,
  ]);
  return `# Data contracts

Made from \`src/contracts/events.ts\` and \`src/contracts/tables.ts\` by \`scripts/docs.js\`. The same source makes the validator, the TypeScript types, the description of the API, \`schemas/events/\` (JSON Schema 2020-12) and \`schemas/lakehouse/\` (YAML). A released version of an event schema is kept in \`schemas/released/\`, and a test fails where the present one breaks it.

## Events

${table(["field", "may be absent", "is", "means"], common)}

- At least one of \`user_id\` and \`session_id\` is there. Unknown fields are rejected.
- \`event_id\` is the idempotency key: the same id twice counts once, everywhere.
- \`event_ts\` is at most 5 minutes after the server's clock and not before 1970.
- Whole numbers are accepted as ids up to ±(2^53 − 1) and become texts; UUIDs become lower case.

${eventTypes.map((type) => ownFields(type, from)).join("\n\n")}

## Topics

The server chooses the topic from the type; the key of a record is the user id, or the session id where there is none. Each topic has ${from.partitionCount} partitions.

${table(
  ["topic", "holds", "kept for"],
  topics.map((topic) => [
    code(topic),
    topic === "events_dlq" ? "dead letters" : eventTypes.filter((type) => topicOf(type) === topic).join(", "),
    days(retentionMs[topic]),
  ]),
)}

## Dead letters

A rejected event is kept with \`raw_payload\` (the first 64 KiB of what came), \`topic\`, \`error_reason\`, \`error_detail\` and \`error_ts\`. Reasons: ${rejectionReasons.map(code).join(", ")}. The same bytes on the same day (UTC) are one letter. \`usher dead-letters\` and \`/v1/dead-letters\` list them and submit them again.

## Signals

What an event weighs as a sign of liking; half after ${from.weightHalfLifeDays} days; a pair of user and item weighs ${from.pairWeightMax} at most. A view is completed from ${from.completedProgress * 100} % on. A rating weighs rating / 5 from 3.5 on and nothing below; a dislike weighs nothing and puts the item on the user's deny list.

${table(["action", "weight"], weights)}

## Tables

Silver and gold: [data.md](data.md). All layers, for programs: \`schemas/lakehouse/\`.
`;
};

import { Compile } from "typebox/schema";
import {
  type EventType,
  eventSchemas,
  eventTypes,
  futureMsMax,
  type RejectionReason,
  type Topic,
  topicOf,
  type UsherEvent,
} from "../contracts/events.ts";
import { expectation, mismatches, type Shape, shown } from "../contracts/mismatch.ts";
import { eventTimeMs } from "./event-time.ts";

/** Why an event cannot be accepted. */
export class Rejection {
  readonly reason: RejectionReason;
  /** What was expected and what came, with the field named; at most 1,000 characters. */
  readonly detail: string;
  /** Where the event would have gone; `events_dlq` where its type is unknown. */
  readonly topic: Topic;

  constructor(reason: RejectionReason, detail: string, topic: Topic = "events_dlq") {
    this.reason = reason;
    this.detail = detail.slice(0, detailLengthMax);
    this.topic = topic;
  }
}

const detailLengthMax = 1000;

/** A piece of a body that is no JSON, in the place of an event. */
export class Unreadable {
  /** What was expected and what came. */
  readonly detail: string;

  constructor(detail: string) {
    this.detail = detail;
  }
}

/** How the values of a field become the canonical ones. */
type FieldKind = "id" | "ids" | "uuid" | "number" | "plain";

/** What the check of one type needs. */
interface EventShape {
  readonly type: EventType;
  readonly topic: Topic;
  readonly schema: Shape;
  /** Fields in canonical order, which is that of the schema. */
  readonly fields: readonly { readonly name: string; readonly kind: FieldKind }[];
  fits(event: unknown): boolean;
}

const shapes: ReadonlyMap<string, EventShape> = new Map(
  eventTypes.map((type) => [type, shapeOf(type, eventSchemas[type] as unknown as Shape)]),
);

type Fields = Record<string, unknown>;

/**
 * Checks one value against the event schemas and the clock, and gives the accepted event or why there is none.
 *
 * The event is a new object in canonical form: fields in the order of the schema, whole-number ids as texts, UUIDs in lower case,
 * 0 for −0. So its JSON is the same bytes wherever it is written.
 *
 * Where several things are wrong the reason is the first of: not an object, type, missing fields, time, rating, all else.
 *
 * @param options.nowMs The clock, ms since 1970: a time more than 5 minutes after it is refused.
 * Cost: O(fields); about a microsecond for an event that is accepted.
 */
export function validateEvent(value: unknown, { nowMs }: { nowMs: number }): UsherEvent | Rejection {
  if (value instanceof Unreadable) return new Rejection("malformed_json", value.detail);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new Rejection("schema_validation_failed", `event: expected a JSON object, got ${shown(value)}`);
  }
  const fields = value as Fields;
  const type = Object.hasOwn(fields, "event_type") ? fields["event_type"] : undefined;
  const shape = typeof type === "string" ? shapes.get(type) : undefined;
  if (shape === undefined) return rejectType(type);
  const event = canonicalEvent(fields, shape);
  if (event !== undefined && shape.fits(event) && hasOwner(event) && isRightMoment(event, nowMs)) {
    if (shape.type !== "rating" || isHalfStep(event["rating"])) return event as unknown as UsherEvent;
  }
  return rejectFields(fields, shape, nowMs);
}

/** Who an event belongs to and what orders it in the log: the user id, or the session id where there is none. */
export function ownerOf(event: UsherEvent): string {
  return event.user_id ?? (event.session_id as string);
}

/** The event in canonical form; `undefined` where it has a field that its type does not know. */
function canonicalEvent(fields: Fields, { fields: known }: EventShape): Fields | undefined {
  const event: Fields = {};
  let count = 0;
  for (const { name, kind } of known) {
    const value = fields[name];
    if (value === undefined) continue;
    count++;
    event[name] = kind === "plain" ? value : canonicalValue(value, kind);
  }
  // an unknown field, __proto__ too, is one that was not counted
  for (const _ in fields) count--;
  return count === 0 ? event : undefined;
}

function canonicalValue(value: unknown, kind: FieldKind): unknown {
  if (kind === "id") return typeof value === "number" ? idOfNumber(value) : value;
  if (kind === "uuid") return typeof value === "string" ? value.toLowerCase() : value;
  if (kind === "number") return value === 0 ? 0 : value; // −0 is written as 0, and must be the same before
  return Array.isArray(value)
    ? value.map((id: unknown) => (typeof id === "number" ? idOfNumber(id) : id))
    : value;
}

/** Larger numbers have lost digits on their way through JSON: they stay numbers and are refused. */
const idOfNumber = (id: number): unknown => (Number.isSafeInteger(id) ? String(id) : id);

const hasOwner = (event: Fields) => event["user_id"] !== undefined || event["session_id"] !== undefined;

function isRightMoment(event: Fields, nowMs: number): boolean {
  const eventMs = eventTimeMs(event["event_ts"] as string);
  return eventMs <= nowMs + futureMsMax; // false for NaN
}

/** Exact, unlike `multipleOf` of the validator, which allows for rounding. */
const isHalfStep = (rating: unknown) =>
  typeof rating === "number" && rating >= 0.5 && rating <= 5 && Number.isInteger(rating * 2);

function rejectType(type: unknown): Rejection {
  const detail = `event_type: expected one of ${eventTypes.join(", ")}`;
  if (type === undefined || type === null) {
    return new Rejection("missing_required_field", `${detail}, got nothing`);
  }
  return new Rejection("unknown_event_type", `${detail}, got ${shown(type)}`);
}

/** The slow way, for events that are known to be wrong: finds the first reason in the order of precedence. */
function rejectFields(fields: Fields, shape: EventShape, nowMs: number): Rejection {
  const { topic, schema } = shape;
  const properties = schema.properties ?? {};
  const lacks = (name: string) => !Object.hasOwn(fields, name) || (fields[name] ?? null) === null;
  const missing = (schema.required ?? []).filter(lacks);
  if (missing.length > 0) {
    const words = missing.map(
      (name) => `${name}: expected ${expectation(properties[name] ?? {})}, got nothing`,
    );
    return new Rejection("missing_required_field", words.join("; "), topic);
  }
  if (lacks("user_id") && lacks("session_id")) {
    return new Rejection(
      "missing_required_field",
      "user_id or session_id: expected at least one, got none",
      topic,
    );
  }
  const moment = momentMismatch(fields["event_ts"], nowMs);
  if (moment) return new Rejection("invalid_timestamp", `event_ts: ${moment}`, topic);
  if (shape.type === "rating" && !isHalfStep(fields["rating"])) {
    const detail = `rating: expected ${expectation(properties["rating"] ?? {})}, got ${shown(fields["rating"])}`;
    return new Rejection("invalid_rating_value", detail, topic);
  }
  const canonical = { ...fields };
  for (const { name, kind } of shape.fields) {
    if (Object.hasOwn(fields, name)) canonical[name] = canonicalValue(fields[name], kind);
  }
  const words = mismatches(canonical, schema).map(({ message }) => message);
  return new Rejection("schema_validation_failed", words.join("; "), topic);
}

function momentMismatch(value: unknown, nowMs: number): string | undefined {
  const eventMs = typeof value === "string" ? eventTimeMs(value) : Number.NaN;
  if (Number.isNaN(eventMs)) {
    return `expected a time since 1970 such as 2026-01-02T03:04:05.678Z, got ${shown(value)}`;
  }
  if (eventMs <= nowMs + futureMsMax) return undefined;
  return `expected at most 5 minutes after ${new Date(nowMs).toISOString()}, got ${shown(value)}`;
}

function shapeOf(type: EventType, schema: Shape): EventShape {
  const properties = Object.entries(schema.properties ?? {});
  const check = Compile(checkOf(schema));
  return {
    type,
    topic: topicOf(type),
    schema,
    fields: properties.map(([name, property]) => ({ name, kind: kindOf(property) })),
    fits: (event) => check.Check(event),
  };
}

function kindOf({ type, format, items }: Shape): FieldKind {
  if (format === "usher-id") return "id";
  if (items?.format === "usher-id") return "ids";
  if (format === "uuid") return "uuid";
  return type === "number" || type === "integer" ? "number" : "plain";
}

/**
 * The schema as the compiled check has it: without what {@link validateEvent} checks by itself (unknown fields, times, half steps)
 * and without what the contract says twice for other readers (the pattern of an id beside its format).
 */
function checkOf(schema: Shape) {
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    name,
    fieldCheckOf(property),
  ]);
  return { ...schema, additionalProperties: true, properties: Object.fromEntries(properties) };
}

function fieldCheckOf(property: Shape): Shape {
  const { type, format } = property;
  if (format === "usher-id" || format === "date-time")
    return { type: "string", ...(format === "usher-id" ? { format } : {}) };
  if (format === "uuid") return { type: "string", format };
  if (property.items) return { ...property, items: fieldCheckOf(property.items) };
  if (type === "number" && property.multipleOf !== undefined) return { type };
  return property;
}

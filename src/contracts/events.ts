import { type Static, Type } from "typebox";
import { Id } from "./http.ts";

const exact = { additionalProperties: false } as const;

/** Most events of one request body. */
export const eventsMax = 1000;
/** Most items that one impression names. */
export const impressionItemsMax = 200;
/** How far in the future an event's time may lie, in ms; the earliest is 1970. */
export const futureMsMax = 5 * 60_000;
/** The newest version of every event schema. */
export const schemaVersion = 1;

const Uuid = Type.String({
  format: "uuid",
  pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
});
const Uri = Type.String({ format: "uri", maxLength: 2048 });

/** Fields of every event. At least one of `user_id` and `session_id` is there. */
const common = {
  event_id: Uuid,
  event_ts: Type.String({
    format: "date-time",
    pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$",
    description: "ISO 8601 in UTC with milliseconds; at most 5 minutes in the future, not before 1970.",
  }),
  user_id: Type.Optional(Id),
  session_id: Type.Optional(Uuid),
  request_id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: "The answer that led to this action." }),
  ),
  schema_version: Type.Optional(Type.Integer({ minimum: 1, maximum: schemaVersion, default: 1 })),
};
const onItem = { ...common, item_id: Id };

/** The schema of each event type, version 1. The one source of validator, type, JSON Schema, OpenAPI and documentation. */
export const eventSchemas = {
  view: Type.Object(
    {
      event_type: Type.Literal("view"),
      ...onItem,
      page_url: Type.Optional(Uri),
      device_type: Type.Optional(Type.Enum(["mobile", "desktop", "tablet", "tv"])),
      progress: Type.Optional(
        Type.Number({ minimum: 0, maximum: 1, description: "Share that was watched." }),
      ),
    },
    exact,
  ),
  click: Type.Object(
    {
      event_type: Type.Literal("click"),
      ...onItem,
      click_type: Type.Optional(Type.Enum(["trailer", "poster", "title", "recommendation"])),
      referrer: Type.Optional(Uri),
    },
    exact,
  ),
  rating: Type.Object(
    {
      event_type: Type.Literal("rating"),
      ...onItem,
      rating: Type.Number({ minimum: 0.5, maximum: 5, multipleOf: 0.5 }),
      review_text: Type.Optional(Type.String({ maxLength: 5000 })),
    },
    exact,
  ),
  like: Type.Object({ event_type: Type.Literal("like"), ...onItem }, exact),
  dislike: Type.Object({ event_type: Type.Literal("dislike"), ...onItem }, exact),
  bookmark: Type.Object({ event_type: Type.Literal("bookmark"), ...onItem }, exact),
  listen: Type.Object(
    {
      event_type: Type.Literal("listen"),
      ...onItem,
      duration_ms: Type.Optional(Type.Integer({ minimum: 0 })),
      completed: Type.Optional(Type.Boolean()),
    },
    exact,
  ),
  impression: Type.Object(
    {
      event_type: Type.Literal("impression"),
      ...common,
      item_ids: Type.Array(Id, {
        minItems: 1,
        maxItems: impressionItemsMax,
        description: "In the order shown.",
      }),
      surface: Type.String({ minLength: 1, maxLength: 64 }),
      model_version: Type.String({ minLength: 1, maxLength: 64 }),
    },
    exact,
  ),
  retract: Type.Object(
    {
      event_type: Type.Literal("retract"),
      ...common,
      target_event_id: Uuid,
    },
    { ...exact, description: "Cancels an earlier event of the same user or session." },
  ),
} as const;

export type EventType = keyof typeof eventSchemas;
export const eventTypes = Object.keys(eventSchemas) as readonly EventType[];

/** An event as it was accepted. */
export type UsherEvent = { [Type in EventType]: Static<(typeof eventSchemas)[Type]> }[EventType];

/** The topics of the log; the type of an event decides, a client never names one. */
export const topics = [
  "events_views",
  "events_clicks",
  "events_ratings",
  "events_feedback",
  "events_dlq",
] as const;
export type Topic = (typeof topics)[number];

const topicsOfTypes: Readonly<Partial<Record<EventType, Topic>>> = {
  view: "events_views",
  click: "events_clicks",
  rating: "events_ratings",
};
/** The topic of an event type. */
export const topicOf = (type: EventType): Topic => topicsOfTypes[type] ?? "events_feedback";

/** Partitions of each topic; the key of a record is the user id, or the session id where there is none. */
export const partitionCount = 3;

const dayMs = 24 * 3600 * 1000;
/** How long the log keeps the records of a topic, in ms. */
export const retentionMs: Readonly<Record<Topic, number>> = {
  events_views: 7 * dayMs,
  events_clicks: 7 * dayMs,
  events_ratings: 30 * dayMs,
  events_feedback: 7 * dayMs,
  events_dlq: 30 * dayMs,
};

/** Why an event was rejected. */
export const rejectionReasons = [
  "malformed_json",
  "schema_validation_failed",
  "missing_required_field",
  "invalid_timestamp",
  "invalid_rating_value",
  "unknown_event_type",
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** Most bytes of a rejected event that are kept. No event that could be accepted is longer. */
export const rawPayloadBytesMax = 65_536;

/** A rejected event, as it is kept in `events_dlq`. */
export interface DeadLetter {
  /** What came, to the character; bytes that are no UTF-8 are replaced. At most 64 KiB of it. */
  readonly raw_payload: string;
  /** Where it would have gone, or `events_dlq` where its type is unknown. */
  readonly topic: Topic;
  readonly error_reason: RejectionReason;
  readonly error_detail: string;
  /** When it was rejected: ISO 8601 in UTC with milliseconds. */
  readonly error_ts: string;
  /** The consumer that could not take an accepted event, and the event's place in `topic`; absent where it never came in. */
  readonly consumer?: { readonly group: string; readonly partition: number; readonly offset: number };
}

/** What becomes of one event of a body. */
export interface EventStatus {
  readonly event_id?: string;
  readonly status: "accepted" | "duplicate" | "rejected";
  readonly reason?: RejectionReason;
  readonly detail?: string;
}

/** Weights of actions as signs of liking (CONTRACTS "Signals"); a rating weighs rating / 5 from 3.5 on. */
export const signalWeights = {
  pageView: 0.05,
  partView: 0.5,
  completedView: 1,
  partListen: 0.3,
  completedListen: 1,
  click: 0.2,
  like: 1,
  bookmark: 0.3,
} as const;
/** From this share on, a view is completed. */
export const completedProgress = 0.9;
/** After so many days a weight counts half. */
export const weightHalfLifeDays = 90;
/** The most that a pair of user and item weighs. */
export const pairWeightMax = 5;

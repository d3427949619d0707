import { type Static, type TSchema, Type } from "typebox";
import { eventSchemas, eventsMax, eventTypes, rejectionReasons, topics, type UsherEvent } from "./events.ts";

const strict = { additionalProperties: false } as const;

/** Events of a page where no length is asked for, and the most that one may have. */
export const historyLengthDefault = 100;
export const historyLengthMax = 1000;
/** Letters of a page where no length is asked for, and the most that one may have. */
export const lettersDefault = 100;
export const lettersMax = 200;

/** Any event. */
export const AnyEvent = Type.Unsafe<UsherEvent>(
  Type.Union(eventTypes.map((type): TSchema => eventSchemas[type])),
);

/** One event or an array of events. The server checks each event by itself, so that a wrong one does not fail the others. */
export const EventsBody = Type.Union([AnyEvent, Type.Array(AnyEvent, { maxItems: eventsMax })]);

/** Events as lines of JSON. */
export const EventLines = Type.String({
  description: `NDJSON: one event a line, at most ${eventsMax}; empty lines are passed over.`,
});

const status = {
  event_id: Type.Optional(Type.String()),
  status: Type.Enum(["accepted", "duplicate", "rejected"], {
    description:
      "accepted: durable, and in effect. duplicate: this event_id was accepted before, nothing changed. rejected: kept as a dead letter.",
  }),
  reason: Type.Optional(Type.Enum([...rejectionReasons])),
  detail: Type.Optional(Type.String({ description: "What was expected and what came." })),
};
export const EventStatusAnswer = Type.Object(status);
export const EventsAnswer = Type.Object({
  results: Type.Array(EventStatusAnswer, { description: "One status for each event, in their order." }),
});

const Cursor = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: "`next_cursor` of the page before.",
});

export const HistoryQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: historyLengthMax, default: historyLengthDefault }),
    ),
    cursor: Type.Optional(Cursor),
  },
  strict,
);
export const HistoryAnswer = Type.Object({
  events: Type.Array(AnyEvent, { description: "The newest event_ts first." }),
  next_cursor: Type.Optional(Type.String()),
});

export const LettersQuery = Type.Object(
  {
    reason: Type.Optional(Type.Enum([...rejectionReasons])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: lettersMax, default: lettersDefault })),
    cursor: Type.Optional(Cursor),
  },
  strict,
);
export const LetterParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, description: "`id` of a dead letter." }),
});
export const LetterAnswer = Type.Object({
  id: Type.String(),
  raw_payload: Type.String({ description: "What came; at most 64 KiB of it." }),
  topic: Type.Enum([...topics]),
  error_reason: Type.Enum([...rejectionReasons]),
  error_detail: Type.String(),
  error_ts: Type.String({ format: "date-time" }),
  consumer: Type.Optional(
    Type.Object(
      { group: Type.String(), partition: Type.Integer(), offset: Type.Integer() },
      {
        description:
          "There where an accepted event was too much for a consumer: which one, and the event's place in `topic`.",
      },
    ),
  ),
  resubmission: Type.Optional(
    Type.Object(
      { event_id: Type.String(), resubmitted_ts: Type.String({ format: "date-time" }) },
      { description: "There once it was corrected and accepted." },
    ),
  ),
});
export const LettersAnswer = Type.Object({
  items: Type.Array(LetterAnswer, { description: "The newest first." }),
  next_cursor: Type.Optional(Type.String()),
});

export type LetterBody = Static<typeof LetterAnswer>;
export type LettersBody = Static<typeof LettersAnswer>;

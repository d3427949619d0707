import { type RejectionReason, rejectionReasons } from "../contracts/events.ts";
import type { Random } from "../data/random.ts";

type Fields = Readonly<Record<string, unknown>>;

/** How an event is spoilt for each reason: the line as it is sent. */
const spoil: Readonly<Record<RejectionReason, (event: Fields) => string>> = {
  malformed_json: (event) => JSON.stringify(event).slice(0, -2),
  schema_validation_failed: (event) => JSON.stringify({ ...event, mood: "good" }),
  missing_required_field: ({ event_id: _, ...rest }) => JSON.stringify(rest),
  invalid_timestamp: (event) => JSON.stringify({ ...event, event_ts: "1969-12-31T23:59:59.999Z" }),
  invalid_rating_value: ({ event_id, event_ts, user_id, session_id }) =>
    JSON.stringify({
      event_id,
      event_type: "rating",
      event_ts,
      user_id,
      session_id,
      item_id: "1",
      rating: 3.3,
    }),
  unknown_event_type: (event) => JSON.stringify({ ...event, event_type: "applause" }),
};

/** A line that the intake must reject, and the reason that it must name; each of the six is equally likely. */
export function malformedLine(event: Fields, random: Random): { text: string; expected: RejectionReason } {
  const expected = rejectionReasons[random.below(rejectionReasons.length)] as RejectionReason;
  return { text: spoil[expected](event), expected };
}

import { createHash } from "node:crypto";
import type { UsherEvent } from "./events.ts";

/**
 * A session that became a user's. The server makes it (no client may send one as an event) and appends it to the log, so that
 * whoever reads the log joins the same session to the same user.
 */
export interface MergeEvent {
  readonly event_type: "merge";
  readonly event_id: string;
  /** ISO 8601 in UTC with milliseconds. */
  readonly event_ts: string;
  readonly user_id: string;
  readonly session_id: string;
}

/** What a reader of the log meets in the topics of events. */
export type LoggedEvent = UsherEvent | MergeEvent;

/** The event of a merge. Its id follows from the two names, so that the same merge asked twice is one event. */
export function mergeEvent(options: { userId: string; sessionId: string; nowMs: number }): MergeEvent {
  const { userId, sessionId, nowMs } = options;
  const hex = createHash("sha256")
    .update(JSON.stringify([userId, sessionId]))
    .digest("hex");
  return {
    event_type: "merge",
    event_id: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
    event_ts: new Date(nowMs).toISOString(),
    user_id: userId,
    session_id: sessionId,
  };
}

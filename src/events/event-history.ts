import type { UsherEvent } from "../contracts/events.ts";

/** Every accepted event of a person, also right after a restart. The live state holds it. */
export interface EventHistory {
  /**
   * Accepted events of a user, the newest (`event_ts`, then `event_id`) first.
   * @param options.limit Most events of the page, 1..1000.
   * @param options.after `next` of the page before.
   * @returns `next` where there are more.
   */
  list(options: { userId: string; limit: number; after?: string }): Promise<{
    events: UsherEvent[];
    next?: string;
  }>;
}

import type { UsherEvent } from "../../src/contracts/events.ts";
import { deadLetters } from "../../src/events/dead-letters.ts";
import type { EventHistory } from "../../src/events/event-history.ts";
import { eventIntake } from "../../src/events/intake.ts";
import type { Living } from "../../src/server/context.ts";
import { memoryLog } from "./memory-log.ts";

/** A history in memory, fed by the intake. */
function memoryHistory() {
  const events: UsherEvent[] = [];
  const keyOf = ({ event_ts, event_id }: UsherEvent) => `${event_ts} ${event_id}`;
  const history: EventHistory = {
    list: async ({ userId, limit, after }) => {
      const own = events
        .filter(({ user_id }) => user_id === userId)
        .sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1))
        .filter((event) => after === undefined || keyOf(event) < after);
      const page = own.slice(0, limit);
      return { events: page, ...(own.length > limit ? { next: keyOf(page.at(-1) as UsherEvent) } : {}) };
    },
  };
  return { history, apply: async (fresh: readonly UsherEvent[]) => void events.push(...fresh) };
}

/** The parts that take events, over a log in memory. */
export function livingParts(options: { inFlightMax?: number; now?: () => number } = {}) {
  const log = memoryLog();
  const { history, apply } = memoryHistory();
  const intake = eventIntake({ log, effects: { apply }, ...options });
  const living: Living = { intake, deadLetters: deadLetters({ log, intake }), history };
  return { log, living };
}

import { deadLetters } from "../../src/events/dead-letters.ts";
import { eventIntake } from "../../src/events/intake.ts";
import { openLiveState } from "../../src/live/live-state.ts";
import type { Living } from "../../src/server/context.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { memoryLog } from "./memory-log.ts";

/** The parts that take events, over a log and a store in memory. */
export async function livingParts(options: { inFlightMax?: number; now?: () => number } = {}) {
  const log = memoryLog();
  const live = await openLiveState({
    store: memoryStateStore(),
    now: options.now ?? Date.now,
    flushMs: 0,
    onFailure: (error) => {
      throw error;
    },
  });
  const intake = eventIntake({ log, effects: live, ...options });
  const living: Living = { live, intake, deadLetters: deadLetters({ log, intake }) };
  return { log, living };
}

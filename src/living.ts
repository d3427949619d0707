import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Topic, UsherEvent } from "./contracts/events.ts";
import type { LoggedEvent } from "./contracts/merge.ts";
import type { AskedGauge } from "./contracts/metrics.ts";
import type { Engine } from "./engine/engine.ts";
import type { UsherError } from "./errors.ts";
import { deadLetters } from "./events/dead-letters.ts";
import type { EventLog } from "./events/event-log.ts";
import { eventIntake, type IntakeCounts } from "./events/intake.ts";
import { lagOf } from "./events/lag.ts";
import { openLmdbEventLog } from "./events/lmdb-event-log.ts";
import type { HomePaths } from "./home/home.ts";
import { readAcceptedEvents } from "./lake/accepted-events.ts";
import type { Lake } from "./lake/lake.ts";
import { openLiveState, type Person } from "./live/live-state.ts";
import type { Living } from "./server/context.ts";
import { isFullDisk } from "./stores/lmdb-environment.ts";
import { openLmdbStateStore } from "./stores/lmdb-state-store.ts";

/** Of the persons whose last event still waits for an answer so many are remembered, and up to as many who came before them. */
const waitingMax = 5000;

/** The fast loop of a home: log, live state, intake, dead letters. */
export interface OpenLiving extends Living {
  readonly log: EventLog;
  /** Writes the live state, then closes store and log. */
  close(): Promise<void>;
}

/** What is told while events come in. */
export interface LivingHooks {
  /** Told once when log or store has failed for ever: nothing more is accepted, and the process has to end. */
  onFailure(failure: UsherError): void;
  onTaken(counts: IntakeCounts, log: EventLog): void;
  /** Told of events when they are in effect. */
  onApplied?(events: readonly LoggedEvent[]): void;
  /** Seconds from the acceptance of a person's newest event to the first answer after it. */
  onAnswered(seconds: number): void;
}

/**
 * Opens the log and the live state of a home, which reads on in the log from where it stood; what the log has forgotten meanwhile,
 * it takes from the lake.
 *
 * @throws UsherError `LOG_UNAVAILABLE`, `STORE_UNAVAILABLE`.
 */
export async function openLiving(
  { paths, lake, engine }: { paths: HomePaths; lake: Lake; engine: Engine },
  hooks: LivingHooks,
): Promise<OpenLiving> {
  const { onFailure, onTaken, onAnswered } = hooks;
  const log = await openLmdbEventLog({ folder: paths.log, onFailure });
  try {
    const store = await openLmdbStateStore({ folder: paths.live, onFailure });
    const live = await openLiveState({
      store,
      log,
      earlier: (missed) => readAcceptedEvents({ lake, engine }, missed),
      now: Date.now,
      onMerged: (merge) => hooks.onApplied?.([merge]),
      onFailure: (error) => {
        // what could not be written stays in memory and in the log, and is tried again at the next beat
        if (!isFullDisk(error)) onFailure(error as UsherError);
      },
    });
    const delays = answerDelays(onAnswered);
    const effects = {
      apply: async (...[events, appended]: Parameters<typeof live.apply>) => {
        await live.apply(events, appended);
        delays.accepted(events as readonly UsherEvent[]);
        hooks.onApplied?.(events);
      },
    };
    const intake = eventIntake({ log, effects, onTaken: (counts) => onTaken(counts, log) });
    return {
      log,
      live,
      intake,
      deadLetters: deadLetters({ log, intake }),
      answered: delays.answered,
      close: async () => {
        try {
          await live.close();
        } catch (error) {
          if (!isFullDisk(error)) throw error; // else the next start takes the rest from the log
        } finally {
          await store.close();
          await log.close();
        }
      },
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** Measures how long a person's newest event waits for an answer that uses it. */
function answerDelays(onAnswered: (seconds: number) => void) {
  let waiting = new Map<string, number>();
  let before = new Map<string, number>();
  const name = (userId: string | undefined, sessionId: string | undefined) =>
    userId === undefined ? `s${sessionId}` : `u${userId}`;
  return {
    accepted(events: readonly UsherEvent[]) {
      const now = performance.now();
      for (const { user_id: userId, session_id: sessionId } of events) {
        waiting.set(name(userId, sessionId), now);
        if (waiting.size < waitingMax) continue;
        before = waiting;
        waiting = new Map();
      }
    },
    answered(person: Person) {
      const key = "userId" in person ? name(person.userId, undefined) : name(undefined, person.sessionId);
      const since = waiting.get(key) ?? before.get(key);
      if (since === undefined) return;
      waiting.delete(key);
      before.delete(key);
      onAnswered((performance.now() - since) / 1000);
    },
  };
}

/** What `/metrics` asks the fast loop. */
export function livingGauges(of: { paths: HomePaths; living: () => OpenLiving | undefined }): AskedGauge[] {
  const { paths, living } = of;
  return [
    {
      name: "usher_log_lag_records",
      meaning: "Records that a group has still to read",
      label: "group",
      values: async () => {
        const log = living()?.log;
        if (!log) return {};
        const lags: Record<string, number> = {};
        for (const group of await log.groups()) {
          lags[group] = (await lagOf(log, group)).reduce((sum, { lag }) => sum + lag, 0);
        }
        return lags;
      },
    },
    {
      name: "usher_log_records",
      meaning: "Records that the log keeps, by topic; those of events_dlq are dead letters",
      label: "topic",
      values: async () => {
        const kept: Partial<Record<Topic, number>> = {};
        for (const { topic, first, next } of (await living()?.log.partitions()) ?? []) {
          kept[topic] = (kept[topic] ?? 0) + next - first;
        }
        return kept as Record<string, number>;
      },
    },
    {
      name: "usher_state_bytes",
      meaning: "Size on disk of log and live state",
      label: "store",
      values: async () => {
        if (!living()) return {};
        const size = async (folder: string) => (await stat(join(folder, "data.mdb"))).size;
        return { log: await size(paths.log), live: await size(paths.live) };
      },
    },
  ];
}

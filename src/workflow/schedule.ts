import { Cron } from "croner";
import { UsherError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { RunStore } from "./run-store.ts";

/** When something is to happen again and again. */
export interface Schedule {
  readonly name: string;
  /** Cron pattern of five or six fields, such as `0 3 * * *`. */
  readonly cron: string;
  /** Time zone of the pattern, such as `Europe/Berlin`. Default: UTC. */
  readonly zone?: string;
  /**
   * What becomes of moments that passed while nobody was there: `once` makes up for all of them together at the start, `none`
   * forgets them.
   */
  readonly catchUp: "once" | "none";
  /** Must not throw; it is not waited for. */
  fire(): void;
}

/** Fires schedules. */
export interface Scheduler {
  /** Fires what is due at this moment. Called by the timer; tests call it themselves. */
  tick(): Promise<void>;
  /** When each schedule fires next, ms since 1970, by name; a pattern that never comes again is absent. */
  next(): Readonly<Record<string, number>>;
  /** Looks at the clock from now on until `close`. */
  run(): void;
  close(): void;
}

/** How often the clock is looked at, in ms: short, so that a clock that was set or a machine that slept does not matter. */
const lookMs = 1000;

/**
 * Makes a scheduler. A clock that jumps forward fires each schedule once; one that jumps back fires nothing twice.
 *
 * @throws UsherError `CONFIG_INVALID`: a pattern or a zone that cannot be read.
 */
export async function schedulerOf(
  schedules: readonly Schedule[],
  { clock, store }: { clock: Clock; store: Pick<RunStore, "lastFired" | "fired"> },
): Promise<Scheduler> {
  const entries = await Promise.all(
    schedules.map(async (schedule) => {
      const cron = cronOf(schedule);
      const last = await store.lastFired(schedule.name);
      // from the first moment on, so that a time that passes before it ever fired is made up for as well
      if (last === undefined && schedule.catchUp === "once") await store.fired(schedule.name, clock.now());
      const from = schedule.catchUp === "once" ? (last ?? clock.now()) : clock.now();
      return { schedule, cron, nextMs: nextAfter(cron, from) };
    }),
  );
  const stop = new AbortController();
  const tick = async () => {
    const now = clock.now();
    for (const entry of entries) {
      if (entry.nextMs === undefined || now < entry.nextMs) continue;
      entry.nextMs = nextAfter(entry.cron, now);
      await store.fired(entry.schedule.name, now); // first, so that a crash does not fire it for ever
      entry.schedule.fire();
    }
  };
  const look = async () => {
    while (!stop.signal.aborted) {
      await tick();
      await clock.wait(lookMs, stop.signal).catch(() => {}); // only closing ends a wait early
    }
  };
  return {
    tick,
    next: () =>
      Object.fromEntries(
        entries.flatMap(({ schedule, nextMs }) => (nextMs === undefined ? [] : [[schedule.name, nextMs]])),
      ),
    run: () => void look().catch((error: unknown) => process.emitWarning(error as Error)),
    close: () => stop.abort(),
  };
}

function cronOf({ name, cron, zone = "UTC" }: Schedule): Cron {
  try {
    const parsed = new Cron(cron, { timezone: zone, paused: true });
    parsed.nextRun(new Date(0)); // a zone is looked at only now
    return parsed;
  } catch (error) {
    throw new UsherError(
      "CONFIG_INVALID",
      `${name}: expected a cron pattern and a time zone such as "0 3 * * *" and Europe/Berlin, got "${cron}" and ${zone}`,
      { cause: error },
    );
  }
}

function nextAfter(cron: Cron, ms: number): number | undefined {
  return cron.nextRun(new Date(ms))?.getTime();
}

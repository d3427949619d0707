import type { LoggedEvent } from "./contracts/merge.ts";
import type { ProgressEvent } from "./contracts/progress.ts";
import type { RunRecord } from "./contracts/workflow.ts";
import type { EventLog } from "./events/event-log.ts";
import type { IntakeCounts } from "./events/intake.ts";
import { lagOf } from "./events/lag.ts";
import type { DependencyState } from "./server/context.ts";
import { type Notices, openNotices } from "./server/notices.ts";

/** Events are told together once in so many ms, and so often what a job does. */
const pauseMs = 1000;

/** Turns what the parts of a system report into notices. Where nobody listens each of these costs one look. */
export interface Changes {
  readonly notices: Notices;
  /** Events and merges that are in effect. */
  onApplied(events: readonly LoggedEvent[]): void;
  onTaken(counts: IntakeCounts, log: EventLog): void;
  /** @param progress Absent where a run began, went on to another task, or ended. */
  onRun(run: RunRecord, progress?: ProgressEvent): void;
  onRelease(version: string): void;
  onItems(items: number, revision: number): void;
  onParts(parts: Readonly<Record<string, DependencyState>>): void;
}

export function changesOf(notices: Notices = openNotices()): Changes {
  // of one job at a time there is something to tell
  let last = { id: "", atMs: Number.NEGATIVE_INFINITY };
  const toldEvents = eventSums(notices);
  const isSoon = (id: string) => {
    const atMs = performance.now();
    if (id === last.id && atMs - last.atMs < pauseMs) return true;
    last = { id, atMs };
    return false;
  };
  return {
    notices,
    onApplied: (events) => {
      if (!notices.isHeard) return;
      const at = new Date().toISOString();
      const sessions = events.filter(({ user_id }) => user_id === undefined);
      for (const user_id of new Set(events.map((event) => event.user_id))) {
        if (user_id !== undefined) notices.tell({ kind: "profile", data: { user_id, at } });
      }
      for (const session_id of new Set(sessions.map((event) => event.session_id))) {
        if (session_id !== undefined) notices.tell({ kind: "profile", data: { session_id, at } });
      }
    },
    onTaken: (counts, log) => {
      if (notices.isHeard) toldEvents(counts, log);
    },
    onRun: (run, progress) => {
      if (!notices.isHeard) return;
      const { id, status, kind, lane } = run;
      const task = run.tasks.find((one) => one.status === "running")?.name;
      const data = { id, status, ...(task === undefined ? {} : { task }) };
      if (kind === undefined) {
        if (!progress) notices.tell({ kind: "run", data: { ...data, lane } });
      } else if (!progress || !isSoon(id)) {
        const { text, fraction } = progress ?? {};
        const now = {
          ...(text === undefined ? {} : { text }),
          ...(fraction === undefined ? {} : { fraction }),
        };
        notices.tell({ kind: "job", data: { ...data, kind, ...now } });
      }
    },
    onRelease: (version) => notices.tell({ kind: "release", data: { version } }),
    onItems: (items, revision) => notices.tell({ kind: "catalogue", data: { items, revision } }),
    onParts: (parts) => {
      const states = Object.entries(parts).map(([name, { status }]) => [name, status] as const);
      notices.tell({ kind: "health", data: { parts: Object.fromEntries(states) } });
    },
  };
}

/** Adds up what was taken and tells it once a second, as long as there is something. */
function eventSums(notices: Notices) {
  const empty = () => ({
    accepted: {} as Record<string, number>,
    duplicates: 0,
    rejected: {} as Record<string, number>,
  });
  let sums = empty();
  let isWaiting = false;
  const tell = async (log: EventLog) => {
    isWaiting = false;
    const data = sums;
    sums = empty();
    notices.tell({ kind: "events", data: { ...data, lag: await lags(log) } });
  };
  return (counts: IntakeCounts, log: EventLog) => {
    add(sums.accepted, counts.accepted);
    add(sums.rejected, counts.rejected);
    sums.duplicates += counts.duplicates;
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => void tell(log), pauseMs).unref();
  };
}

function add(sums: Record<string, number>, more: Readonly<Partial<Record<string, number>>>): void {
  for (const [name, count = 0] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + count;
}

/** Records that each group has still to read; none where the log is closed meanwhile. */
async function lags(log: EventLog): Promise<Record<string, number>> {
  try {
    const groups = await log.groups();
    const all = await Promise.all(groups.map((group) => lagOf(log, group)));
    return Object.fromEntries(
      groups.map((group, at) => [group, (all[at] ?? []).reduce((sum, { lag }) => sum + lag, 0)]),
    );
  } catch {
    return {}; // its failure is told by whoever needs it
  }
}

import type { Progress, ProgressEvent } from "../contracts/progress.ts";
import type { JobRecord, RunRecord, Versions } from "../contracts/workflow.ts";
import { UsherError } from "../errors.ts";
import { readBuild } from "../lake/build-record.ts";
import { type Clock, systemClock } from "../workflow/clock.ts";
import { type Jobs, jobsOf } from "../workflow/jobs.ts";
import { openRunStore, type RunStore } from "../workflow/run-store.ts";
import { type Runner, runnerOf } from "../workflow/runner.ts";
import { type Schedule, type Scheduler, schedulerOf } from "../workflow/schedule.ts";
import type { Task } from "../workflow/task.ts";
import { noticeOfFailure } from "../workflow/webhook.ts";
import {
  eventsIn,
  eventTasks,
  lineageOfHome,
  maintenanceTasks,
  refreshTasks,
  type Site,
  upkeepTasks,
} from "./tasks.ts";

/** When a home keeps itself fresh. */
export interface UpkeepSettings {
  /** Cron pattern of the retraining; empty: never by the clock. */
  readonly cron: string;
  readonly zone: string;
  readonly catchUp: "once" | "none";
  /** New events after which a retraining starts, counted from the newest release or from the last such start; 0: never by number. */
  readonly afterInteractions: number;
  /** Where a failed run is told; empty: nowhere. */
  readonly webhookUrl: string;
  readonly webhookTimeoutMs: number;
}

/** The slow loop of a running system. */
export interface Upkeep {
  readonly runner: Runner;
  readonly store: RunStore;
  readonly jobs: Jobs;
  readonly scheduler: Scheduler;
  readonly tasks: readonly Task[];
  /**
   * Runs tasks of a graph as a job of the main lane: all of them, or those that are named, changed or not.
   * @param job.onEnd Called when it has ended, however it did.
   * @throws UsherError `RUN_BUSY`: as many jobs wait as may; `TASK_UNKNOWN`.
   */
  startJob(job: {
    kind: string;
    graph: readonly Task[];
    tasks?: readonly string[];
    onEnd?: () => Promise<void>;
  }): Promise<JobRecord>;
  close(): Promise<void>;
}

const everyMinute = "* * * * *";
/** Lane of what runs each minute, so that a long training holds up no event. */
const eventsLane = "events";

/**
 * Opens the slow loop over a home: its history, its tasks, and what starts them. Nothing runs before `scheduler.run()`.
 *
 * @param options.folder Where the history lies, such as `<home>/runs`.
 * @throws UsherError `CONFIG_INVALID`: a cron pattern or time zone.
 */
export async function openUpkeep(options: {
  folder: string;
  site: Site;
  settings: UpkeepSettings;
  /** The release that serves at the opening. */
  serving: string | undefined;
  clock?: Clock;
  onProgress?: Progress;
  /** Told of each run that begins, goes on or ended, and of what it does. */
  onChange?: (run: RunRecord, progress?: ProgressEvent) => void;
  /** Told of each run that ended. */
  onEnd?: (run: RunRecord) => void;
  /** Told what nobody else hears of, such as a webhook that does not answer. */
  onTrouble?: (text: string) => void;
}): Promise<Upkeep> {
  const { folder, site, settings, clock = systemClock } = options;
  const store = await openRunStore(folder);
  await takeOver(store, await lineageOfHome(site, options.serving));
  let isSinkFailing = false;
  const tell = (run: RunRecord) => {
    options.onEnd?.(run);
    const isOld = run.lane === eventsLane && isSinkFailing; // what fails each minute is told once
    if (run.lane === eventsLane) isSinkFailing = run.status === "failed";
    if (run.status === "failed" && !isOld && settings.webhookUrl !== "") {
      const { webhookUrl: url, webhookTimeoutMs: timeoutMs } = settings;
      void noticeOfFailure(run, { url, timeoutMs }).then((notice) => {
        if (!notice.sent) options.onTrouble?.(`the webhook was not told of ${run.id}: ${notice.reason}`);
      });
    }
  };
  const tasks = upkeepTasks(site);
  const runner = runnerOf({
    tasks,
    store,
    clock,
    onEnd: tell,
    ...(options.onChange ? { onChange: options.onChange } : {}),
    onProgress: (event, run) => {
      options.onChange?.(run, event);
      if (run.lane !== eventsLane) options.onProgress?.(event);
    },
  });
  const jobs = jobsOf({ runner, store, clock });
  const scheduler = await schedulerOf(schedulesOf({ runner, site, settings, onTrouble: options.onTrouble }), {
    clock,
    store,
  });
  return {
    runner,
    store,
    jobs,
    scheduler,
    tasks,
    startJob: async ({ onEnd, ...job }) => {
      const { id, ended } = await runner.start({ ...job, trigger: "job", force: true });
      ended
        .catch(() => {}) // the history could not be written: told by the job itself
        .then(onEnd)
        .catch((error: unknown) => options.onTrouble?.(`after ${id}: ${error}`));
      return jobs.get(id);
    },
    close: async () => {
      scheduler.close();
      await runner.close();
    },
  };
}

/** Notes what was made without the workflow, so that it is not made again. */
async function takeOver(
  store: RunStore,
  found: readonly { task: string; at: string; inputs: Versions; outputs: Versions }[],
): Promise<void> {
  const known = await store.lineage();
  for (const lineage of found) {
    const last = known[lineage.task];
    if (last === undefined || last.at < lineage.at) await store.record({ run_id: "", ...lineage });
  }
}

function schedulesOf(of: {
  runner: Runner;
  site: Site;
  settings: UpkeepSettings;
  onTrouble: ((text: string) => void) | undefined;
}): Schedule[] {
  const { runner, site, settings, onTrouble = () => {} } = of;
  const trouble = (error: unknown) => {
    // the run before is still under way: the next time will do
    if (!(error instanceof UsherError && error.code === "RUN_BUSY")) onTrouble(String(error));
  };
  const refresh = async (trigger: string) => {
    const publishing = site.publishing ? [site.publishing.name] : [];
    await runner.start({ tasks: [...refreshTasks, ...publishing, ...maintenanceTasks], trigger });
  };
  let tried = 0; // events in bronze when their number last started a run: one that fails is not started again before as many more
  const refreshByNumber = async () => {
    if (settings.afterInteractions === 0) return;
    const events = await eventsIn(site.lake);
    if (events - Math.max(tried, await eventsOfRelease(site)) < settings.afterInteractions) return;
    await refresh("interactions");
    tried = events;
  };
  const minute: Schedule = {
    name: "events",
    cron: everyMinute,
    catchUp: "none",
    fire: () => {
      const minutely = async () => {
        const { ended } = await runner.start({
          tasks: eventTasks,
          trigger: "schedule",
          lane: eventsLane,
          forgetIdle: true,
        });
        await ended;
        await refreshByNumber();
      };
      minutely().catch(trouble);
    },
  };
  if (settings.cron === "") return [minute];
  const { cron, zone, catchUp } = settings;
  return [
    minute,
    { name: "retrain", cron, zone, catchUp, fire: () => void refresh("schedule").catch(trouble) },
  ];
}

/** Events that the newest release was made from; all where there is none, since a home without one is trained by its start. */
async function eventsOfRelease({ lake, newestRelease }: Site): Promise<number> {
  const release = await newestRelease();
  return release
    ? eventsIn(lake, await readBuild(lake.folder, release.build.number))
    : Number.POSITIVE_INFINITY;
}

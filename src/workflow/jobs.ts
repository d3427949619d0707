import { randomUUID } from "node:crypto";
import type { Progress, ProgressEvent } from "../contracts/progress.ts";
import type { JobRecord } from "../contracts/workflow.ts";
import { asUsherError, UsherError } from "../errors.ts";
import { type Clock, isoTime } from "./clock.ts";

/** Long work that somebody asked for and can look after. */
export interface Jobs {
  /**
   * Starts work and gives its record at once.
   * @throws UsherError `RUN_BUSY`: as many jobs run as may.
   */
  start(job: {
    kind: string;
    run: (running: { signal: AbortSignal; onProgress: Progress }) => Promise<Record<string, unknown>>;
  }): JobRecord;
  /** The newest first. */
  list(): JobRecord[];
  /** @throws UsherError `JOB_UNKNOWN`. */
  get(id: string): JobRecord;
  /** Stops a job; one that has ended stays as it is. @throws UsherError `JOB_UNKNOWN`. */
  cancel(id: string): JobRecord;
  /** Stops all jobs and waits for them. */
  close(): Promise<void>;
}

/** So many ended jobs are remembered. */
const jobsKept = 200;
/** So many may run together. */
const runningMax = 8;

interface Job {
  record: JobRecord;
  readonly startedMs: number;
  readonly cancel: AbortController;
  ended: Promise<void>;
}

/** Makes a list of jobs, in memory: what a job leaves on disk is the matter of its work. */
export function jobsOf({ clock }: { clock: Clock }): Jobs {
  const jobs = new Map<string, Job>(); // oldest first
  const lastSeconds = new Map<string, number>(); // of the last success, by kind

  const shown = ({ record, startedMs }: Job): JobRecord => {
    if (record.status !== "running") return record;
    const seconds = (clock.now() - startedMs) / 1000;
    const before = lastSeconds.get(record.kind);
    return before === undefined
      ? record
      : { ...record, estimate_seconds: Math.max(0, Math.round((before - seconds) * 10) / 10) };
  };
  const found = (id: string): Job => {
    const job = jobs.get(id);
    if (job) return job;
    throw new UsherError("JOB_UNKNOWN", `expected the id of a job, got ${id.slice(0, 100)}`);
  };
  const end = (job: Job, change: Partial<JobRecord>) => {
    job.record = { ...job.record, ...change, ended_at: isoTime(clock.now()) };
    const over = [...jobs.values()].filter(({ record }) => record.status !== "running");
    for (const { record } of over.slice(0, -jobsKept)) jobs.delete(record.id);
  };

  return {
    start: ({ kind, run }) => {
      const busy = [...jobs.values()].filter(({ record }) => record.status === "running").length;
      if (busy >= runningMax)
        throw new UsherError("RUN_BUSY", `expected fewer than ${runningMax} running jobs`);
      const startedMs = clock.now();
      const record: JobRecord = {
        id: randomUUID(),
        kind,
        status: "running",
        created_at: isoTime(startedMs),
        progress: {},
      };
      const job: Job = { record, startedMs, cancel: new AbortController(), ended: Promise.resolve() };
      jobs.set(record.id, job);
      const onProgress = (event: ProgressEvent) => {
        job.record = { ...job.record, progress: { ...event } };
      };
      job.ended = Promise.resolve()
        .then(() => run({ signal: job.cancel.signal, onProgress }))
        .then(
          (result) => {
            lastSeconds.set(kind, (clock.now() - startedMs) / 1000);
            end(job, { status: "succeeded", result });
          },
          (error: unknown) => {
            const { code, message } = asUsherError(error);
            const isCancelled = code === "CANCELLED" || job.cancel.signal.aborted;
            end(job, { status: isCancelled ? "cancelled" : "failed", error: { code, message } });
          },
        );
      return shown(job);
    },
    list: () => [...jobs.values()].reverse().map(shown),
    get: (id) => shown(found(id)),
    cancel: (id) => {
      const job = found(id);
      job.cancel.abort();
      return shown(job);
    },
    close: async () => {
      for (const { cancel } of jobs.values()) cancel.abort();
      await Promise.all([...jobs.values()].map(({ ended }) => ended));
    },
  };
}

import { randomUUID } from "node:crypto";
import type { ProgressEvent } from "../contracts/progress.ts";
import type { RunRecord, TaskRecord, Versions } from "../contracts/workflow.ts";
import { asUsherError, UsherError } from "../errors.ts";
import { attempt, type Outcome } from "./attempt.ts";
import { type Clock, isoTime } from "./clock.ts";
import type { RunStore } from "./run-store.ts";
import { inOrder, type Task } from "./task.ts";

/** The lane of runs that name none. */
export const mainLane = "main";

/** What a run is asked to do. */
export interface RunRequest {
  /** Names of tasks. Default: all. */
  readonly tasks?: readonly string[];
  /** The tasks to choose from. Default: those of the runner. */
  readonly graph?: readonly Task[];
  readonly trigger: string;
  /** Makes the run a job: what was asked for, such as `import`. A job waits until its lane is free. */
  readonly kind?: string;
  /** Runs of one lane follow one another. Default: the main lane. */
  readonly lane?: string;
  /** Runs tasks whose inputs have not changed too. Default false. */
  readonly force?: boolean;
  readonly retryOf?: string;
  /** True: a run in which nothing was done is not remembered. Default false. */
  readonly forgetIdle?: boolean;
}

/** A run under way. */
export interface StartedRun {
  readonly id: string;
  /** The record as it ends, whatever the end. */
  readonly ended: Promise<RunRecord>;
}

/** Starts runs, one at a time in each lane. */
export interface Runner {
  /**
   * @throws UsherError `RUN_BUSY`: the lane has a run, or for a job as many that wait as may; `TASK_UNKNOWN`.
   */
  start(request: RunRequest): Promise<StartedRun>;
  /**
   * Runs what did not succeed in an earlier run.
   * @throws UsherError `RUN_UNKNOWN`, `RUN_BUSY`; `PARAMETER_INVALID`: a job, of which the run does not hold all that was asked.
   */
  retry(id: string): Promise<StartedRun>;
  /** Stops a run. @throws UsherError `RUN_UNKNOWN`: it is not under way. */
  cancel(id: string): void;
  /** The runs under way, with what they do now; those that wait too. */
  running(): readonly { run: RunRecord; progress: Partial<ProgressEvent> }[];
  /** Stops everything and waits for it. No run starts afterwards. */
  close(): Promise<void>;
}

/** So many runs of a lane may be under way or wait. */
const laneMax = 9;

interface Running {
  record: RunRecord;
  progress: Partial<ProgressEvent>;
  readonly cancel: AbortController;
  ended: Promise<RunRecord>;
}

interface RunnerOptions {
  readonly tasks: readonly Task[];
  readonly store: RunStore;
  readonly clock: Clock;
  /** Told of each run that ended; what it throws is an error of its own and reaches nobody. */
  readonly onEnd?: (run: RunRecord) => void;
  /** Told of each run that begins, goes on to another task, or ended. */
  readonly onChange?: (run: RunRecord) => void;
  /** Told what a run does. */
  readonly onProgress?: (event: ProgressEvent, run: RunRecord) => void;
}

/** Makes a runner over a graph of tasks. */
export function runnerOf(options: RunnerOptions): Runner {
  const { tasks, store, clock } = options;
  const underWay = new Set<Running>(); // in the order of their starts
  let closed = false;

  const start = async (request: RunRequest): Promise<StartedRun> => {
    const { lane = mainLane, trigger, retryOf, kind, graph = tasks } = request;
    const chosen = inOrder(graph, request.tasks);
    const before = [...underWay].filter(({ record }) => record.lane === lane);
    if (closed) throw new UsherError("RUN_BUSY", "the workflow is being closed");
    if (before[0] && (kind === undefined || before.length >= laneMax)) {
      const ids = before.map(({ record }) => record.id).join(", ");
      throw new UsherError("RUN_BUSY", `the lane ${lane} is busy with ${ids}`);
    }
    const running: Running = {
      record: {
        id: newId(clock.now(), kind === undefined ? "run" : "job"),
        lane,
        trigger,
        status: "running",
        started_at: isoTime(clock.now()),
        ...(retryOf === undefined ? {} : { retry_of: retryOf }),
        ...(kind === undefined ? {} : { kind }),
        tasks: chosen.map(({ name }) => ({ name, status: "waiting", attempts: 0 })),
      },
      progress: {},
      cancel: new AbortController(),
      ended: undefined as never, // set in the next statement
    };
    underWay.add(running); // before anything is awaited, so that no other can take its place
    const turn = turnOf(running, before);
    running.ended = carryOut(running, { chosen, request, options, turn }).finally(() =>
      underWay.delete(running),
    );
    return { id: running.record.id, ended: running.ended };
  };

  return {
    start,
    retry: async (id) => {
      const run = await store.get(id);
      if (run.kind !== undefined) {
        throw new UsherError(
          "PARAMETER_INVALID",
          `retry: expected a run that is no job, got ${id}; ask for it again`,
          {
            details: { field: "retry" },
          },
        );
      }
      const undone = run.tasks.filter(({ status }) => status !== "succeeded" && status !== "unchanged");
      const names = (undone.length > 0 ? undone : run.tasks).map(({ name }) => name);
      return start({ tasks: names, trigger: "retry", lane: run.lane, retryOf: id });
    },
    cancel: (id) => {
      const running = [...underWay].find(({ record }) => record.id === id);
      if (!running) throw new UsherError("RUN_UNKNOWN", `expected a run under way, got ${id.slice(0, 100)}`);
      running.cancel.abort();
    },
    running: () => [...underWay].map(({ record, progress }) => ({ run: record, progress })),
    close: async () => {
      closed = true;
      for (const { cancel } of underWay) cancel.abort();
      await Promise.all([...underWay].map(({ ended }) => ended.catch(() => {}))); // told to its starter
    },
  };
}

/** Resolves when the runs before it in its lane have ended, or when it is cancelled. */
async function turnOf(running: Running, before: readonly Running[]): Promise<void> {
  if (before.length === 0) return;
  const names = before.map(({ record }) => record.id).join(", ");
  running.progress = { text: `waits for the end of ${names}` };
  const { signal } = running.cancel;
  const cancelled = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([cancelled, Promise.allSettled(before.map(({ ended }) => ended))]);
  running.progress = {};
}

async function carryOut(
  running: Running,
  of: { chosen: readonly Task[]; request: RunRequest; options: RunnerOptions; turn: Promise<void> },
): Promise<RunRecord> {
  const { chosen, request, options, turn } = of;
  const { store, clock, onEnd } = options;
  const keep = async (record = running.record) => {
    if (request.forgetIdle && !record.tasks.some(isWorthNoting)) return;
    await store.save(record);
    options.onChange?.(record);
  };
  await keep();
  await turn;
  for (const task of chosen) {
    await carryOutTask(task, { running, request, options });
    await keep();
  }
  const statuses = running.record.tasks.map(({ status }) => status);
  const status =
    running.cancel.signal.aborted && statuses.includes("cancelled")
      ? "cancelled"
      : statuses.some((one) => one === "failed" || one === "blocked")
        ? "failed"
        : "succeeded";
  const ended: RunRecord = { ...running.record, status, ended_at: isoTime(clock.now()) };
  await keep(ended);
  running.record = ended; // last: whoever sees the end finds the lane free
  onEnd?.(running.record);
  return running.record;
}

/** In a run that is only remembered where it did something: tasks that are still waiting may yet do nothing. */
const isWorthNoting = ({ status, outputs = {} }: TaskRecord) =>
  status === "failed" ||
  status === "cancelled" ||
  (status === "succeeded" && Object.keys(outputs).length > 0);

async function carryOutTask(
  task: Task,
  { running, request, options }: { running: Running; request: RunRequest; options: RunnerOptions },
): Promise<void> {
  const { store, clock } = options;
  const note = (change: Partial<TaskRecord>) => {
    running.record = {
      ...running.record,
      tasks: running.record.tasks.map((one) => (one.name === task.name ? { ...one, ...change } : one)),
    };
  };
  const { signal } = running.cancel;
  if (signal.aborted) return note({ status: "cancelled" });
  const isDone = (name: string) => {
    const before = running.record.tasks.find((one) => one.name === name);
    return before === undefined || before.status === "succeeded" || before.status === "unchanged";
  };
  if (!(task.after ?? []).every(isDone)) return note({ status: "blocked" });
  note({ status: "running", started_at: isoTime(clock.now()) });
  let inputs: Versions | undefined;
  let outcome: Outcome;
  try {
    inputs = await task.inputs?.();
    const last = (await store.lineage())[task.name];
    if (inputs && !request.force && last && isAsBefore(inputs, last.inputs)) {
      const { inputs: read, outputs } = last;
      return note({ status: "unchanged", inputs: read, outputs, ended_at: isoTime(clock.now()) });
    }
    const onProgress = (event: ProgressEvent) => {
      running.progress = event;
      options.onProgress?.(event, running.record);
    };
    outcome = await attempt(task, { signal, onProgress, clock });
  } catch (error) {
    outcome = { attempts: 0, error: asUsherError(error) }; // its inputs could not be read
  }
  const ended = { attempts: outcome.attempts, ended_at: isoTime(clock.now()), ...(inputs ? { inputs } : {}) };
  if ("error" in outcome) {
    const { code, message } = outcome.error;
    return note({
      ...ended,
      status: code === "CANCELLED" ? "cancelled" : "failed",
      error: { code, message },
    });
  }
  const { outputs = {}, note: words, inputs: also } = outcome.result;
  const read = { ...inputs, ...also };
  const isTold = inputs !== undefined || also !== undefined;
  note({
    ...ended,
    ...(isTold ? { inputs: read } : {}),
    ...{ status: "succeeded", outputs },
    ...(words === undefined ? {} : { note: words }),
  });
  if (isTold || Object.keys(outputs).length > 0) {
    const { id } = running.record;
    await store.record({ task: task.name, run_id: id, at: ended.ended_at, inputs: read, outputs });
  }
}

/** Whether each of the inputs is what was read before. */
const isAsBefore = (inputs: Versions, before: Versions) =>
  Object.entries(inputs).every(([name, version]) => before[name] === version);

let runsStarted = 0;

/** Ids sort by time, and within a millisecond by their order. */
function newId(nowMs: number, kind: "run" | "job"): string {
  const digits = isoTime(nowMs).replace(/[-:.Z]/g, "");
  const place = (runsStarted++ & 0xffff).toString(16).padStart(4, "0");
  return `${kind}-${digits}-${place}${randomUUID().slice(0, 4)}`;
}

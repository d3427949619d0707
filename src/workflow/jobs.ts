import type { JobRecord, RunRecord, TaskRecord } from "../contracts/workflow.ts";
import { UsherError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { RunStore } from "./run-store.ts";
import type { Runner } from "./runner.ts";

/** Long work that somebody asked for and can look after: the runs that are jobs. */
export interface Jobs {
  /** The newest first; also those of earlier processes. */
  list(): Promise<JobRecord[]>;
  /** @throws UsherError `JOB_UNKNOWN`. */
  get(id: string): Promise<JobRecord>;
  /** Stops a job; one that has ended stays as it is. @throws UsherError `JOB_UNKNOWN`. */
  cancel(id: string): Promise<JobRecord>;
}

/** Shows the runs that are jobs. Nothing is kept here: a job is a run with a `kind`. */
export function jobsOf(of: {
  runner: Pick<Runner, "running" | "cancel">;
  store: Pick<RunStore, "get" | "list">;
  clock: Clock;
}): Jobs {
  const { runner, store, clock } = of;
  const underWay = (id: string) => runner.running().find(({ run }) => run.id === id);
  const shown = async (stored: RunRecord): Promise<JobRecord> => {
    const { run, progress } = underWay(stored.id) ?? { run: stored, progress: {} };
    const job = { ...jobOf(run), progress: { ...progress } };
    if (run.status !== "running") return job;
    const before = await lastSeconds(run.kind);
    if (before === undefined) return job;
    const began = run.tasks[0]?.started_at;
    const seconds = began === undefined ? 0 : (clock.now() - Date.parse(began)) / 1000;
    return { ...job, estimate_seconds: Math.max(0, Math.round((before - seconds) * 10) / 10) };
  };
  /** How long the last job of this kind took that succeeded, without its waiting. */
  const lastSeconds = async (kind: string | undefined): Promise<number | undefined> => {
    const last = (await store.list({ jobs: true })).find(
      (run) => run.kind === kind && run.status === "succeeded",
    );
    const [began, ended] = [last?.tasks[0]?.started_at, last?.ended_at];
    return began && ended ? (Date.parse(ended) - Date.parse(began)) / 1000 : undefined;
  };
  const get = async (id: string): Promise<JobRecord> => {
    const run = underWay(id)?.run ?? (await storedRun(store, id));
    if (run?.kind !== undefined) return shown(run);
    throw new UsherError("JOB_UNKNOWN", `expected the id of a job, got ${id.slice(0, 100)}`);
  };
  return {
    list: async () => Promise.all((await store.list({ jobs: true })).map(shown)),
    get,
    cancel: async (id) => {
      await get(id);
      if (underWay(id)) runner.cancel(id);
      return get(id);
    },
  };
}

async function storedRun(store: Pick<RunStore, "get">, id: string): Promise<RunRecord | undefined> {
  try {
    return await store.get(id);
  } catch (error) {
    if (error instanceof UsherError && error.code === "RUN_UNKNOWN") return undefined; // told in the words of jobs
    throw error;
  }
}

/** A run as the person sees it who asked for it. */
function jobOf({
  id,
  kind = "",
  status,
  started_at,
  ended_at,
  tasks,
}: RunRecord): Omit<JobRecord, "progress"> {
  const error =
    tasks.find((task) => task.error)?.error ??
    (status === "cancelled" ? { code: "CANCELLED", message: `${id} was cancelled` } : undefined);
  const note = tasks.flatMap((task) => task.note ?? []).join("; ");
  return {
    id,
    kind,
    status,
    created_at: started_at,
    ...(ended_at === undefined ? {} : { ended_at }),
    ...(note === "" ? {} : { note }),
    ...(error ? { error } : {}),
    ...(status === "succeeded" ? { result: outputsOf(tasks) } : {}),
  };
}

const outputsOf = (tasks: readonly TaskRecord[]): Record<string, unknown> =>
  Object.assign({}, ...tasks.map(({ outputs = {} }) => outputs));

import type { Progress } from "../contracts/progress.ts";
import type { Versions } from "../contracts/workflow.ts";
import { UsherError } from "../errors.ts";

/** What a task made, and a word about it. */
export interface TaskResult {
  /** Versions that it made, by name: they are the lineage. */
  readonly outputs?: Versions;
  /** Versions that it read, beside those of `inputs()` or in their place: lineage, too, but no reason to run again. */
  readonly inputs?: Versions;
  readonly note?: string;
}

/** What a running task is given. */
export interface TaskRun {
  /** Aborted where the run is cancelled or the task's time is over. */
  readonly signal: AbortSignal;
  readonly onProgress: Progress;
}

/** One step of the work that keeps a system fresh. */
export interface Task {
  /** Such as `build`. */
  readonly name: string;
  /** Names of the tasks that come before it. */
  readonly after?: readonly string[];
  /**
   * Versions of what it reads, by name. Where its last success read the same of each, the task is not run. Absent: it always runs.
   */
  inputs?(): Promise<Versions>;
  run(run: TaskRun): Promise<TaskResult>;
  /** How often a failure that may pass is tried again. Default 2. */
  readonly retries?: number;
  /** Wait before the first retry, doubled with each, in ms. Default 1,000. */
  readonly backoffMs?: number;
  /** Longest time of one attempt, in ms. Default: one hour. */
  readonly timeoutMs?: number;
}

/**
 * The tasks in an order in which each comes after those that it needs; tasks that could be anywhere keep their place.
 *
 * @param only Names; the others are left out, and so are the arrows to them. Default: all.
 * @throws UsherError `TASK_UNKNOWN`: a name that no task has; `INTERNAL`: the arrows form a circle.
 */
export function inOrder(tasks: readonly Task[], only?: readonly string[]): Task[] {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  for (const name of [...(only ?? []), ...tasks.flatMap(({ after = [] }) => after)]) {
    if (byName.has(name)) continue;
    throw new UsherError(
      "TASK_UNKNOWN",
      `tasks: expected names among ${[...byName.keys()].join(", ")}, got ${name.slice(0, 100)}`,
    );
  }
  const ordered: Task[] = [];
  const state = new Map<Task, "open" | "done">();
  const visit = (task: Task) => {
    if (state.get(task) === "done") return;
    if (state.get(task) === "open")
      throw new UsherError("INTERNAL", `tasks: ${task.name} comes after itself`);
    state.set(task, "open");
    for (const name of task.after ?? []) visit(byName.get(name) as Task);
    state.set(task, "done");
    ordered.push(task);
  };
  for (const task of tasks) visit(task);
  return only ? ordered.filter(({ name }) => only.includes(name)) : ordered;
}

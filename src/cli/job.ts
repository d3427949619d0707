import { setTimeout } from "node:timers/promises";
import type { Progress, ProgressEvent } from "../contracts/progress.ts";
import type { JobRecord } from "../contracts/workflow.ts";
import { UsherError } from "../errors.ts";
import { askRunning } from "./asking.ts";
import type { CommandRun } from "./command.ts";

/** How often a server is asked how far a job has come. */
const lookMs = 500;

/** What was said by flags, by the dotted key of its setting: a server does not know it. */
export function flagsOf({ loaded }: Pick<CommandRun, "loaded">): ReadonlyMap<string, unknown> {
  return new Map(
    loaded.settings.filter(({ origin }) => origin === "flag").map(({ key, value }) => [key, value]),
  );
}

/**
 * Has the server that owns the home do a job, and waits for its end; an interruption cancels it.
 * @returns `undefined` where no server runs. @throws UsherError Of the job.
 */
export async function jobThere(
  run: CommandRun,
  asked: { title: string; path: string; body: unknown },
): Promise<JobRecord | undefined> {
  const { path, body, title } = asked;
  const started = await askRunning(run.home, { path, method: "POST", body });
  if (!started) return undefined;
  const { id } = started.body as JobRecord;
  const job = await run.work(title, (onProgress) => endOf(run, id, onProgress));
  if (job.error) throw new UsherError(job.error.code as never, job.error.message);
  return job;
}

async function endOf({ home, signal }: CommandRun, id: string, onProgress: Progress): Promise<JobRecord> {
  const path = `/v1/jobs/${id}`;
  for (let isTold = false; ; ) {
    if (signal.aborted && !isTold) {
      isTold = true;
      await askRunning(home, { path, method: "DELETE" });
    }
    const job = (await ofServer(home, path)) as JobRecord;
    if (job.status !== "running") return job;
    const { phase, text } = job.progress;
    if (phase !== undefined && text !== undefined) onProgress(job.progress as ProgressEvent);
    await setTimeout(lookMs);
  }
}

/** What the server answers that had the job. @throws UsherError `SERVER_UNREACHABLE`: it has ended. */
export async function ofServer(home: string, path: string): Promise<unknown> {
  const answer = await askRunning(home, path);
  if (answer) return answer.body;
  throw new UsherError(
    "SERVER_UNREACHABLE",
    "the server ended before the work did; its job is `interrupted`",
  );
}

import type { ProgressEvent } from "../contracts/progress.ts";
import type { JobRecord } from "../contracts/workflow.ts";
import { UsherError } from "../errors.ts";
import { askRunning, followRunning } from "./asking.ts";
import type { CommandRun } from "./command.ts";

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
  const job = await run.work(title, (onProgress) =>
    followRunning<JobRecord>(run, `/v1/jobs/${id}`, ({ progress }) => {
      if (progress.phase !== undefined && progress.text !== undefined) onProgress(progress as ProgressEvent);
    }),
  );
  if (job.error) throw new UsherError(job.error.code as never, job.error.message);
  return job;
}

import { setTimeout } from "node:timers/promises";
import type { Progress, ProgressEvent } from "../contracts/progress.ts";
import type { ReleaseReport } from "../contracts/release.ts";
import type { JobRecord } from "../contracts/workflow.ts";
import { UsherError } from "../errors.ts";
import { formatEvaluationTable } from "../registry/evaluation-table.ts";
import { openUsher, type TrainingOptions } from "../usher.ts";
import { askRunning } from "./asking.ts";
import type { Command, CommandOption, CommandRun } from "./command.ts";

/** Options of `train` and `evaluate`. */
export const trainingOptions: readonly CommandOption[] = [
  { flags: "--models <names>", meaning: "only these algorithms, by comma" },
  {
    flags: "--parameters <json>",
    meaning: 'parameters by algorithm: {"ials":{"factors":32}}',
    setting: "models",
  },
  { flags: "--seed <n>", meaning: "seed of split and models", setting: "seed" },
];

/** How often a server is asked how far a training has come. */
const lookMs = 500;

/** What the options ask a training for. */
export function trainingFrom({ options, signal }: Pick<CommandRun, "options" | "signal">): TrainingOptions {
  const names = options["models"];
  return {
    signal,
    ...(typeof names === "string" ? { algorithms: names.split(",").map((name) => name.trim()) } : {}),
  };
}

/** `usher train`: candidates → evaluation → gate → release, by the running server or here. */
export const train: Command = {
  name: "train",
  summary: "train the candidates on the newest build and publish the best behind the gate",
  options: trainingOptions,
  async run(run) {
    const report = (await trainThere(run)) ?? (await trainHere(run));
    run.say(formatEvaluationTable(report));
    run.say(`release ${report.version} serves: ${report.chosen.reason}`);
    return report;
  },
};

/** Has the server that owns the home train, with what the options say; `undefined` where there is none. */
async function trainThere(run: CommandRun): Promise<ReleaseReport | undefined> {
  const { home, loaded, work } = run;
  const flags = new Map(
    loaded.settings.filter(({ origin }) => origin === "flag").map(({ key, value }) => [key, value]),
  );
  const { algorithms } = trainingFrom(run);
  const body = {
    ...(algorithms ? { algorithms } : {}),
    ...(flags.has("models") ? { parameters: flags.get("models") } : {}),
    ...(flags.has("seed") ? { seed: flags.get("seed") } : {}),
  };
  const started = await askRunning(home, { path: "/v1/models", method: "POST", body });
  if (!started) return undefined;
  const { id } = started.body as JobRecord;
  const { result = {}, error } = await work("Training", (onProgress) => endOf(run, id, onProgress));
  if (error) throw new UsherError(error.code as never, error.message);
  return (await ofServer(home, `/v1/models/${result["release"]}`)) as ReleaseReport;
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

async function ofServer(home: string, path: string): Promise<unknown> {
  const answer = await askRunning(home, path);
  if (answer) return answer.body;
  throw new UsherError(
    "SERVER_UNREACHABLE",
    "the server ended before the training did; its job is `interrupted`",
  );
}

async function trainHere(run: CommandRun): Promise<ReleaseReport> {
  const { home, configuration, say, work } = run;
  const usher = await openUsher({ home, configuration });
  try {
    return await work("Training", (onProgress) => usher.train({ ...trainingFrom(run), onProgress }));
  } catch (error) {
    // the comparison that led to the refusal is what the person wants to see
    if (error instanceof UsherError && error.code === "GATE_REFUSED") {
      say(formatEvaluationTable(error.details["report"] as Parameters<typeof formatEvaluationTable>[0]));
    }
    throw error;
  } finally {
    await usher.close();
  }
}

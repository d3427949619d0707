import type { ReleaseReport } from "../contracts/release.ts";
import { UsherError } from "../errors.ts";
import { formatEvaluationTable } from "../registry/evaluation-table.ts";
import type { TrainingOptions } from "../training.ts";
import { openUsher } from "../usher.ts";
import { askHome } from "./asking.ts";
import type { Command, CommandOption, CommandRun } from "./command.ts";
import { flagsOf, jobThere } from "./job.ts";

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
  const flags = flagsOf(run);
  const { algorithms } = trainingFrom(run);
  const body = {
    ...(algorithms ? { algorithms } : {}),
    ...(flags.has("models") ? { parameters: flags.get("models") } : {}),
    ...(flags.has("seed") ? { seed: flags.get("seed") } : {}),
  };
  const job = await jobThere(run, { title: "Training", path: "/v1/models", body });
  if (!job) return undefined;
  return (await askHome(run, `/v1/models/${job.result?.["release"]}`)) as ReleaseReport;
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

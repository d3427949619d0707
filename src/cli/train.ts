import { UsherError } from "../errors.ts";
import { formatEvaluationTable } from "../registry/evaluation-table.ts";
import { openUsher, type TrainingOptions } from "../usher.ts";
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

/** What the options ask a training for. */
export function trainingFrom({ options, signal }: Pick<CommandRun, "options" | "signal">): TrainingOptions {
  const names = options["models"];
  return {
    signal,
    ...(typeof names === "string" ? { algorithms: names.split(",").map((name) => name.trim()) } : {}),
  };
}

/** `usher train`: candidates → evaluation → gate → release. */
export const train: Command = {
  name: "train",
  summary: "train the candidates on the newest build and publish the best behind the gate",
  options: trainingOptions,
  async run(run) {
    const { home, configuration, say, work } = run;
    const usher = await openUsher({ home, configuration });
    try {
      const report = await work("Training", (onProgress) =>
        usher.train({ ...trainingFrom(run), onProgress }),
      );
      say(formatEvaluationTable(report));
      say(`release ${report.version} serves: ${report.chosen.reason}`);
      return report;
    } catch (error) {
      // the comparison that led to the refusal is what the person wants to see
      if (error instanceof UsherError && error.code === "GATE_REFUSED") {
        say(formatEvaluationTable(error.details["report"] as Parameters<typeof formatEvaluationTable>[0]));
      }
      throw error;
    } finally {
      await usher.close();
    }
  },
};

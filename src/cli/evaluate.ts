import { formatEvaluationTable } from "../registry/evaluation-table.ts";
import { openReader } from "../usher.ts";
import type { Command } from "./command.ts";
import { trainingFrom, trainingOptions } from "./train.ts";

/** `usher evaluate`: the comparison of `train` without a release. */
export const evaluate: Command = {
  name: "evaluate",
  summary: "fit the candidates on 80 % of the newest build and compare them on the rest; publishes nothing",
  options: trainingOptions,
  async run(run) {
    const { home, configuration, say, work } = run;
    const usher = await openReader({ home, configuration });
    try {
      const report = await work("Evaluating", (onProgress) =>
        usher.evaluate({ ...trainingFrom(run), onProgress }),
      );
      say(formatEvaluationTable(report));
      say("the figures are of models fitted on 80 % of each user's ratings; nothing was published");
      return report;
    } finally {
      await usher.close();
    }
  },
};

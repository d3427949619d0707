import { formatEvaluationTable, formatSliceTable } from "../registry/evaluation-table.ts";
import { openReader } from "../usher.ts";
import type { Command } from "./command.ts";
import { trainingFrom, trainingOptions } from "./train.ts";

/** `usher evaluate`: the comparison of `train` without a release. */
export const evaluate: Command = {
  name: "evaluate",
  summary: "fit the candidates on 80 % of the newest build and compare them on the rest; publishes nothing",
  options: [
    ...trainingOptions,
    {
      flags: "--slices",
      meaning: "show the rankers for new users, heavy users, the long tail and each genre",
    },
  ],
  async run(run) {
    const { home, configuration, options, say, work } = run;
    const withSlices = options["slices"] === true;
    const usher = await openReader({ home, configuration });
    try {
      const report = await work("Evaluating", (onProgress) =>
        usher.evaluate({ ...trainingFrom(run), genres: withSlices, onProgress }),
      );
      say(formatEvaluationTable(report));
      if (withSlices) say(formatSliceTable(report));
      say("the figures are of models fitted on 80 % of each user's ratings; nothing was published");
      return report;
    } finally {
      await usher.close();
    }
  },
};

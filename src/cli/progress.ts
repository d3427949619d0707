import { Listr } from "listr2";
import type { Progress, ProgressEvent } from "../contracts/progress.ts";

/** Runs a piece of long work under a title and shows its signs of life. */
export type Work = <Result>(
  title: string,
  task: (onProgress: Progress) => Promise<Result>,
) => Promise<Result>;

/** On a terminal: the title with a live line below it. */
const terminalWork: Work = async (title, task) => {
  let result: Awaited<ReturnType<typeof task>> | undefined;
  const list = new Listr(
    [
      {
        title,
        task: async (_, shown) => {
          result = await task((event) => {
            shown.output = barOf(event);
          });
        },
      },
    ],
    // signals are ours: listr2 would end the process at once
    { registerSignalListeners: false, rendererOptions: { showErrorMessage: false, collapseErrors: false } },
  );
  await list.run();
  return result as Awaited<ReturnType<typeof task>>;
};

/** Elsewhere: one plain line on stderr for each new step, none for its progress. */
const plainWork: Work = async (_title, task) => {
  let last = "";
  return task((event) => {
    const line = `${event.phase}: ${stepOf(event)}`;
    if (line !== last) process.stderr.write(`${line}\n`);
    last = line;
  });
};

/** The display for this run: live on a terminal, plain lines elsewhere, so that logs stay readable. */
export function workDisplay(options: { terminal: boolean }): Work {
  return options.terminal ? terminalWork : plainWork;
}

function barOf({ text, fraction }: ProgressEvent): string {
  if (fraction === undefined) return text;
  const width = 24;
  const done = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return `${"█".repeat(done)}${"░".repeat(width - done)} ${text}`;
}

/** The step without its count and without the phase's name: `ials: epoch 3 of 12` → `ials`. */
function stepOf({ phase, text }: ProgressEvent): string {
  const step = text.startsWith(`${phase}: `) ? text.slice(phase.length + 2) : text;
  return step.replace(/[:,]? \w+ [\d,]+ of [\d,]+$/, "");
}

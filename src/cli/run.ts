import type { RunRecord } from "../contracts/workflow.ts";
import { asUsherError } from "../errors.ts";
import { openUsher } from "../usher.ts";
import { askRunning, followRunning } from "./asking.ts";
import type { Command, CommandRun } from "./command.ts";

/** `usher run [tasks]`: tasks of the workflow, by the running server or here. */
export const run: Command = {
  name: "run",
  summary: "run tasks of the workflow: all, or those that are named; what has not changed is not done again",
  arguments: [["[tasks]", "names by comma, such as build,train,publish"]],
  options: [
    { flags: "--force", meaning: "run tasks whose inputs have not changed too" },
    { flags: "--retry <run>", meaning: "run what did not succeed in this run" },
  ],
  run: (given) => {
    const [names] = given.arguments;
    const { force, retry } = given.options;
    return runTasks(given, {
      ...(names ? { tasks: names.split(",").map((name) => name.trim()) } : {}),
      ...(force === true ? { force } : {}),
      ...(typeof retry === "string" ? { retry } : {}),
    });
  },
  failed: (result) => (result as RunRecord).status !== "succeeded",
};

/** `usher vacuum`: the task of this name. */
export const vacuum: Command = {
  name: "vacuum",
  summary: "remove old builds and the files that neither a release, a build nor the grace time keeps",
  options: [
    { flags: "--grace-hours <n>", meaning: "how long they stay all the same", setting: "vacuum.grace_hours" },
  ],
  run: (given) => runTasks(given, { tasks: ["vacuum"] }),
  failed: (result) => (result as RunRecord).status !== "succeeded",
};

interface Asked {
  readonly tasks?: readonly string[];
  readonly force?: boolean;
  readonly retry?: string;
}

async function runTasks(given: CommandRun, asked: Asked): Promise<RunRecord> {
  const ended = (await runThere(given, asked)) ?? (await runHere(given, asked));
  for (const line of runLines(ended)) given.say(line);
  return ended;
}

/** Has the server that owns the home run the tasks; `undefined` where there is none. */
async function runThere(given: CommandRun, asked: Asked): Promise<RunRecord | undefined> {
  const started = await askRunning(given.home, { path: "/v1/runs", method: "POST", body: asked });
  return started && followRunning<RunRecord>(given, `/v1/runs/${(started.body as RunRecord).id}`);
}

async function runHere(
  { home, configuration, say, work, signal }: CommandRun,
  asked: Asked,
): Promise<RunRecord> {
  const usher = await openUsher({ home, configuration });
  try {
    // accepted events are part of what tasks work on, and what trends is told by the catalogue that serves
    const closed = await usher.openLiving();
    if (closed) say(`note: accepted events are left out: ${closed.message}`);
    await usher.serve().catch((error: unknown) => {
      // no reason to leave all other work undone
      say(`note: trending tells no genres, since the release cannot be read: ${asUsherError(error).message}`);
    });
    return await work("Running", async (onProgress) => {
      const { runner } = await usher.openUpkeep({ onProgress });
      const { retry, ...request } = asked;
      const { id, ended } =
        retry === undefined
          ? await runner.start({ trigger: "manual", ...request })
          : await runner.retry(retry);
      const cancel = () => runner.cancel(id);
      signal.addEventListener("abort", cancel, { once: true });
      try {
        return await ended;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    });
  } finally {
    await usher.close();
  }
}

/** A run for a person: a line for it, and one for each task. */
export function runLines({ id, trigger, status, started_at: startedAt, tasks }: RunRecord): string[] {
  return [
    `${id}  ${startedAt}  ${trigger}  ${status}`,
    ...tasks.map((task) => {
      const about = task.error ? `${task.error.message} [${task.error.code}]` : (task.note ?? "");
      return `  ${task.name}: ${task.status}${about ? ` – ${about}` : ""}`;
    }),
  ];
}

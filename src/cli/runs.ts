import type { RunRecord } from "../contracts/workflow.ts";
import { homePaths } from "../home/home.ts";
import { openRunStore } from "../workflow/run-store.ts";
import { askRunning } from "./asking.ts";
import type { Command } from "./command.ts";
import { runLines } from "./run.ts";

const shownMax = 50;

/** `usher runs`: the history of the workflow. */
export const runs: Command = {
  name: "runs",
  summary: "list the last 50 runs of the workflow, the newest first",
  options: [{ flags: "--lane <name>", meaning: "only those of a lane: main, or events of each minute" }],
  async run({ home, say, options }) {
    const chosen = options["lane"] === undefined ? {} : { lane: String(options["lane"]) };
    const query = new URLSearchParams({ limit: String(shownMax), ...chosen });
    const answer = await askRunning(home, `/v1/runs?${query}`);
    const items = answer ? (answer.body as { items: RunRecord[] }).items : await storedRuns(home, chosen);
    if (items.length === 0) say("nothing has been run yet; `usher run` runs all tasks");
    for (const item of items) for (const line of runLines(item)) say(line);
    return items;
  },
};

async function storedRuns(home: string, chosen: { lane?: string }): Promise<RunRecord[]> {
  const store = await openRunStore(homePaths(home).runs, { isOwner: false });
  return store.list({ limit: shownMax, ...chosen });
}

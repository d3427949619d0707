import type { ReleaseBody } from "../contracts/http.ts";
import { formatEvaluationTable } from "../registry/evaluation-table.ts";
import { askHome } from "./asking.ts";
import type { Command } from "./command.ts";

/** `usher models`: all releases, the newest first. */
export const models: Command = {
  name: "models",
  summary: "list the releases with their figures; the one that serves is marked",
  async run(run) {
    const { items } = (await askHome(run, "/v1/models")) as { items: readonly ReleaseBody[] };
    if (items.length === 0) run.say("no release yet; `usher start` or `usher train` makes one");
    for (const release of items) {
      run.say(
        `${release.version}  ${release.created_at}${release.serving ? "  serves" : ""}  ${release.chosen.reason}`,
      );
      run.say(formatEvaluationTable(release));
    }
    return items;
  },
};

import { stat } from "node:fs/promises";
import type { AskedGauge } from "../contracts/metrics.ts";
import { bronzeEventsTable, eventTopics } from "../contracts/tables.ts";
import { latestBuild } from "../lake/build-record.ts";
import { logFile } from "../lake/delta-log.ts";
import type { Lake } from "../lake/lake.ts";

/** How old the newest version of each layer is, in seconds. A layer that is not there has no figure. */
export function freshnessGauge({
  lake,
  released,
}: {
  lake: Lake;
  /** When the release that serves was made, ms since 1970. */
  released: () => number | undefined;
}): AskedGauge {
  const ageOf = (ms: number) => Math.max(0, (Date.now() - ms) / 1000);
  const versionAge = async (table: string) => {
    const version = await lake.latest(table);
    if (version === undefined) return undefined;
    return ageOf((await stat(logFile(lake.folderOf(table), version))).mtimeMs);
  };
  return {
    name: "usher_freshness_seconds",
    meaning: "Age of the newest version, by layer",
    label: "layer",
    values: async () => {
      const ages: Record<string, number> = {};
      for (const topic of eventTopics) {
        const age = await versionAge(bronzeEventsTable(topic));
        if (age !== undefined) ages["bronze"] = Math.min(age, ages["bronze"] ?? age);
      }
      const build = await latestBuild(lake.folder);
      if (build) ages["silver"] = ages["gold"] = ageOf(Date.parse(build.created_at));
      const at = released();
      if (at !== undefined) ages["release"] = ageOf(at);
      return ages;
    },
  };
}

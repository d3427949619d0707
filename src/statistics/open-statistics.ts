import { join } from "node:path";
import { openDuckdb } from "../engine/duckdb.ts";
import type { Engine } from "../engine/engine.ts";
import { openLake } from "../lake/delta-lake.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";

/** Memory of the engine that answers charts; what needs more goes to disk. */
const memoryLimit = "512MB";

/** Statistics with an engine of their own. */
export interface OpenStatistics extends Statistics {
  close(): Promise<void>;
}

/**
 * Statistics over the lake of a home, computed by an engine of their own in one thread, so that a chart neither waits for a build nor
 * takes its processors. The engine starts with the first question.
 */
export function openStatistics(paths: { readonly folder: string; readonly lake: string }): OpenStatistics {
  let opened: Promise<{ engine: Engine; statistics: Statistics }> | undefined;
  let isClosed = false;
  const open = async () => {
    const temporaryFolder = join(paths.folder, "tmp", "statistics");
    const engine = await openDuckdb({ threads: 1, memoryLimit, temporaryFolder });
    return { engine, statistics: statisticsOf(openLake(paths.lake, engine)) };
  };
  const asked = async () => {
    opened ??= open();
    return (await opened).statistics;
  };
  return {
    overview: async (...of) => (await asked()).overview(...of),
    ratings: async (...of) => (await asked()).ratings(...of),
    item: async (...of) => (await asked()).item(...of),
    releases: async (...of) => (await asked()).releases(...of),
    genres: async (...of) => (await asked()).genres(...of),
    top: async (...of) => (await asked()).top(...of),
    user: async (...of) => (await asked()).user(...of),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await (await opened?.catch(() => undefined))?.engine.close();
    },
  };
}

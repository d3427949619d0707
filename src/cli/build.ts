import { openUsher } from "../usher.ts";
import type { Command } from "./command.ts";
import { buildNotes, formatCount, ratingsLine } from "./print.ts";

/** `usher build`: silver and gold from the newest import. */
export const build: Command = {
  name: "build",
  summary: "build silver and gold tables from the newest import, behind the quality gate",
  async run({ home, configuration, say, work }) {
    const usher = await openUsher({ home, configuration });
    try {
      const record = await work("Building silver and gold", (onProgress) => usher.buildLake({ onProgress }));
      say(ratingsLine(record));
      for (const note of buildNotes(record)) say(note);
      for (const [table, version] of Object.entries(record.tables)) {
        say(`${table}: ${formatCount(await usher.lake.rowCount(table, version))} rows, version ${version}`);
      }
      say("next: usher train");
      return record;
    } finally {
      await usher.close();
    }
  },
};

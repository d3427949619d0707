import { UsherError } from "../errors.ts";
import { exportDuckdb } from "../lake/export-duckdb.ts";
import { openReader } from "../usher.ts";
import type { Command } from "./command.ts";
import { formatCount } from "./print.ts";

/** `usher export duckdb <file>`: the newest build as one database file. */
export const exportLake: Command = {
  name: "export",
  summary: "write the newest build as a DuckDB database with films and ratings",
  arguments: [
    ["<format>", "duckdb"],
    ["<file>", "file to write; must not exist"],
  ],
  async run({ home, configuration, arguments: [format, file = ""], say, work }) {
    if (format !== "duckdb")
      throw new UsherError("USAGE", `export: expected the format duckdb, got "${format}"`);
    const usher = await openReader({ home, configuration });
    try {
      const build = await usher.build();
      const counts = await work(`Writing ${file}`, () => exportDuckdb({ lake: usher.lake, build, file }));
      say(`${file}: ${formatCount(counts.films)} films, ${formatCount(counts.ratings)} ratings`);
      return counts;
    } finally {
      await usher.close();
    }
  },
};

import { UsherError } from "../errors.ts";
import { openUsher } from "../usher.ts";
import type { Command } from "./command.ts";
import { chosenSource } from "./data-set.ts";
import { formatCount } from "./print.ts";

/** `usher import <source>`: files into bronze; `usher build` goes on from there. */
export const importData: Command = {
  name: "import",
  summary: "take a data set into bronze: originals, tables as received, manifest",
  arguments: [["<source>", "movielens:<folder>, csv:<folder> or demo"]],
  options: [
    {
      flags: "--ratings-file <name>",
      meaning: "ratings file, where there are several",
      setting: "ratings_file",
    },
  ],
  async run({ home, configuration, arguments: [source = ""], say, work, signal }) {
    const spec = chosenSource({ ...configuration, source });
    if (!spec)
      throw new UsherError("USAGE", "import: expected movielens:<folder>, csv:<folder> or demo, got nothing");
    const usher = await openUsher({ home, configuration });
    try {
      const { manifest, manifestPath } = await work(`Importing ${spec.source}`, (onProgress) =>
        usher.importSource(spec, { onProgress, signal }),
      );
      for (const { filename, row_count } of manifest.files)
        say(`${filename}: ${formatCount(row_count)} rows`);
      say(`${formatCount(manifest.rejected_rows_total)} rows could not be read; manifest: ${manifestPath}`);
      say("next: usher build");
      return { ...manifest, manifest_path: manifestPath };
    } finally {
      await usher.close();
    }
  },
};

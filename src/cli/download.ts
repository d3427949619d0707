import { join } from "node:path";
import { homePaths } from "../home/home.ts";
import { type DownloadName, downloadDataset, downloads } from "../sources/download.ts";
import type { Command } from "./command.ts";
import { formatCount } from "./print.ts";

/** `usher download <name>`: a MovieLens data set into the home's `downloads` folder. */
export const download: Command = {
  name: "download",
  summary: "fetch a data set from GroupLens; an interrupted download is continued",
  arguments: [["<name>", Object.keys(downloads).join(" or ")]],
  options: [
    { flags: "--force", meaning: "fetch again what is there" },
    { flags: "--folder <folder>", meaning: "where to (default: <home>/downloads/<name>)" },
  ],
  async run({ home, configuration, arguments: [name = ""], options, say, work, signal }) {
    const { base_url: baseUrl, timeout_ms: timeoutMs } = configuration.download;
    const given = options["folder"];
    const folder = typeof given === "string" ? given : join(homePaths(home).downloads, name);
    const done = await work(`Fetching ${name}`, (onProgress) =>
      downloadDataset({
        name: name as DownloadName, // checked there
        folder,
        baseUrl,
        timeoutMs,
        force: options["force"] === true,
        onProgress,
        signal,
      }),
    );
    say(done.manifest.licence);
    for (const { filename, row_count } of done.manifest.files)
      say(`${filename}: ${formatCount(row_count)} rows`);
    say(
      done.isAlreadyComplete
        ? `${folder} was complete already; --force fetches it again`
        : `${folder} is complete`,
    );
    say(`next: usher start --data movielens:${folder}`);
    return { folder, already_complete: done.isAlreadyComplete, files: done.manifest.files };
  },
};

import { defaultConfiguration } from "../src/contracts/configuration.ts";
import { readCatalogue } from "../src/lake/read.ts";
import { openUsher } from "../src/usher.ts";

/**
 * Makes a home with a release: of MovieLens in a folder, else of the built-in demo.
 * @param algorithms Default: those of a release.
 * @returns The ids of its catalogue.
 */
export async function prepareHome(
  home: string,
  of: { folder: string | undefined; algorithms?: readonly string[] },
): Promise<string[]> {
  const { folder, algorithms } = of;
  const usher = await openUsher({ home, configuration: defaultConfiguration });
  try {
    await usher.importSource(
      folder === undefined
        ? { source: "demo", location: "" }
        : { source: "movielens", location: folder, ratingsFile: "ratings-without-timestamps.dat" },
    );
    const build = await usher.buildLake();
    await usher.train(algorithms ? { algorithms } : {});
    const { items } = await readCatalogue(usher.lake, usher.engine, build);
    return items.filter(({ isPlaceholder }) => !isPlaceholder).map(({ itemId }) => itemId);
  } finally {
    await usher.close();
  }
}

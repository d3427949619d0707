import { defaultConfiguration } from "../src/contracts/configuration.ts";
import { readCatalogue } from "../src/lake/read.ts";
import { openUsher } from "../src/usher.ts";

/** Where ratings come from. */
interface From {
  readonly source: "movielens" | "csv" | "demo";
  readonly location: string;
  readonly ratingsFile?: string;
}

const demo: From = { source: "demo", location: "" };

/** MovieLens-1M in a folder. */
export const movielens1mIn = (location: string): From => ({
  source: "movielens",
  location,
  ratingsFile: "ratings-without-timestamps.dat",
});

/**
 * Makes a home with a release.
 * @param of.from Default: the built-in demo.
 * @param of.algorithms Default: those of a release.
 * @returns The ids of its catalogue.
 */
export async function prepareHome(
  home: string,
  of: { from?: From | undefined; algorithms?: readonly string[] } = {},
): Promise<string[]> {
  const { from = demo, algorithms } = of;
  const usher = await openUsher({ home, configuration: defaultConfiguration });
  try {
    await usher.importSource(from);
    const build = await usher.buildLake();
    await usher.train(algorithms ? { algorithms } : {});
    const { items } = await readCatalogue(usher.lake, usher.engine, build);
    return items.filter(({ isPlaceholder }) => !isPlaceholder).map(({ itemId }) => itemId);
  } finally {
    await usher.close();
  }
}

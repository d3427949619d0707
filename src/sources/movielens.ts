import { type LayoutFolder, openLayoutFolder } from "./layout-folder.ts";
import { type GenreFlag, layouts } from "./movielens-layouts.ts";
import type { OpenedSource, SourceFile } from "./source.ts";
import { readRecords } from "./text-records.ts";

/** What a person who uses MovieLens must know; the README of the data set has the full text. */
export const movielensLicence =
  "MovieLens data (c) GroupLens, University of Minnesota: for research, not for commercial use without permission; see the README of the data set.";

/**
 * Recognizes a MovieLens folder by its files, whichever way GroupLens shipped it.
 *
 * @throws UsherError as `openLayoutFolder`.
 */
export async function openMovielens(folder: string, options: LayoutFolder = {}): Promise<OpenedSource> {
  const { layout, files } = await openLayoutFolder(folder, { source: "movielens", layouts, ...options });
  const genres = files.find((file) => file.table === "genres");
  return {
    source: "movielens",
    datasetName: "movielens",
    datasetVersion: layout.name,
    sourceUrl: "https://grouplens.org/datasets/movielens/",
    licence: movielensLicence,
    files,
    shape: {
      source: "movielens",
      layout: layout.name,
      genreFlags: genres ? await readGenreFlags(genres) : [],
    },
  };
}

/** The names of the genre flags of `u.item`, from `u.genre`. */
async function readGenreFlags(file: SourceFile): Promise<GenreFlag[]> {
  const flags: GenreFlag[] = [];
  for await (const batch of readRecords(file.path, { ...file, fieldCount: 2 })) {
    for (const { fields } of batch) {
      const [genre, flag] = fields ?? [];
      if (genre && flag && /^\d{1,2}$/.test(flag)) flags.push({ genre, flag: Number(flag) });
    }
  }
  return flags;
}

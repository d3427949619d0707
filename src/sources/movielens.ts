import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsherError } from "../errors.ts";
import { type GenreFlag, type Layout, type LayoutFile, layouts } from "./movielens-layouts.ts";
import type { OpenedSource, SourceFile } from "./source.ts";
import { readRecords } from "./text-records.ts";

/** What a person who uses MovieLens must know; the README of the data set has the full text. */
export const movielensLicence =
  "MovieLens data (c) GroupLens, University of Minnesota: for research, not for commercial use without permission; see the README of the data set.";

/**
 * Recognizes a MovieLens folder by its files, whichever way GroupLens shipped it.
 *
 * @param options.ratingsFile Any file of the folder in the layout's format; needed where more than one is called `ratings…`.
 * @throws UsherError `SOURCE_NOT_FOUND`, the folder or the chosen file; `SOURCE_UNKNOWN`, no known layout; `SOURCE_AMBIGUOUS`, several
 * ratings files or layouts.
 */
export async function openMovielens(
  folder: string,
  options: { ratingsFile?: string } = {},
): Promise<OpenedSource> {
  const names = await fileNames(folder);
  const { ratingsFile } = options;
  if (ratingsFile !== undefined && !names.includes(ratingsFile)) {
    throw new UsherError(
      "SOURCE_NOT_FOUND",
      `ratings file: ${folder} holds no "${ratingsFile}"; it holds ${shownNames(names)}`,
    );
  }
  const layout = chosenLayout(names, { folder, ratingsFile });
  const otherUse = layout.files.find((file) => file.staging !== "ratings" && file.name === ratingsFile);
  if (otherUse) {
    throw new UsherError(
      "PARAMETER_INVALID",
      `ratings file: expected a file of ratings, got ${ratingsFile}, which holds ${otherUse.table}`,
      { details: { field: "ratings_file" } },
    );
  }
  const files = layout.files.flatMap((file) => {
    const filename =
      file.staging === "ratings" ? chosenRatings(file, names, options) : nameOf(file, names)[0];
    return filename === undefined ? [] : [sourceFile(file, { folder, filename })];
  });
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

async function fileNames(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const found =
      code === "ENOENT"
        ? "there is none"
        : code === "ENOTDIR"
          ? "it is a file"
          : `it cannot be read (${code})`;
    throw new UsherError(
      "SOURCE_NOT_FOUND",
      `movielens: expected a folder at ${resolve(folder)}, but ${found}`,
      {
        cause: error,
      },
    );
  }
}

function nameOf(file: LayoutFile, names: readonly string[]): string[] {
  return names.filter((name) => (typeof file.name === "string" ? name === file.name : file.name.test(name)));
}

/** The layout all of whose required files are there; a chosen ratings file stands for the one that the layout expects. */
function chosenLayout(
  names: readonly string[],
  { folder, ratingsFile }: { folder: string; ratingsFile: string | undefined },
): Layout {
  const missingOf = (layout: Layout) =>
    layout.files.filter(
      (file) =>
        file.required &&
        nameOf(file, names).length === 0 &&
        !(file.staging === "ratings" && ratingsFile !== undefined),
    );
  let fitting = layouts.filter((layout) => missingOf(layout).length === 0);
  if (fitting.length > 1 && ratingsFile !== undefined) {
    fitting = fitting.filter(({ files }) =>
      files.some((file) => file.staging === "ratings" && nameOf(file, [ratingsFile]).length > 0),
    );
  }
  const [layout] = fitting;
  if (layout && fitting.length === 1) return layout;
  if (fitting.length > 1) {
    throw new UsherError(
      "SOURCE_AMBIGUOUS",
      `movielens: ${folder} holds the files of several layouts: ${fitting.map(({ title }) => title).join("; ")}; name the ratings file or use a folder for each`,
    );
  }
  const expected = layouts.map(
    ({ title, files }) =>
      `${title}: ${files
        .filter((file) => file.required)
        .map((file) => file.shown)
        .join(", ")}`,
  );
  throw new UsherError(
    "SOURCE_UNKNOWN",
    `movielens: ${folder} has no known layout; expected ${expected.join("; or ")}; found ${shownNames(names)}`,
  );
}

function chosenRatings(
  file: LayoutFile,
  names: readonly string[],
  { ratingsFile }: { ratingsFile?: string },
): string | undefined {
  if (ratingsFile !== undefined) return ratingsFile;
  const candidates = nameOf(file, names);
  if (candidates.length > 1) {
    throw new UsherError(
      "SOURCE_AMBIGUOUS",
      `movielens: expected one ratings file, found ${candidates.join(", ")}`,
      {
        details: { candidates },
      },
    );
  }
  return candidates[0];
}

function sourceFile(
  file: LayoutFile,
  { folder, filename }: { folder: string; filename: string },
): SourceFile {
  return {
    path: join(folder, filename),
    filename,
    table: file.table,
    format: file.format,
    ...(file.staging ? { staging: file.staging } : {}),
  };
}

function shownNames(names: readonly string[]): string {
  if (names.length === 0) return "no files";
  const shown = names.slice(0, 30).join(", ");
  return names.length > 30 ? `${shown} and ${names.length - 30} more` : shown;
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

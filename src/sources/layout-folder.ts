import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { StagingName } from "../contracts/imports.ts";
import { UsherError } from "../errors.ts";
import type { SourceFile, SourceSpec } from "./source.ts";
import type { TextFormat } from "./text-format.ts";

/** One file of a layout. */
export interface LayoutFile {
  /** Name in the folder; a pattern where several names are in use. */
  readonly name: string | RegExp;
  /** How the name is written for people. */
  readonly shown: string;
  readonly table: string;
  readonly staging?: StagingName;
  readonly required: boolean;
  readonly format: TextFormat;
}

/** One way in which the files of a data set are named and written. */
export interface Layout<Name extends string = string> {
  readonly name: Name;
  readonly title: string;
  readonly files: readonly LayoutFile[];
}

/** What may be said of a folder beside its place. */
export type LayoutFolder = Pick<SourceSpec, "ratingsFile" | "isUploaded">;

interface Place extends LayoutFolder {
  readonly source: string;
  /** The folder as a refusal names it. */
  readonly shown: string;
}

/**
 * Recognizes a folder by its files as one of several layouts.
 *
 * @param of.ratingsFile Any file of the folder in the layout's format; needed where more than one is called `ratings…`.
 * @throws UsherError `SOURCE_NOT_FOUND`, the folder or the chosen file; `SOURCE_UNKNOWN`, no known layout; `SOURCE_AMBIGUOUS`, several
 * ratings files or layouts; `PARAMETER_INVALID`, a chosen file that holds something else.
 */
export async function openLayoutFolder<Name extends string>(
  folder: string,
  of: LayoutFolder & { source: string; layouts: readonly Layout<Name>[] },
): Promise<{ layout: Layout<Name>; files: SourceFile[] }> {
  const place: Place = { ...of, shown: of.isUploaded ? "the upload" : folder };
  const names = await fileNames(folder, place);
  const { ratingsFile } = of;
  if (ratingsFile !== undefined && !names.includes(ratingsFile)) {
    throw new UsherError(
      "SOURCE_NOT_FOUND",
      `ratings file: ${place.shown} holds no "${ratingsFile}"; it holds ${shownNames(names)}`,
      { details: { field: "ratings_file" } },
    );
  }
  const layout = chosenLayout(names, { ...place, layouts: of.layouts });
  const otherUse = layout.files.find((file) => file.staging !== "ratings" && file.name === ratingsFile);
  if (otherUse) {
    throw new UsherError(
      "PARAMETER_INVALID",
      `ratings file: expected a file of ratings, got ${ratingsFile}, which holds ${otherUse.table}`,
      { details: { field: "ratings_file" } },
    );
  }
  const files = layout.files.flatMap((file) => {
    const filename = file.staging === "ratings" ? chosenRatings(file, names, place) : nameOf(file, names)[0];
    return filename === undefined ? [] : [sourceFile(file, { folder, filename })];
  });
  return { layout, files };
}

async function fileNames(folder: string, { source }: Place): Promise<string[]> {
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
      `${source}: expected a folder at ${resolve(folder)}, but ${found}`,
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
function chosenLayout<Name extends string>(
  names: readonly string[],
  { source, shown, ratingsFile, layouts }: Place & { layouts: readonly Layout<Name>[] },
): Layout<Name> {
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
      `${source}: ${shown} holds the files of several layouts: ${fitting.map(({ title }) => title).join("; ")}; name the ratings file or use a folder for each`,
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
    `${source}: ${shown} has no known layout; expected ${expected.join("; or ")}; found ${shownNames(names)}`,
  );
}

function chosenRatings(
  file: LayoutFile,
  names: readonly string[],
  { source, ratingsFile }: Place,
): string | undefined {
  if (ratingsFile !== undefined) return ratingsFile;
  const candidates = nameOf(file, names);
  if (candidates.length > 1) {
    throw new UsherError(
      "SOURCE_AMBIGUOUS",
      `${source}: expected one ratings file, found ${candidates.join(", ")}`,
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

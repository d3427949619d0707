import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ImportedSource } from "../contracts/imports.ts";
import type { BuildRecord } from "../contracts/quality.ts";
import { writeFileDurable } from "../durable-file.ts";
import { UsherError } from "../errors.ts";
import { fingerprintOfSource } from "./fingerprint.ts";
import type { SourceImport } from "./import.ts";
import type { SourceSpec } from "./source.ts";

/** A finished import as the home remembers it: where the data came from, and how to read them. */
export interface ImportRecord {
  readonly spec: SourceSpec;
  readonly fingerprint: string;
  readonly imported: ImportedSource;
}

const recordName = "import.json";
/** Stands for the lake's folder in a stored record, so that a home can be moved. */
const lakeMark = "{lake}";

/** Remembers an import beside its manifest; from then on `usher build` can build from it. */
export async function writeImportRecord(
  lakeFolder: string,
  { spec, done }: { spec: SourceSpec; done: SourceImport },
): Promise<ImportRecord> {
  const { manifest, fingerprint, ...imported } = done;
  const location = spec.location === "" ? "" : resolve(spec.location);
  const record: ImportRecord = { spec: { ...spec, location }, fingerprint, imported };
  const text = JSON.stringify(record, (key, value) =>
    typeof value === "string" && key !== "location" ? value.replaceAll(lakeFolder, lakeMark) : value,
  );
  await writeFileDurable(join(dirname(done.manifestPath), recordName), text);
  return record;
}

/** The newest finished import, or `undefined` where the lake has none. */
export async function latestImport(lakeFolder: string): Promise<ImportRecord | undefined> {
  const originals = join(lakeFolder, "bronze", "originals");
  const records: ImportRecord[] = [];
  for (const source of await namesIn(originals)) {
    for (const stamp of await namesIn(join(originals, source))) {
      const record = await readImportRecord(lakeFolder, join(originals, source, stamp));
      if (record) records.push(record);
    }
  }
  return records.sort((left, right) => (left.imported.ingestionTs < right.imported.ingestionTs ? 1 : -1))[0];
}

/** The import that a build was made from. */
export async function importOfBuild(
  lakeFolder: string,
  build: BuildRecord,
): Promise<ImportRecord | undefined> {
  return readImportRecord(lakeFolder, dirname(resolve(lakeFolder, build.manifest_path)));
}

/**
 * Makes sure that a data set is the one that a build was made from: the same place, or the same files elsewhere.
 *
 * @throws UsherError `SOURCE_MISMATCH`; the errors of opening the data set.
 * Cost: reads all files of the data set where the place differs.
 */
export async function checkSameSource(held: ImportRecord, wanted: SourceSpec): Promise<void> {
  const sameFile = (wanted.ratingsFile ?? held.spec.ratingsFile) === held.spec.ratingsFile;
  const samePlace =
    wanted.source === held.spec.source &&
    (wanted.location === "" || resolve(wanted.location) === held.spec.location);
  if (samePlace && sameFile) return;
  if (wanted.source === held.spec.source && (await fingerprintOfSource(wanted)) === held.fingerprint) return;
  throw new UsherError(
    "SOURCE_MISMATCH",
    `the home holds ${nameOf(held.spec)}, expected the same with --data, got ${nameOf(wanted)}`,
  );
}

/** A data set as a person writes it: `movielens:/data/ml-1m (ratings.dat)`. */
function nameOf({ source, location, ratingsFile }: SourceSpec): string {
  return `${source}${location === "" ? "" : `:${location}`}${ratingsFile === undefined ? "" : ` (${ratingsFile})`}`;
}

async function readImportRecord(lakeFolder: string, folder: string): Promise<ImportRecord | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, recordName), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // an import that was killed
    throw error;
  }
  return JSON.parse(text, (_key, value) =>
    typeof value === "string" ? value.replaceAll(lakeMark, lakeFolder) : value,
  ) as ImportRecord;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

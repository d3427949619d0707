import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ImportedSource } from "../contracts/imports.ts";
import type { BuildRecord } from "../contracts/quality.ts";
import { writeFileDurable } from "../durable-file.ts";
import { UsherError } from "../errors.ts";
import type { Lake } from "../lake/lake.ts";
import { fingerprintOfSource } from "./fingerprint.ts";
import type { SourceImport } from "./import.ts";
import { importRecordName, manifestName, originalsFolder } from "./originals.ts";
import type { SourceSpec } from "./source.ts";
import { type ImportTables, stagingOf } from "./staging.ts";

/** A finished import as the home remembers it: where the data came from, and which tables hold them. No path of the home is in it. */
export interface ImportRecord {
  readonly spec: SourceSpec;
  readonly fingerprint: string;
  readonly tables: ImportTables;
  readonly rejected: ImportedSource["rejected"];
  readonly rejectedCounts: ImportedSource["rejectedCounts"];
}

/** An import with the folder of its originals. */
export interface FoundImport extends ImportRecord {
  readonly folder: string;
}

/** Remembers an import beside its manifest; from then on `usher build` can build from it, also after the home was moved. */
export async function writeImportRecord(
  lakeFolder: string,
  { spec, done }: { spec: SourceSpec; done: SourceImport },
): Promise<ImportRecord> {
  const { fingerprint, tables, rejected, rejectedCounts } = done;
  // what was sent lies nowhere any more but among the originals
  const location = spec.location === "" || spec.isUploaded ? "" : resolve(spec.location);
  const record: ImportRecord = { spec: { ...spec, location }, fingerprint, tables, rejected, rejectedCounts };
  const folder = originalsFolder(lakeFolder, done);
  await writeFileDurable(join(folder, importRecordName), JSON.stringify(record));
  return record;
}

/**
 * The newest finished import, or `undefined` where the lake has none.
 * @throws UsherError `TABLE_DAMAGED`.
 */
export async function latestImport(lakeFolder: string): Promise<FoundImport | undefined> {
  const originals = join(lakeFolder, "bronze", "originals");
  const found: FoundImport[] = [];
  for (const source of await namesIn(originals)) {
    for (const stamp of await namesIn(join(originals, source))) {
      const folder = join(originals, source, stamp);
      const record = await readImportRecord(folder);
      if (record) found.push({ ...record, folder });
    }
  }
  const timeOf = ({ tables }: ImportRecord) => tables.ingestionTs;
  return found.sort((left, right) => (timeOf(left) < timeOf(right) ? 1 : -1))[0];
}

/**
 * An import as a build reads it.
 * @throws UsherError `TABLE_MISSING`, `TABLE_DAMAGED`.
 */
export async function readableImport(
  lake: Pick<Lake, "relation">,
  { tables, rejected, rejectedCounts, folder }: FoundImport,
): Promise<ImportedSource> {
  const { shape, ingestionTs } = tables;
  return {
    source: shape.source,
    ingestionTs,
    ...(await stagingOf(tables, ({ table, version }) => lake.relation(table, version))),
    rejected,
    rejectedCounts,
    manifestPath: join(folder, manifestName),
  };
}

/** The import that a build was made from. */
export async function importOfBuild(
  lakeFolder: string,
  build: BuildRecord,
): Promise<ImportRecord | undefined> {
  return readImportRecord(dirname(resolve(lakeFolder, build.manifest_path)));
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
function nameOf({ source, location, ratingsFile, isUploaded }: SourceSpec): string {
  return `${source}${isUploaded ? " (uploaded)" : location === "" ? "" : `:${location}`}${ratingsFile === undefined ? "" : ` (${ratingsFile})`}`;
}

async function readImportRecord(folder: string): Promise<ImportRecord | undefined> {
  const path = join(folder, importRecordName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // an import that was killed
    throw error;
  }
  try {
    const record = JSON.parse(text) as Partial<ImportRecord>;
    // a record without tables is of a form before this one: the data set has to be imported again
    return record.tables && (record as ImportRecord);
  } catch (error) {
    throw new UsherError("TABLE_DAMAGED", `expected the record of an import in ${path}`, { cause: error });
  }
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

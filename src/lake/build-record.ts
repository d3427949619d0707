import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildRecord } from "../contracts/quality.ts";
import { makeFolderDurable, writeFileDurable } from "../durable-file.ts";
import { UsherError } from "../errors.ts";

/** Folder of the build records. */
export function buildsFolder(lakeFolder: string): string {
  return join(lakeFolder, "builds");
}

/** Folder of the quality reports and the lists of unmapped items. */
export function reportsFolder(lakeFolder: string): string {
  return join(lakeFolder, "reports");
}

/** A build's number as it stands in file names: `00000003`. */
export function buildDigits(number: number): string {
  return String(number).padStart(8, "0");
}

/**
 * The newest build of a lake, or `undefined` where there is none.
 * @throws UsherError `TABLE_DAMAGED`.
 */
export async function latestBuild(lakeFolder: string): Promise<BuildRecord | undefined> {
  const number = Math.max(0, ...(await numbersIn(buildsFolder(lakeFolder))));
  return number === 0 ? undefined : readBuild(lakeFolder, number);
}

/**
 * One build of a lake.
 * @throws UsherError `TABLE_MISSING` where there is no such build; `TABLE_DAMAGED` where its file is no build record.
 */
export async function readBuild(lakeFolder: string, number: number): Promise<BuildRecord> {
  const file = join(buildsFolder(lakeFolder), `${buildDigits(number)}.json`);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UsherError("TABLE_MISSING", `the lake has no build ${number}`, { cause: error });
  }
  try {
    const record = JSON.parse(text) as BuildRecord;
    if (record.number === number && typeof record.tables === "object") return record;
  } catch (error) {
    throw new UsherError("TABLE_DAMAGED", `expected a build record in ${file}`, { cause: error });
  }
  throw new UsherError("TABLE_DAMAGED", `expected the record of build ${number} in ${file}`);
}

/** The number that the next build takes: above every build and every report, so that a refused build has a number too. */
export async function nextBuildNumber(lakeFolder: string): Promise<number> {
  const taken = [
    ...(await numbersIn(buildsFolder(lakeFolder))),
    ...(await numbersIn(reportsFolder(lakeFolder))),
  ];
  return Math.max(0, ...taken) + 1;
}

/**
 * Makes a build visible: until this file is there, whole, readers see the build before it.
 * @throws UsherError `TABLE_CONFLICT` where another process took the number.
 */
export async function writeBuild(lakeFolder: string, record: BuildRecord): Promise<void> {
  const file = join(buildsFolder(lakeFolder), `${buildDigits(record.number)}.json`);
  await makeFolderDurable(buildsFolder(lakeFolder));
  try {
    await writeFileDurable(file, `${JSON.stringify(record, undefined, 2)}\n`, { exclusive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new UsherError("TABLE_CONFLICT", `another writer recorded build ${record.number} first`, {
      cause: error,
    });
  }
}

async function numbersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.flatMap((name) => {
    const digits = /^(\d{8})\.json$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

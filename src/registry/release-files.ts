import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Value } from "typebox/value";
import { type ReleaseReport, releaseReportSchema } from "../contracts/release.ts";
import { UsherError } from "../errors.ts";

/** Files of one release, in its folder. `report` is written last: a folder without it is no release. */
export const releaseFiles = {
  report: "model.json",
  ranker: "ranker.bin",
  rater: "rater.bin",
  set: "training-set.bin",
} as const;

const versionPattern = /^v(\d{4,})$/;

/** The version of a number: 1 → `v0001`. */
export function versionOf(number: number): string {
  return `v${String(number).padStart(4, "0")}`;
}

/** The number of a version: `v0001` → 1, or `undefined` where the text is no version. */
export function numberOf(version: string): number | undefined {
  const digits = versionPattern.exec(version)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Reads the report in a release's folder and checks it against its schema.
 * @throws UsherError `MODEL_FILE`.
 */
export async function readReport(folder: string): Promise<ReleaseReport> {
  const file = join(folder, releaseFiles.report);
  const document = await readJson(file);
  if (document === undefined) throw damaged(file, "the file is gone");
  if (!Value.Check(releaseReportSchema, document)) {
    const [first] = Value.Errors(releaseReportSchema, document);
    throw damaged(file, `${first?.instancePath || "the document"} ${first?.message ?? "has another shape"}`);
  }
  if (document.version !== basename(folder)) {
    throw damaged(file, `expected version ${basename(folder)}, got ${document.version}`);
  }
  return document;
}

/**
 * The version that a pointer file names, or `undefined` where there is no such file.
 * @throws UsherError `MODEL_FILE`.
 */
export async function readPointer(file: string): Promise<string | undefined> {
  const pointer = await readJson(file);
  if (pointer === undefined) return undefined;
  const version = pointer !== null && typeof pointer === "object" && "version" in pointer && pointer.version;
  if (typeof version === "string" && numberOf(version) !== undefined) return version;
  throw damaged(file, 'expected { "version": "v0001" }');
}

/** A file of a release that is not what it should be. */
export function damaged(file: string, reason: string, cause?: unknown): UsherError {
  const place = join(basename(dirname(file)), basename(file));
  return new UsherError("MODEL_FILE", `${place}: ${reason}`, { cause, details: { file } });
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(file, "expected a JSON document", cause);
  }
}

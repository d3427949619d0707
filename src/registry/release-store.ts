import type { Dirent } from "node:fs";
import { access, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "../contracts/progress.ts";
import type { ReleaseReport, TrainingSettings } from "../contracts/release.ts";
import type { TrainingSet } from "../data/training-set.ts";
import { makeFolderDurable, writeFileDurable } from "../durable-file.ts";
import { UsherError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { loadModel, saveModel } from "../models/model-file.ts";
import { version as codeVersion } from "../version.ts";
import { damaged, numberOf, readPointer, readReport, releaseFiles, versionOf } from "./release-files.ts";
import type { TrainedRelease } from "./train-release.ts";
import { loadTrainingSet, saveTrainingSet } from "./training-set-file.ts";

/** A release in memory, ready to serve. */
export interface Release {
  /** `v0001`, `v0002`, … */
  readonly version: string;
  readonly report: ReleaseReport;
  readonly ranker: Model;
  readonly rater: Model;
  readonly set: TrainingSet;
}

/** What a release was made from: the number of the lake's build and the version of each table that it pins. */
export type ReleaseBuild = ReleaseReport["build"];

/**
 * The releases of one home: a folder a version, and a pointer to the one that serves.
 *
 * One process writes (the owner of the home). A version exists from the moment its `model.json`, written last, is there; a folder
 * without it is what a killed run left, and the next `save` takes its number.
 */
export interface ReleaseStore {
  /** Stores a release durably under the next number. What serves stays as it is. */
  save(
    trained: TrainedRelease,
    options: { build: ReleaseBuild; settings?: TrainingSettings; onProgress?: Progress },
  ): Promise<string>;
  /** The reports of all releases, oldest first. */
  list(): Promise<ReleaseReport[]>;
  /** Makes a version the one that serves, atomically: after a power cut it is the old one or the new one. */
  promote(version: string, options?: { onProgress?: Progress }): Promise<void>;
  /** The version that serves, or `undefined` where none does yet. */
  current(): Promise<string | undefined>;
  /** The report of a version. */
  report(version: string): Promise<ReleaseReport>;
  /** Everything that serving needs, without a look at the lake's tables. */
  load(version: string): Promise<Release>;
}

/**
 * Opens the releases of a home folder.
 *
 * @param place The home folder, or where the versions and the pointer lie.
 * @returns A store whose calls reject with UsherError `RELEASE_UNKNOWN`: no such version; `MODEL_FILE`: a file is damaged or
 * does not belong to the others.
 */
export function releaseStore(place: string | { modelsFolder: string; pointerFile: string }): ReleaseStore {
  const { modelsFolder, pointerFile } =
    typeof place === "string"
      ? {
          modelsFolder: join(place, "lake", "gold", "gold_models"),
          pointerFile: join(place, "release.json"),
        }
      : place;

  const folderOf = async (version: string): Promise<string> => {
    const known = await versionsIn(modelsFolder);
    if (known.includes(version)) return join(modelsFolder, version);
    const there = known.length > 0 ? known.join(", ") : "none";
    throw new UsherError("RELEASE_UNKNOWN", `expected one of the releases (${there}), got ${version}`, {
      details: { field: "version" },
    });
  };

  return {
    save: async (trained, options) => {
      const last = (await versionsIn(modelsFolder)).at(-1);
      const version = versionOf(((last && numberOf(last)) || 0) + 1);
      await saveRelease(trained, { ...options, version, folder: join(modelsFolder, version) });
      return version;
    },
    list: async () => {
      const versions = await versionsIn(modelsFolder);
      return Promise.all(versions.map((version) => readReport(join(modelsFolder, version))));
    },
    promote: async (version, { onProgress } = {}) => {
      await readReport(await folderOf(version));
      onProgress?.({ phase: "publish", text: `switching to ${version}`, fraction: 1 });
      await writeFileDurable(pointerFile, `${JSON.stringify({ version })}\n`);
    },
    current: () => readPointer(pointerFile),
    report: async (version) => readReport(await folderOf(version)),
    load: async (version) => loadRelease(await folderOf(version)),
  };
}

async function saveRelease(
  trained: TrainedRelease,
  options: {
    version: string;
    folder: string;
    build: ReleaseBuild;
    settings?: TrainingSettings;
    onProgress?: Progress;
  },
): Promise<void> {
  const { version, folder, build, settings, onProgress } = options;
  const place = (file: keyof typeof releaseFiles, fraction: number) => {
    onProgress?.({ phase: "publish", text: `${version}: ${releaseFiles[file]}`, fraction });
    return join(folder, releaseFiles[file]);
  };
  await rm(folder, { recursive: true, force: true });
  await makeFolderDurable(folder);
  const { fingerprint } = trained.report.data;
  await saveTrainingSet(place("set", 0), { set: trained.set, fingerprint });
  await saveModel(place("ranker", 0.25), trained.ranker);
  await saveModel(place("rater", 0.5), trained.rater);
  const report: ReleaseReport = {
    format: 1,
    version,
    created_at: new Date().toISOString(),
    code_version: codeVersion,
    build: { number: build.number, tables: { ...build.tables } }, // the caller's record may hold more
    ...(settings ? { settings } : {}),
    ...trained.report,
  };
  await writeFileDurable(place("report", 0.75), `${JSON.stringify(report, null, 2)}\n`);
}

async function loadRelease(folder: string): Promise<Release> {
  const file = (name: keyof typeof releaseFiles) => join(folder, releaseFiles[name]);
  const [report, { set, fingerprint }, ranker, rater] = await Promise.all([
    readReport(folder),
    loadTrainingSet(file("set")),
    loadModel(file("ranker")),
    loadModel(file("rater")),
  ]).catch((error: unknown) => {
    const isGone = error instanceof UsherError && error.code === "SOURCE_NOT_FOUND";
    throw isGone ? new UsherError("MODEL_FILE", error.message, { cause: error }) : error;
  });
  if (fingerprint !== report.data.fingerprint) {
    throw damaged(file("set"), `expected fingerprint ${report.data.fingerprint}, got ${fingerprint}`);
  }
  for (const [name, model] of Object.entries({ ranker, rater }) as ["ranker" | "rater", Model][]) {
    const { algorithm } = report.chosen[name];
    if (model.algorithm === algorithm && model.itemCount === set.items.size) continue;
    const expected = `${algorithm} of ${set.items.size} items`;
    throw damaged(file(name), `expected ${expected}, got ${model.algorithm} of ${model.itemCount} items`);
  }
  return { version: report.version, report, ranker, rater, set };
}

/** The complete versions in a folder, oldest first. */
async function versionsIn(folder: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const found: { version: string; number: number }[] = [];
  for (const { name } of entries) {
    const number = numberOf(name);
    if (number === undefined || !(await isThere(join(folder, name, releaseFiles.report)))) continue;
    found.push({ version: name, number });
  }
  return found.sort((left, right) => left.number - right.number).map(({ version }) => version);
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // anything else, such as a missing right, must not look like an unfinished release that may be replaced
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

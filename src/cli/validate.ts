import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { asUsherError, UsherError } from "../errors.ts";
import { homePaths } from "../home/home.ts";
import { latestBuild, readBuild } from "../lake/build-record.ts";
import { releaseFiles } from "../registry/release-files.ts";
import { type FolderReport, validateFolder, validateOriginals } from "../sources/validate-folder.ts";
import { openReader, type UsherReader } from "../usher.ts";
import type { Command } from "./command.ts";

/** `usher validate`: what was downloaded and imported against its manifests, the tables against their logs, and the release that serves. */
export const validate: Command = {
  name: "validate",
  summary: "check files against their manifests (keys, row counts, checksums) and tables against their logs",
  arguments: [["[folder]", "a download to check (default: everything in the home)"]],
  async run({ home, configuration, arguments: [folder], say, work }) {
    const reports = await work("Validating", async () => {
      if (folder !== undefined) return [await validateFolder(folder)];
      const usher = await openReader({ home, configuration });
      try {
        return [
          ...(await downloadReports(home)),
          ...(await validateOriginals(usher.paths.lake)),
          await tablesReport(usher),
          ...(await releaseReports(usher)),
        ];
      } finally {
        await usher.close();
      }
    });
    for (const { folder: where, files, problems } of reports) {
      say(`${problems.length === 0 ? "ok  " : "FAIL"}  ${where}: ${files} checked`);
      for (const problem of problems) say(`      ${problem}`);
    }
    const problems = reports.flatMap((report) => report.problems);
    if (problems.length > 0) {
      throw new UsherError(
        "SOURCE_DAMAGED",
        `validate: expected no problem, found ${problems.length}: ${problems[0]}`,
        {
          details: { reports },
        },
      );
    }
    return reports;
  },
};

async function downloadReports(home: string): Promise<FolderReport[]> {
  const folder = homePaths(home).downloads;
  const reports: FolderReport[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const files = await readdir(join(folder, name)).catch(() => []);
    // a download that never began, or that can be continued, is no damage
    if (files.some((file) => !file.endsWith(".part"))) reports.push(await validateFolder(join(folder, name)));
  }
  return reports;
}

/** Reads every table version that somebody reads, the newest and those that a build pins, and compares its rows with the log. */
async function tablesReport(usher: UsherReader): Promise<FolderReport> {
  const { lake, engine } = usher;
  const { versions, problems } = await readVersions(usher);
  for (const { table, version } of versions) {
    const name = `${table} version ${version}`;
    try {
      // the hash is thrown away; it has the pages of every column read, not only the counts at the end of a file
      const [row] = await engine.rows(
        `SELECT count(*) AS n, bit_xor(hash(found)) FROM ${await lake.relation(table, version)} AS found`,
      );
      const logged = await lake.rowCount(table, version);
      if (Number(row?.["n"]) !== logged)
        problems.push(`${name}: expected ${logged} rows by its log, found ${row?.["n"]}`);
    } catch (error) {
      problems.push(`${name}: ${asUsherError(error).message}`);
    }
  }
  return { folder: `${lake.folder} (tables)`, files: versions.length, problems };
}

interface TableVersion {
  readonly table: string;
  readonly version: number;
}

async function readVersions({ lake, releases }: UsherReader) {
  const problems: string[] = [];
  const versions = new Map<string, TableVersion>();
  const add = (table: string, version: number) => versions.set(`${table} ${version}`, { table, version });
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      problems.push(asUsherError(error).message);
    }
  };
  for (const table of await lake.tables()) add(table, (await lake.latest(table)) ?? 0);
  await attempt(async () => {
    const newest = await latestBuild(lake.folder);
    for (const [table, version] of Object.entries(newest?.tables ?? {})) add(table, version);
  });
  await attempt(async () => {
    const serving = await releases.current();
    if (serving === undefined) return;
    const { number } = (await releases.report(serving)).build;
    for (const [table, version] of Object.entries((await readBuild(lake.folder, number)).tables)) {
      add(table, version);
    }
  });
  return { versions: [...versions.values()], problems };
}

/** Loads the release that serves, which compares its files with their checksums. Nothing where none serves. */
async function releaseReports({ releases, paths }: UsherReader): Promise<FolderReport[]> {
  try {
    const serving = await releases.current();
    if (serving === undefined) return [];
    const report = {
      folder: `${paths.folder} (release ${serving})`,
      files: Object.keys(releaseFiles).length,
    };
    try {
      await releases.load(serving);
      return [{ ...report, problems: [] }];
    } catch (error) {
      return [{ ...report, problems: [asUsherError(error).message] }];
    }
  } catch (error) {
    return [{ folder: paths.releasePointer, files: 1, problems: [asUsherError(error).message] }];
  }
}

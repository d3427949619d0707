import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { asUsherError, UsherError } from "../errors.ts";
import { homePaths } from "../home/home.ts";
import { type FolderReport, validateFolder, validateOriginals } from "../sources/validate-folder.ts";
import { openReader, type UsherReader } from "../usher.ts";
import type { Command } from "./command.ts";

/** `usher validate`: what was downloaded and imported against its manifests, and the tables against their logs. */
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

/** Counts the rows of every table's newest version and compares them with the log. */
async function tablesReport({ lake, engine }: UsherReader): Promise<FolderReport> {
  const problems: string[] = [];
  const tables = await lake.tables();
  for (const table of tables) {
    try {
      const [row] = await engine.rows(`SELECT count(*) AS n FROM ${await lake.relation(table)}`);
      const logged = await lake.rowCount(table);
      if (Number(row?.["n"]) !== logged)
        problems.push(`${table}: expected ${logged} rows by its log, found ${row?.["n"]}`);
    } catch (error) {
      problems.push(`${table}: ${asUsherError(error).message}`);
    }
  }
  return { folder: `${lake.folder} (tables)`, files: tables.length, problems };
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StagingName } from "../../src/contracts/imports.ts";
import { openDuckdb } from "../../src/engine/duckdb.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { openLake } from "../../src/lake/delta-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { importSource, type SourceImport } from "../../src/sources/import.ts";

/** A lake and a folder of files, to try imports on. */
export interface ImportBench {
  readonly engine: Engine;
  readonly lake: Lake;
  readonly folder: string;
  /** Writes files into a new folder; text is written as UTF-8. @returns The folder. */
  files(files: Readonly<Record<string, string | Uint8Array>>): Promise<string>;
  /** Default source: movielens. */
  import(folder: string, ratingsFile?: string, source?: "movielens" | "csv"): Promise<SourceImport>;
  /** The rows of a staging SELECT. */
  staged(imported: SourceImport, name: StagingName, columns?: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function importBench(): Promise<ImportBench> {
  const folder = await mkdtemp(join(tmpdir(), "usher-import-"));
  const engine = await openDuckdb({ threads: 2 });
  const lake = openLake(join(folder, "lake"), engine);
  let made = 0;
  return {
    engine,
    lake,
    folder,
    async files(files) {
      const target = join(folder, `data-${made++}`);
      await mkdir(target);
      for (const [name, content] of Object.entries(files)) await writeFile(join(target, name), content);
      return target;
    },
    import: (location, ratingsFile, source = "movielens") =>
      importSource({
        spec: { source, location, ...(ratingsFile ? { ratingsFile } : {}) },
        lake,
        engine,
      }),
    staged: (imported, name, columns = "*") =>
      engine.rows(`SELECT ${columns} FROM (${imported.staging[name]})`),
    async close() {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Text as ISO-8859-1. */
export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** The smallest sound data set of the CSV layout. */
export const smallCsv = {
  "ratings.csv": "userId,movieId,rating,timestamp\n1,10,4.0,964982703\n2,10,0.5,964982704\n",
  "movies.csv": "movieId,title,genres\n10,Toy Story (1995),Comedy|Drama\n",
};

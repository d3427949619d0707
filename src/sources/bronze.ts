import type { RejectedRow } from "../contracts/imports.ts";
import type { Progress } from "../contracts/progress.ts";
import type { Engine } from "../engine/engine.ts";
import { UsherError } from "../errors.ts";
import type { Lake, StagedVersion } from "../lake/lake.ts";
import { sqlList, sqlText } from "../lake/sql-text.ts";
import { isImported, type Original } from "./originals.ts";
import type { ImportTables } from "./staging.ts";
import { columnsOf } from "./text-columns.ts";
import { type TextRelation, textRelation } from "./text-relation.ts";

/** One file of an import, judged. */
export interface BronzeRows {
  readonly original: Original;
  readonly kept: number;
  readonly rejected: { readonly rows: readonly RejectedRow[]; readonly total: number };
}

/** Where the files of an import go. */
export interface BronzeTarget {
  readonly lake: Lake;
  readonly engine: Engine;
  readonly source: string;
  readonly ingestionTs: string;
  /** Where to write what is needed on the way; removing it is left to the caller. */
  readonly temporaryFolder: string;
  readonly onProgress: Progress;
  /** Called before each file; what it throws ends the work. */
  readonly beforeFile: () => void;
}

interface StagedFile extends BronzeRows {
  readonly columns: readonly string[];
  readonly relation: TextRelation;
  readonly staged: StagedVersion;
}

/**
 * Writes each file as a version of its bronze table (the columns as text, the line of each row, and when it came), and all rows that
 * could not be split as one of `bronze_<source>_rejected_rows`.
 *
 * All are staged before the first is committed, so that an import that fails or is killed on the way shows nothing.
 *
 * @throws UsherError `SOURCE_DAMAGED`: a file of ratings or items without a row; what `beforeFile` throws.
 */
export async function writeBronze(
  originals: readonly Original[],
  target: BronzeTarget,
): Promise<{ rows: readonly BronzeRows[]; tables: Pick<ImportTables, "files" | "rejected"> }> {
  const { lake, onProgress, beforeFile } = target;
  const toCommit: StagedVersion[] = [];
  try {
    const files: StagedFile[] = [];
    const bytesTotal = originals.reduce((sum, { scan }) => sum + scan.sizeBytes, 0);
    let bytesDone = 0;
    for (const original of originals) {
      beforeFile();
      const { file, scan } = original;
      const text = `bronze: writing ${bronzeTable(file.table, target)}`;
      onProgress({ phase: "bronze", text, fraction: (1 + bytesDone / bytesTotal) / 2 });
      files.push(await stageFile(original, target, (staged) => toCommit.push(staged)));
      bytesDone += scan.sizeBytes;
    }
    const rejected = await stageRejected(files, target);
    if (rejected) toCommit.push(rejected);
    beforeFile();
    const versions = new Map<string, number>();
    for (let next = toCommit[0]; next; next = toCommit[0]) {
      const version = await lake.commit(next, { operation: "import", ingestion_ts: target.ingestionTs });
      toCommit.shift();
      versions.set(next.table, version);
      onProgress({ phase: "commit", text: `commit: ${next.table} version ${version}` });
    }
    const versionOf = ({ table }: StagedVersion) => ({ table, version: versions.get(table) as number });
    return {
      rows: files,
      tables: {
        files: Object.fromEntries(
          files.map(({ original, staged, columns }) => [
            original.file.table,
            { ...versionOf(staged), columns },
          ]),
        ),
        ...(rejected ? { rejected: versionOf(rejected) } : {}),
      },
    };
  } catch (error) {
    for (const staged of toCommit) await lake.discard(staged);
    throw error;
  }
}

const bronzeTable = (file: string, { source }: BronzeTarget) => `bronze_${source}_${file}_raw`;

async function stageFile(
  original: Original,
  target: BronzeTarget,
  onStaged: (staged: StagedVersion) => void,
): Promise<StagedFile> {
  const { file, path, scan } = original;
  const table = bronzeTable(file.table, target);
  const columns = await columnsOf(path, file);
  const relation = await textRelation({ ...file, path, scan, columns }, target);
  const staged = await stageRows(
    {
      table,
      select: `SELECT *, ${arrival(target)}, ${sqlText(file.filename)} AS source_file FROM (${relation.select})`,
    },
    target,
  );
  onStaged(staged);
  const rejected = await judged(relation, { staged, original });
  return { original, kept: staged.rowCount, rejected, columns: columns.names, relation, staged };
}

async function stageRejected(
  files: readonly StagedFile[],
  target: BronzeTarget,
): Promise<StagedVersion | undefined> {
  const selects = files
    .filter(({ rejected }) => rejected.total > 0)
    .map(({ relation }) => `(${relation.rejectedSelect})`);
  if (selects.length === 0) return undefined;
  const table = `bronze_${target.source}_rejected_rows`;
  target.onProgress({ phase: "bronze", text: `bronze: writing ${table}` });
  const select = `SELECT *, ${arrival(target)} FROM (${selects.join(" UNION ALL ")})`;
  return stageRows({ table, select }, target);
}

const arrival = ({ ingestionTs }: BronzeTarget) =>
  `CAST(${sqlText(ingestionTs.slice(0, 10))} AS DATE) AS ingestion_date,
   CAST(${sqlText(ingestionTs)} AS TIMESTAMP WITH TIME ZONE) AS ingestion_ts`;

const partitionBy = ["ingestion_date"];

/** Imports add up in a table as long as the files have the same columns; where they change, a new version takes the old one's place. */
async function stageRows(
  { table, select }: { table: string; select: string },
  { lake, engine }: BronzeTarget,
): Promise<StagedVersion> {
  const columnsIn = async (query: string) => {
    const rows = await engine.rows(`DESCRIBE ${query}`);
    return JSON.stringify(rows.map((row) => [row["column_name"], row["column_type"]]));
  };
  const isSame =
    (await lake.latest(table)) !== undefined &&
    (await columnsIn(`SELECT * FROM ${await lake.relation(table)}`)) === (await columnsIn(select));
  return lake.stage(table, select, { mode: isSame ? "append" : "overwrite", partitionBy });
}

async function judged(
  relation: TextRelation,
  { staged, original }: { staged: StagedVersion; original: Original },
): Promise<BronzeRows["rejected"]> {
  const { filename, staging } = original.file;
  const rejected = await relation.rejected(staged.rowCount);
  if (rejected.total < 0) {
    throw new UsherError("INTERNAL", `${filename}: ${-rejected.total} rows more were read than the file has`);
  }
  if (staged.rowCount + rejected.total === 0 && (staging === "ratings" || staging === "items")) {
    throw new UsherError("SOURCE_DAMAGED", `${filename}: expected ${staging}, but the file has no rows`);
  }
  return rejected;
}

/**
 * Takes out of the bronze tables of a source the rows of imports that were killed between their first commit and their manifest.
 *
 * Older versions keep them. Cost: reads one column of each table.
 */
export async function dropUnfinished(
  source: string,
  { lake, engine }: { lake: Lake; engine: Engine },
): Promise<void> {
  for (const table of await lake.tables()) {
    if (!table.startsWith(`bronze_${source}_`)) continue;
    const relation = await lake.relation(table);
    const times = await engine.rows(`SELECT DISTINCT ingestion_ts FROM ${relation}`);
    const unfinished: string[] = [];
    for (const { ingestion_ts: time } of times) {
      const ingestionTs = String(time);
      if (!(await isImported(lake.folder, { source, ingestionTs }))) unfinished.push(ingestionTs);
    }
    if (unfinished.length === 0) continue;
    const select = `SELECT * FROM ${relation} WHERE ingestion_ts NOT IN
      (SELECT CAST(unnest(${sqlList(unfinished)}) AS TIMESTAMP WITH TIME ZONE))`;
    const staged = await lake.stage(table, select, { partitionBy });
    await lake.commit(staged, { operation: "drop unfinished imports" });
  }
}

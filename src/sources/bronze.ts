import type { RejectedRow } from "../contracts/imports.ts";
import type { Progress } from "../contracts/progress.ts";
import type { Engine } from "../engine/engine.ts";
import { UsherError } from "../errors.ts";
import type { Lake, StagedVersion } from "../lake/lake.ts";
import { sqlText } from "../lake/sql-text.ts";
import type { Original } from "./originals.ts";
import type { BronzeInput } from "./source.ts";
import { columnsOf } from "./text-columns.ts";
import { type TextRelation, textRelation } from "./text-relation.ts";

/** One file of an import as it stands in bronze. */
export interface BronzeRows {
  readonly original: Original;
  readonly kept: number;
  readonly rejected: { readonly rows: readonly RejectedRow[]; readonly total: number };
  readonly input: BronzeInput;
}

interface BronzeTarget {
  readonly table: string;
  readonly lake: Lake;
  readonly engine: Engine;
  readonly ingestionTs: string;
  readonly onProgress: Progress;
}

/**
 * Writes one file as a version of its bronze table: the columns as text, the line of each row, and when it came.
 *
 * @throws UsherError `DATA_EMPTY`: a file of ratings or items without a row.
 */
export async function writeBronze(original: Original, target: BronzeTarget): Promise<BronzeRows> {
  const { file, path, scan } = original;
  const { lake, engine, table, ingestionTs, onProgress } = target;
  onProgress({ phase: "bronze", text: `bronze: writing ${table}` });
  const columns = await columnsOf(path, file);
  const relation = await textRelation({ ...file, path, scan, columns }, engine);
  try {
    const select = `SELECT *, CAST(${sqlText(ingestionTs.slice(0, 10))} AS DATE) AS ingestion_date,
      CAST(${sqlText(ingestionTs)} AS TIMESTAMP WITH TIME ZONE) AS ingestion_ts, ${sqlText(file.filename)} AS source_file
      FROM (${relation.select})`;
    const staged = await stageRows(select, target);
    const rejected = await judged(relation, { staged, original, lake });
    const version = await lake.commit(staged, { operation: "import", source_file: file.filename });
    onProgress({ phase: "commit", text: `commit: ${table} version ${version}` });
    return {
      original,
      kept: staged.rowCount,
      rejected,
      input: {
        relation: `(SELECT * FROM ${await lake.relation(table, version)}
          WHERE ingestion_ts = CAST(${sqlText(ingestionTs)} AS TIMESTAMP WITH TIME ZONE))`,
        columns: columns.names,
      },
    };
  } finally {
    await relation.close();
  }
}

/** Imports add up in a table as long as the files have the same columns; where they change, a new version takes the old one's place. */
async function stageRows(select: string, { table, lake, engine }: BronzeTarget): Promise<StagedVersion> {
  const columnsIn = async (query: string) => {
    const rows = await engine.rows(`DESCRIBE ${query}`);
    return JSON.stringify(rows.map((row) => [row["column_name"], row["column_type"]]));
  };
  const isSame =
    (await lake.latest(table)) !== undefined &&
    (await columnsIn(`SELECT * FROM ${await lake.relation(table)}`)) === (await columnsIn(select));
  return lake.stage(table, select, {
    mode: isSame ? "append" : "overwrite",
    partitionBy: ["ingestion_date"],
  });
}

async function judged(
  relation: TextRelation,
  { staged, original, lake }: { staged: StagedVersion; original: Original; lake: Lake },
): Promise<BronzeRows["rejected"]> {
  try {
    const { filename, staging } = original.file;
    const rejected = await relation.rejected(staged.rowCount);
    if (rejected.total < 0) {
      throw new UsherError(
        "INTERNAL",
        `${filename}: ${-rejected.total} rows more were read than the file has`,
      );
    }
    if (staged.rowCount + rejected.total === 0 && (staging === "ratings" || staging === "items")) {
      throw new UsherError("DATA_EMPTY", `${filename}: expected ${staging}, but the file has no rows`);
    }
    return rejected;
  } catch (error) {
    await lake.discard(staged);
    throw error;
  }
}

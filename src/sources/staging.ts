import type { ImportedSource } from "../contracts/imports.ts";
import { UsherError } from "../errors.ts";
import { sqlText } from "../lake/sql-text.ts";
import { csvStaging } from "./csv.ts";
import { demoStaging } from "./demo.ts";
import { movielensStaging } from "./movielens-staging.ts";
import type { BronzeInput, SourceShape } from "./source.ts";

/** A version of a bronze table. */
export interface BronzeVersion {
  readonly table: string;
  readonly version: number;
}

/** What an import left in bronze: all that is needed to read it again, wherever the home lies then. */
export interface ImportTables {
  readonly shape: SourceShape;
  readonly ingestionTs: string;
  /** By {@link SourceFile.table}: the version that holds the file, and the file's own columns there. */
  readonly files: Readonly<Record<string, BronzeVersion & { readonly columns: readonly string[] }>>;
  /** Rows that could not be split; absent where there are none. */
  readonly rejected?: BronzeVersion;
}

/** Versions of the bronze tables of an import, by table. */
export function bronzeVersions({ files, rejected }: ImportTables): Record<string, number> {
  const all = [...Object.values(files), ...(rejected ? [rejected] : [])];
  return Object.fromEntries(all.map(({ table, version }) => [table, version]));
}

/**
 * How to read an import as typed rows.
 *
 * @param relationOf Gives the rows of a version as text for a FROM clause.
 * @throws UsherError `TABLE_MISSING`, `TABLE_DAMAGED`.
 */
export async function stagingOf(
  tables: ImportTables,
  relationOf: (bronze: BronzeVersion) => Promise<string>,
): Promise<Pick<ImportedSource, "staging" | "rejectedRows">> {
  const { shape, ingestionTs } = tables;
  const rowsOf = async (bronze: BronzeVersion) =>
    `(SELECT * FROM ${await relationOf(bronze)} WHERE ingestion_ts = CAST(${sqlText(ingestionTs)} AS TIMESTAMP WITH TIME ZONE))`;
  const inputs = new Map<string, BronzeInput>();
  for (const [file, bronze] of Object.entries(tables.files)) {
    inputs.set(file, { relation: await rowsOf(bronze), columns: bronze.columns });
  }
  const { ratings, items, ...others } =
    shape.source === "movielens"
      ? movielensStaging(shape, inputs)
      : shape.source === "csv"
        ? csvStaging(inputs, shape.mapping)
        : demoStaging(inputs);
  if (ratings === undefined || items === undefined) {
    throw new UsherError("INTERNAL", `${shape.source}: expected ratings and items among the staging SELECTs`);
  }
  return {
    staging: { ratings, items, ...others },
    ...(tables.rejected
      ? { rejectedRows: `SELECT filename, line, reason, "row" FROM ${await rowsOf(tables.rejected)}` }
      : {}),
  };
}

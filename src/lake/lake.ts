import type { Engine } from "../engine/engine.ts";

/** A version of a table that is written but that nobody can see before it is committed. */
export interface StagedVersion {
  readonly table: string;
  readonly rowCount: number;
  /** Data files, relative to the table's folder. Already durable. */
  readonly files: readonly StagedFile[];
  readonly mode: "overwrite" | "append";
  /** Delta schema of the SELECT that was written. */
  readonly schemaString: string;
  readonly partitionBy: readonly string[];
  /** Paths of the files whose rows these are, written anew: they leave the table with this version, and no row changes. */
  readonly replaces?: readonly string[];
  /** How far each writer has come with this version, by the writer's name; see {@link Lake.transactions}. */
  readonly transactions?: Readonly<Record<string, number>>;
}

/** What may be asked of a staged version beside its rows. */
export type StageOptions = Partial<Pick<StagedVersion, "mode" | "partitionBy" | "replaces" | "transactions">>;

export interface StagedFile {
  /** Relative to the table's folder, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly rowCount: number;
  /** Value of each partition column as text; `null` for NULL. */
  readonly partition: Readonly<Record<string, string | null>>;
}

/**
 * Tables of Parquet files with a Delta log, under one folder: `<layer>/<table>/part-….parquet`, `<layer>/<table>/_delta_log/`.
 *
 * The layer is the first word of the table's name (`silver_ratings` → `silver/`). A version appears whole or not at all, also after
 * a power cut; readers of an older version are never disturbed.
 */
export interface Lake {
  readonly folder: string;
  /** The engine that writes the tables, and in whose dialect {@link Lake.relation} answers. */
  readonly engine: Engine;
  /** Folder of one table. */
  folderOf(table: string): string;
  /** The newest committed version, or `undefined` where the table has none. */
  latest(table: string): Promise<number | undefined>;
  /** Names of all tables that have a version. */
  tables(): Promise<string[]>;
  /**
   * The rows of a version as text for a FROM clause: `read_parquet(['…', …])`.
   * @param version Default: the newest.
   * @throws UsherError `TABLE_MISSING`, `TABLE_DAMAGED`.
   */
  relation(table: string, version?: number): Promise<string>;
  /**
   * How far each writer had come with a version, by the writer's name; empty where the table has none.
   *
   * Such a number is in the table from the same moment as the rows that it counts, so a writer that goes on from it
   * neither loses nor doubles one.
   * @param version Default: the newest.
   * @throws UsherError `TABLE_MISSING`, `TABLE_DAMAGED`.
   */
  transactions(table: string, version?: number): Promise<Readonly<Record<string, number>>>;
  /** Rows of a version, from the log alone. */
  rowCount(table: string, version?: number): Promise<number>;
  /**
   * Runs a SELECT and writes its rows as Parquet (zstd) into the table's folder, fsynced, but in no version yet.
   * @throws UsherError `DISK_FULL`; nothing is left behind.
   */
  stage(table: string, select: string, options?: StageOptions): Promise<StagedVersion>;
  /**
   * Makes a staged version the newest one, by linking the next entry of the Delta log.
   * @returns The version's number, 0 for the first.
   * @throws UsherError `TABLE_CONFLICT` where another writer took the number.
   */
  commit(staged: StagedVersion, info?: Record<string, string | number>): Promise<number>;
  /** Removes the files of a staged version that will not be committed. Files of a committed version stay. */
  discard(staged: StagedVersion): Promise<void>;
}

/** Commits a staged version; one that cannot be committed leaves no files. @throws UsherError As `Lake.commit`. */
export async function commitOrDiscard(
  lake: Pick<Lake, "commit" | "discard">,
  staged: StagedVersion,
  info?: Record<string, string | number>,
): Promise<number> {
  try {
    return await lake.commit(staged, info);
  } catch (error) {
    await lake.discard(staged).catch(() => {}); // the first error tells more; the next process removes what stays
    throw error;
  }
}

import { isAbsolute, join, relative, sep } from "node:path";
import { type ImportedSource, rejectedRowsListedMax } from "../contracts/imports.ts";
import type { Progress } from "../contracts/progress.ts";
import {
  type BuildRecord,
  type GuardedTable,
  type QualityReport,
  qualityRules,
  type RowCounts,
  type TableQuality,
} from "../contracts/quality.ts";
import { type TableContract, type TableName, tables } from "../contracts/tables.ts";
import { makeFolderDurable, writeFileDurable } from "../durable-file.ts";
import type { Engine } from "../engine/engine.ts";
import { UsherError } from "../errors.ts";
import { buildDigits, latestBuild, nextBuildNumber, reportsFolder, writeBuild } from "./build-record.ts";
import type { EventReader } from "./event-sink.ts";
import { checkFreshness } from "./freshness.ts";
import { goldSteps, latestRatings, latestRatingsTable } from "./gold-steps.ts";
import type { Lake, StagedVersion } from "./lake.ts";
import { asLakeError } from "./lake-error.ts";
import { checkTable, refusal, warningsOf } from "./quality-gate.ts";
import { guardedTables, type Received, receive, receivedTable } from "./received.ts";
import {
  checkEdits,
  type EditReader,
  receivedItemEdits,
  receivedUserEdits,
  receiveEdits,
  sinkEdits,
} from "./received-edits.ts";
import { receivedEventsTable, receiveEvents } from "./received-events.ts";
import { placeholderIds, rejectedRows, silverSteps, unmappedItems } from "./silver-steps.ts";

export { latestBuild, readBuild } from "./build-record.ts";

/** What a build works with. */
export interface BuildRequest {
  readonly lake: Lake;
  readonly engine: Engine;
  /** Exactly one: a home folder holds one data set. */
  readonly imports: readonly ImportedSource[];
  /** Versions of the bronze tables that the import reads, by table, for the record. */
  readonly importVersions?: Readonly<Record<string, number>>;
  /** The log from which events come into bronze, to see whether some wait there for too long. */
  readonly log?: EventReader;
  /** What was written through the API since; it comes into bronze first. Absent: what is in bronze already is taken. */
  readonly edits?: EditReader;
  readonly onProgress?: Progress;
  /** Aborting rejects with `CANCELLED` before the next table. */
  readonly signal?: AbortSignal;
}

/**
 * Builds silver and gold from an import and from the events that have come into bronze, checks them, and records the build.
 *
 * Rows that break a rule are kept with file, line and reason in `silver_rejected_rows`; items that only ratings or tags name get a
 * placeholder. Silver is staged and judged as a whole before any table is committed; the record, written last, is the switch: killed
 * at any moment, a lake still reads as its previous build. One build at a time for a lake and an engine.
 *
 * @throws UsherError `QUALITY_GATE` above 5 % failing rows in an error-level check, or without rows: nothing is committed, the report is
 * stored; `DATA_EMPTY` without an import; `DISK_FULL`, `TABLE_DAMAGED`, `TABLE_CONFLICT`.
 * Cost: one scan of each input, one grouping and one sort of the ratings.
 */
export async function buildLake(request: BuildRequest): Promise<BuildRecord> {
  const { lake, engine, imports } = request;
  const [imported] = imports;
  if (imported === undefined) throw new UsherError("DATA_EMPTY", "build: expected an import, got none");
  if (imports.length > 1) {
    const names = imports.map(({ source }) => source).join(", ");
    throw new UsherError("PARAMETER_INVALID", `build: expected one import, got ${imports.length}: ${names}`);
  }
  const { importVersions = {}, log, edits, onProgress = () => {}, signal } = request;
  const beforeStep = () => {
    if (signal?.aborted) throw new UsherError("CANCELLED", "the build was cancelled");
  };
  try {
    return await buildOne({ lake, engine, imported, importVersions, log, edits, onProgress, beforeStep });
  } catch (error) {
    throw asLakeError(error);
  } finally {
    for (const table of guardedTables) {
      await engine.run(`DROP TABLE IF EXISTS ${receivedTable(qualityRules[table].staging)}`);
    }
    for (const table of [latestRatingsTable, receivedEventsTable, receivedItemEdits, receivedUserEdits])
      await engine.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

interface Build {
  readonly lake: Lake;
  readonly engine: Engine;
  readonly imported: ImportedSource;
  readonly importVersions: Readonly<Record<string, number>>;
  readonly log: EventReader | undefined;
  readonly edits: EditReader | undefined;
  readonly onProgress: Progress;
  /** Called before each table; what it throws ends the build. */
  readonly beforeStep: () => void;
}

async function buildOne(build: Build): Promise<BuildRecord> {
  const { lake, engine, imported, onProgress } = build;
  const received = new Map<GuardedTable, Received>();
  for (const table of guardedTables) {
    build.beforeStep();
    onProgress({ phase: "silver", text: `checking ${table}` });
    received.set(table, await receive(engine, imported, table));
  }
  const eventVersions = await receiveEvents(engine, lake);
  if (build.edits) await sinkEdits(lake, build.edits);
  const editVersions = await receiveEdits(engine, lake);
  const findings = await findingsOf(build, [...received.values()]);
  const refused = refusal(findings);
  await writeReport(build, { ...findings, accepted: refused === undefined });
  if (refused) throw refused;

  const versions: Record<string, number> = {};
  const { source, ingestionTs, rejectedRows: unsplit } = imported;
  const context = { source, ingestionTs, unsplit };
  const silver = Object.entries(silverSteps).map(([table, step]) => [table, step(context)] as const);
  await stageAndCommit(build, { phase: "silver", steps: silver, versions, number: findings.number });

  const relations = {
    items: await lake.relation("silver_items", versions["silver_items"]),
    users: await lake.relation("silver_users", versions["silver_users"]),
    ratings: await lake.relation("silver_ratings", versions["silver_ratings"]),
  };
  await engine.run(latestRatings(relations));
  const gold = Object.entries(goldSteps).map(([table, step]) => [table, step(relations)] as const);
  await stageAndCommit(build, { phase: "gold", steps: gold, versions, number: findings.number });

  const record: BuildRecord = {
    number: findings.number,
    created_at: findings.created_at,
    source: imported.source,
    ingestion_ts: imported.ingestionTs,
    manifest_path: insideLake(lake.folder, imported.manifestPath),
    inputs: { ...build.importVersions, ...eventVersions, ...editVersions },
    tables: versions,
    ratings: countsOf(received.get("silver_ratings")),
    items: countsOf(received.get("silver_items")),
    users: await lake.rowCount("silver_users", versions["silver_users"]),
    placeholders: findings.placeholders,
    unmapped: findings.unmapped,
    unmapped_path: insideLake(lake.folder, join(reportsFolder(lake.folder), unmappedName(findings.number))),
    warnings: warningsOf(findings),
  };
  await writeBuild(lake.folder, record);
  onProgress({ phase: "commit", text: `build ${record.number}` });
  return record;
}

/** All tables are staged before the first is committed, so that a full disk is met while nothing has changed. */
async function stageAndCommit(
  { lake, onProgress, beforeStep }: Build,
  work: {
    readonly phase: "silver" | "gold";
    readonly steps: readonly (readonly [table: string, select: string])[];
    readonly versions: Record<string, number>;
    readonly number: number;
  },
): Promise<void> {
  const staged: StagedVersion[] = [];
  try {
    for (const [table, select] of work.steps) {
      beforeStep();
      onProgress({
        phase: work.phase,
        text: `writing ${table}`,
        fraction: staged.length / work.steps.length,
      });
      const { partitionBy }: TableContract = tables[table as TableName];
      staged.push(await lake.stage(table, select, partitionBy ? { partitionBy } : {}));
    }
    for (let next = staged[0]; next; next = staged[0]) {
      const version = await lake.commit(next, { build: work.number });
      staged.shift();
      work.versions[next.table] = version;
      onProgress({ phase: "commit", text: `${next.table} version ${version}` });
    }
  } catch (error) {
    for (const version of staged) await lake.discard(version);
    throw error;
  }
}

/** Everything that a report says, but for the verdict. */
async function findingsOf(
  { lake, engine, imported, log }: Build,
  received: readonly Received[],
): Promise<Omit<QualityReport, "accepted">> {
  const ts = new Date().toISOString();
  const previous = await latestBuild(lake.folder);
  const tables: TableQuality[] = [];
  for (const one of received) {
    tables.push(checkTable(one, { ts, previousRows: await previousRows(lake, previous, one.table) }));
  }
  tables.push(...(await checkFreshness(lake, { ts, previous: previous?.inputs ?? {}, log })));
  tables.push(...(await checkEdits(engine, ts)));
  const listed = await engine.rows(
    `SELECT "table", filename, line, reason, "row" FROM (${rejectedRows}) LIMIT ${rejectedRowsListedMax}`,
  );
  const rejected = [
    ...imported.rejected,
    ...listed.map((row) => ({
      table: String(row["table"]),
      filename: String(row["filename"]),
      line: Number(row["line"]),
      reason: String(row["reason"]),
      row: String(row["row"]),
    })),
  ];
  const [placeholders] = await engine.rows(`SELECT count(*) AS n FROM (${placeholderIds})`);
  const unmapped: Record<string, number> = {};
  for (const row of await engine.rows(
    `SELECT source, count(*) AS n FROM (${unmappedItems}) GROUP BY source ORDER BY source`,
  )) {
    unmapped[String(row["source"])] = Number(row["n"]);
  }
  return {
    number: await nextBuildNumber(lake.folder),
    created_at: ts,
    source: imported.source,
    tables,
    rejected_rows: rejected.slice(0, rejectedRowsListedMax),
    rejected_rows_total: received.reduce((sum, { read, kept }) => sum + read - kept, 0),
    placeholders: Number(placeholders?.["n"]),
    unmapped,
  };
}

/** Rows of the previous build that came from the source itself: items without the placeholders, users as they are. */
async function previousRows(
  lake: Lake,
  previous: BuildRecord | undefined,
  table: GuardedTable,
): Promise<number | undefined> {
  if (previous === undefined) return undefined;
  if (table === "silver_items") return previous.items.kept;
  if (table === "silver_users") return undefined; // most users are known from their ratings, whose volume is checked
  if (table === "silver_ratings") return previous.ratings.kept; // the table holds those of events too
  const version = previous.tables[table];
  return version === undefined ? undefined : lake.rowCount(table, version);
}

async function writeReport({ lake, engine }: Build, report: QualityReport): Promise<void> {
  const folder = reportsFolder(lake.folder);
  await makeFolderDurable(folder);
  const rows = await engine.rows(
    `SELECT item_id, title, source FROM (${unmappedItems}) ORDER BY source, item_id`,
  );
  const lines = rows.map((row) => [row["item_id"], row["title"], row["source"]].map(csvField).join(","));
  await writeFileDurable(
    join(folder, unmappedName(report.number)),
    ["item_id,title,link_source", ...lines, ""].join("\r\n"),
  );
  const file = join(folder, `${buildDigits(report.number)}.json`);
  await writeFileDurable(file, `${JSON.stringify(report, undefined, 2)}\n`);
}

const unmappedName = (number: number) => `${buildDigits(number)}-unmapped.csv`;

function csvField(value: unknown): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function countsOf(received: Received | undefined): RowCounts {
  const { read = 0, kept = 0 } = received ?? {};
  return { read, kept, rejected: read - kept };
}

/** A home folder can be moved, so a path inside it is kept relative. */
function insideLake(folder: string, path: string): string {
  const inside = relative(folder, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside.split(sep).join("/");
}

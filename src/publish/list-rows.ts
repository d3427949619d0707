import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ListTableName, listTables } from "../contracts/list-tables.ts";
import type { TableContract } from "../contracts/tables.ts";
import type { Lake, StagedVersion } from "../lake/lake.ts";
import { asLakeError } from "../lake/lake-error.ts";
import { sqlName, sqlText } from "../lake/sql-text.ts";

/** A user's lists as a line of the spool. */
export interface UserRow {
  readonly userId: string;
  readonly surface: string;
  /** What the ranker alone puts first. */
  readonly model: { readonly itemIds: readonly string[]; readonly scores: readonly number[] };
  /** The list as it is answered. */
  readonly final: {
    readonly itemIds: readonly string[];
    readonly scores: readonly number[];
    readonly modelScores: readonly (number | null)[];
    readonly trendingScores: readonly number[];
  };
}

/** An item's audience as a line of the spool. */
export interface ItemRow {
  readonly itemId: string;
  readonly userIds: readonly string[];
  readonly scores: readonly number[];
}

/** Rows on their way into the tables of lists: one line of JSON a user or item, in two files beside the tables. */
export interface ListRows {
  addUsers(rows: readonly UserRow[]): Promise<void>;
  addItems(rows: readonly ItemRow[]): Promise<void>;
  /** Writes the tables, visible to nobody before they are committed. @throws UsherError `DISK_FULL`. */
  stage(of: { modelVersion: string; computedAtMs: number }): Promise<StagedVersion[]>;
  /** Removes the files. */
  close(): Promise<void>;
}

const userColumns =
  "{u: 'VARCHAR', f: 'VARCHAR', mi: 'VARCHAR[]', ms: 'DOUBLE[]', i: 'VARCHAR[]', s: 'DOUBLE[]', m: 'DOUBLE[]', t: 'DOUBLE[]'}";
const itemColumns = "{i: 'VARCHAR', u: 'VARCHAR[]', s: 'DOUBLE[]'}";

/** What each table takes from which file; every list of a line becomes as many rows. */
const selects: Readonly<Record<ListTableName, { file: "users" | "items"; select: string }>> = {
  gold_recommendations: {
    file: "users",
    select:
      "u AS user_id, unnest(mi) AS item_id, unnest(ms) AS score, generate_subscripts(mi, 1) AS rank, f AS surface",
  },
  gold_recommendations_final: {
    file: "users",
    select: `u AS user_id, unnest(i) AS item_id, unnest(m) AS model_score, unnest(t) AS trending_score,
      unnest(s) AS hybrid_score, generate_subscripts(i, 1) AS rank`,
  },
  gold_item_audience: {
    file: "items",
    select: "i AS item_id, unnest(u) AS user_id, unnest(s) AS score, generate_subscripts(u, 1) AS rank",
  },
};

/** Opens the spool of one publication; what an earlier one left behind is replaced. */
export async function openListRows(lake: Lake): Promise<ListRows> {
  const folder = join(lake.folder, "sink");
  await mkdir(folder, { recursive: true });
  const files = { users: await openSpool(folder, "users"), items: await openSpool(folder, "items") };
  return {
    addUsers: (rows) =>
      files.users.add(
        rows.map(({ userId, surface, model, final }) => ({
          ...{ u: userId, f: surface, mi: model.itemIds, ms: model.scores },
          ...{ i: final.itemIds, s: final.scores, m: final.modelScores, t: final.trendingScores },
        })),
      ),
    addItems: (rows) =>
      files.items.add(rows.map(({ itemId, userIds, scores }) => ({ i: itemId, u: userIds, s: scores }))),
    stage: async (of) => {
      const staged: StagedVersion[] = [];
      try {
        for (const table of Object.keys(selects) as ListTableName[]) {
          staged.push(await lake.stage(table, selectOf(table, { ...of, spool: files[selects[table].file] })));
        }
        return staged;
      } catch (error) {
        for (const version of staged) await lake.discard(version);
        throw asLakeError(error);
      }
    },
    close: async () => {
      await files.users.close();
      await files.items.close();
    },
  };
}

interface Spool {
  readonly path: string;
  readonly columns: string;
  isEmpty(): boolean;
  add(lines: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

async function openSpool(folder: string, name: "users" | "items"): Promise<Spool> {
  const path = join(folder, `lists-${name}.ndjson`);
  const handle: FileHandle = await open(path, "w");
  let isEmpty = true;
  return {
    path,
    columns: name === "users" ? userColumns : itemColumns,
    isEmpty: () => isEmpty,
    add: async (lines) => {
      if (lines.length === 0) return;
      isEmpty = false;
      try {
        await handle.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      } catch (error) {
        throw asLakeError(error);
      }
    },
    close: async () => {
      await handle.close();
      await rm(path, { force: true });
    },
  };
}

/** The rows of a table, with exactly the columns that it promises. */
function selectOf(
  table: ListTableName,
  { modelVersion, computedAtMs, spool }: { modelVersion: string; computedAtMs: number; spool: Spool },
): string {
  const { columns }: TableContract = listTables[table];
  const names = Object.entries(columns);
  if (spool.isEmpty()) {
    return `SELECT ${names.map(([name, { type }]) => `CAST(NULL AS ${type}) AS ${sqlName(name)}`).join(", ")} WHERE false`;
  }
  const cast = names.map(([name, { type }]) => `CAST(${sqlName(name)} AS ${type}) AS ${sqlName(name)}`);
  const moment = sqlText(new Date(computedAtMs).toISOString());
  return `SELECT ${cast.join(", ")} FROM (
    SELECT ${selects[table].select}, ${sqlText(modelVersion)} AS model_version,
      ${moment}::TIMESTAMPTZ AS computed_at, CAST(${moment}::TIMESTAMPTZ AS DATE) AS computed_date
    FROM read_json(${sqlText(spool.path)}, format = 'newline_delimited', columns = ${spool.columns}))`;
}

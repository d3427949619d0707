import {
  duplicateReason,
  failingPercentMax,
  type QualityCheck,
  type QualityReport,
  qualityRules,
  type TableQuality,
  type TableRules,
  unknownItemReason,
  volumeShareMin,
} from "../contracts/quality.ts";
import { UsherError } from "../errors.ts";
import type { Received } from "./received.ts";

/** How many rejected rows the message of a refusal shows. */
const rowsShown = 3;

/**
 * The checks of one table over what was received.
 *
 * @param received Counts of the rows and of the reasons of those that were rejected.
 * @param context.previousRows Rows that the source gave to this table in the previous build; `undefined` where there is none.
 */
export function checkTable(
  received: Received,
  context: { readonly ts: string; readonly previousRows: number | undefined },
): TableQuality {
  const rules: TableRules = qualityRules[received.table];
  const check = (
    name: keyof TableRules["levels"],
    failures: Readonly<Record<string, number>>,
  ): QualityCheck => {
    const found = Object.entries(failures).filter(([, rows]) => rows > 0);
    const failed = found.reduce((sum, [, rows]) => sum + rows, 0);
    return {
      name,
      level: rules.levels[name],
      passed: failed * 100 <= received.read * failingPercentMax,
      failed_rows: failed,
      total_rows: received.read,
      details: found.map(([reason, rows]) => `${reason}: ${rows}`).join("; "),
    };
  };
  const reasonsOf = (name: "completeness" | "validity") =>
    Object.fromEntries(
      rules.rowRules
        .filter((rule) => rule.check === name)
        .map((rule) => [rule.reason, received.reasons[rule.reason] ?? 0]),
    );
  const checks = [
    check("completeness", reasonsOf("completeness")),
    check("validity", { ...reasonsOf("validity"), "row could not be split": received.unsplit }),
    check("uniqueness", { [duplicateReason]: received.reasons[duplicateReason] ?? 0 }),
    check("consistency", {
      [unknownItemReason]: received.withoutItem + (received.reasons[unknownItemReason] ?? 0),
    }),
    volumeCheck(received, { level: rules.levels.volume, previousRows: context.previousRows }),
  ];
  const failing = (level: string) => checks.filter((one) => !one.passed && one.level === level).length;
  return {
    table: received.table,
    ts: context.ts,
    checks,
    errors: failing("error"),
    warnings: failing("warning"),
  };
}

function volumeCheck(
  received: Received,
  context: { readonly level: QualityCheck["level"]; readonly previousRows: number | undefined },
): QualityCheck {
  const { level, previousRows: previous = 0 } = context;
  const shape = { name: "volume", level, total_rows: previous } as const;
  if (received.read === 0 && level === "error") {
    return { ...shape, passed: false, failed_rows: 0, details: "the source has no rows" };
  }
  if (received.kept >= previous * volumeShareMin) {
    return { ...shape, passed: true, failed_rows: 0, details: "" };
  }
  const details = `${received.kept} rows, less than half of the previous ${previous}`;
  return { ...shape, passed: false, failed_rows: previous - received.kept, details };
}

/**
 * The refusal that a report calls for, or `undefined` where the build may go on.
 *
 * @returns `QUALITY_GATE`; the message names each failing check with its counts and the first rejected rows of its table.
 */
export function refusal(report: Omit<QualityReport, "accepted">): UsherError | undefined {
  const failing = report.tables.flatMap(({ table, checks }) =>
    checks.filter((check) => check.level === "error" && !check.passed).map((check) => ({ table, check })),
  );
  if (failing.length === 0) return undefined;
  const sentences = failing.map(({ table, check }) => `${table}: ${sentenceOf(check)}`);
  const refused = new Set<string>(failing.map(({ table }) => table));
  // rows that could not be split belong to no table, yet count as failing
  const examples = report.rejected_rows
    .filter((row) => row.table === undefined || refused.has(row.table))
    .slice(0, rowsShown)
    .map((row) => `${row.filename} line ${row.line}: ${row.reason}${row.row ? ` ${row.row}` : ""}`);
  const shown = examples.length === 0 ? "" : `. First rejected rows: ${examples.join("; ")}`;
  return new UsherError("QUALITY_GATE", `${sentences.join(". ")}${shown}`, {
    details: { report: report.number, checks: failing.map(({ table, check }) => ({ table, ...check })) },
  });
}

/** What a person should look at though the build may go on, a sentence each. */
export function warningsOf(report: Pick<QualityReport, "tables">): string[] {
  return report.tables.flatMap(({ table, checks }) =>
    checks.flatMap((check) => {
      // such rows are kept with a placeholder, which is never shown: worth a word however few they are
      if (check.name === "consistency" && keepsUnknownItems(table)) {
        return check.failed_rows === 0
          ? []
          : [
              `${table}: ${count(check.failed_rows)} of ${count(check.total_rows)} rows name items that the catalogue does not have`,
            ];
      }
      return check.level === "error" || check.passed ? [] : [`${table}: ${sentenceOf(check)}`];
    }),
  );
}

function keepsUnknownItems(table: string): boolean {
  const rules: Readonly<Record<string, TableRules>> = qualityRules;
  return rules[table]?.itemsMustExist === true && table !== "silver_item_links";
}

function sentenceOf(check: QualityCheck): string {
  if (check.name === "volume") return `check volume failed: ${check.details}`;
  if (check.name === "freshness") {
    return `check freshness failed for ${count(check.failed_rows)} of ${count(check.total_rows)} new events: ${check.details}`;
  }
  const percent = ((100 * check.failed_rows) / check.total_rows).toFixed(1);
  return `check ${check.name} failed for ${count(check.failed_rows)} of ${count(check.total_rows)} received rows (${percent} %, at most ${failingPercentMax} % are allowed): ${check.details}`;
}

const count = (rows: number) => rows.toLocaleString("en-US");

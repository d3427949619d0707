import type { RejectedRowsBody, ReportsBody } from "../../../src/contracts/upkeep-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { StateView } from "../design/state-view.tsx";
import { Table } from "../design/table.tsx";
import { date } from "../i18n/i18n.ts";
import { hrefTo } from "../routes.ts";
import { Badge, Bones, Nothing } from "./parts.tsx";
import { usePages } from "./turning.tsx";
import { w } from "./words.ts";

type Report = ReportsBody["items"][number];

/** What was checked of each build, and what did not hold. */
export function Quality() {
  const reports = useAnswer(
    "quality",
    async () => (await ask<ReportsBody>("v1/quality-reports?limit=10")).items,
    { topics: ["run"], isEmpty: (items) => items.length === 0 },
  );
  return (
    <StateView shown={reports} skeleton={<Bones />} empty={<Nothing text={w("quality.none")} />}>
      {(items) => (
        <>
          {items.map((report, at) => (
            <BuildReport key={report.number} report={report} isOpen={at === 0} />
          ))}
        </>
      )}
    </StateView>
  );
}

function BuildReport({ report, isOpen }: { report: Report; isOpen: boolean }) {
  const { number: build, accepted, created_at: at, source, tables, rejected_rows_total: rejected } = report;
  const checks = tables.flatMap(({ table, checks: ofTable }) =>
    ofTable.map((check) => ({ table, ...check })),
  );
  return (
    <details class="panel op-details" open={isOpen}>
      <summary>
        <strong>{w("quality.build", { build: String(build) })}</strong>{" "}
        <Badge status={accepted ? "accepted" : "refused"} /> <span class="soft">{date(at)}</span>
      </summary>
      <p>
        {w("quality.of", { source, count: rejected })}{" "}
        {rejected > 0 && <a href={hrefTo("data", {}, { view: "rejected" })}>{w("data.rejected")}</a>}
      </p>
      <Table
        caption={w("quality.checks")}
        columns={[
          { label: w("quality.table") },
          { label: w("quality.check") },
          { label: w("op.state") },
          { label: w("quality.failed"), isNumber: true },
          { label: w("quality.of-rows"), isNumber: true },
        ]}
        rows={checks.map(({ table, name, passed, level, failed_rows: failed, total_rows: all }) => ({
          id: `${table} ${name}`,
          cells: [
            table,
            name,
            <Badge key={name} status={passed ? "passed" : level} />,
            String(failed),
            String(all),
          ],
        }))}
      />
    </details>
  );
}

/** Rows that the newest build did not take. */
export function Rejected() {
  const { cursor, query, turning } = usePages();
  const rows = useAnswer(`rejected ${cursor}`, () => ask<RejectedRowsBody>(`v1/rejected-rows?${query}`), {
    topics: ["run"],
    isEmpty: ({ items }) => items.length === 0,
  });
  return (
    <StateView shown={rows} skeleton={<Bones />} empty={<Nothing text={w("rejected.none")} />}>
      {({ items, next_cursor: next }) => (
        <>
          <Table
            caption={w("data.rejected")}
            columns={[
              { label: w("rejected.file") },
              { label: w("rejected.line"), isNumber: true },
              { label: w("rejected.reason") },
              { label: w("rejected.row") },
            ]}
            rows={items.map(({ filename, line, reason, row = "" }) => ({
              id: `${filename} ${line} ${reason}`,
              cells: [filename, String(line), reason, <code key={line}>{row}</code>],
            }))}
          />
          {turning(next)}
        </>
      )}
    </StateView>
  );
}

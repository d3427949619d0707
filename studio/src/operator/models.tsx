import type { ReleaseBody } from "../../../src/contracts/http.ts";
import type { JobRecord } from "../../../src/contracts/workflow.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { Button } from "../design/button.tsx";
import { StateView } from "../design/state-view.tsx";
import { Table } from "../design/table.tsx";
import { date, number } from "../i18n/i18n.ts";
import { go } from "../router.ts";
import { hrefTo, type PageProps } from "../routes.ts";
import { Comparison } from "./comparison.tsx";
import { perform } from "./doing.ts";
import { JobList, useJobs } from "./jobs.tsx";
import { OperatorPage, withWords } from "./operator-page.tsx";
import { Bones, Confirmed, Nothing } from "./parts.tsx";
import { ReleaseReportView } from "./release-report.tsx";
import { named, w } from "./words.ts";

export const useReleases = () =>
  useAnswer(
    "models",
    async () => {
      const { items } = await ask<{ items: ReleaseBody[] }>("v1/models");
      return items.sort((one, other) => other.created_at.localeCompare(one.created_at));
    },
    {
      topics: ["release", "run"],
      isEmpty: (items) => items.length === 0,
    },
  );

/** Releases: what they were found to be, two of them side by side, and which one serves. */
export const Models = withWords(({ query }: PageProps) => {
  const releases = useReleases();
  const jobs = useJobs();
  return (
    <OperatorPage heading={w("models.title")} lead={w("models.lead")}>
      <div class="op-row">
        <Train />
      </div>
      <StateView shown={jobs} skeleton={null} empty={null}>
        {(all) => (
          <JobList jobs={all.filter(({ kind, status }) => kind === "train" && status === "running")} />
        )}
      </StateView>
      <StateView
        shown={releases}
        skeleton={<Bones />}
        empty={
          <Nothing text={w("models.none")}>
            <Train />
          </Nothing>
        }
      >
        {(items) => <Releases items={items} query={query} />}
      </StateView>
    </OperatorPage>
  );
});

function Train() {
  return (
    <Button
      look="accent"
      onClick={() =>
        void perform<JobRecord>({ path: "v1/models", method: "POST", body: {}, done: w("models.training") })
      }
    >
      {w("models.train")}
    </Button>
  );
}

function Releases({ items, query }: { items: readonly ReleaseBody[]; query: URLSearchParams }) {
  const find = (name: string) => items.find(({ version }) => version === query.get(name));
  const [one, other, looked] = [find("a"), find("b"), find("version")];
  return (
    <>
      <Table
        caption={w("models.releases")}
        columns={[
          { label: w("models.release") },
          { label: w("models.made") },
          { label: w("models.ranker") },
          { label: w("models.ndcg", { k: items[0]?.k ?? 10 }), isNumber: true },
          { label: w("models.rmse"), isNumber: true },
          { label: w("models.gate") },
          { label: w("models.do") },
        ]}
        rows={items.map((item) => ({ id: item.version, cells: releaseCells(item, items) }))}
      />
      {items.length > 1 && <Pair items={items} one={one} other={other} />}
      {one && other && <Comparison one={one} other={other} />}
      {looked && <ReleaseReportView release={looked} />}
    </>
  );
}

function releaseCells(item: ReleaseBody, items: readonly ReleaseBody[]) {
  const { version, chosen, gate, serving } = item;
  const ranker = item.rankers.find(({ algorithm }) => algorithm === chosen.ranker.algorithm);
  return [
    <span key="version" class="op-row">
      <a href={hrefTo("models", {}, { version })}>{version}</a>
      {serving && <span class="badge is-ready">{w("models.serves")}</span>}
    </span>,
    date(item.created_at),
    chosen.ranker.algorithm,
    number(ranker?.ndcg ?? 0, 4, 4),
    number(raterOf(item)?.rmse ?? 0, 4, 4),
    named("gate", gate.decision),
    serving ? (
      <RollBack key="back" item={item} items={items} />
    ) : (
      <Promote key="promote" item={item} items={items} />
    ),
  ];
}

/** The rater that was chosen: of one algorithm there may be several. */
export const raterOf = ({ raters, chosen: { rater } }: ReleaseBody) =>
  raters.find(
    ({ algorithm, parameters }) =>
      algorithm === rater.algorithm && JSON.stringify(parameters) === JSON.stringify(rater.parameters),
  );

const switchTo = (version: string) => ({
  path: `v1/models/${encodeURIComponent(version)}/promote`,
  method: "POST" as const,
  done: w("models.promoted", { version }),
});

function Promote({ item, items }: { item: ReleaseBody; items: readonly ReleaseBody[] }) {
  const { version } = item;
  const serving = items.find((one) => one.serving)?.version;
  return (
    <Confirmed
      words={w("models.promote", { version })}
      question={w("models.promote-question", { version })}
      consequences={[
        w("models.from-next", { version }),
        ...(serving === undefined ? [] : [w("models.stays", { version: serving })]),
        w("models.why", { reason: item.gate.reason }),
      ]}
      doing={{ ...switchTo(version), ...(serving === undefined ? {} : { undo: switchTo(serving) }) }}
    />
  );
}

function RollBack({ item, items }: { item: ReleaseBody; items: readonly ReleaseBody[] }) {
  const { version } = item;
  const before = items
    .filter((one) => one.version < version)
    .map((one) => one.version)
    .sort()
    .at(-1);
  if (before === undefined) return <span class="soft">{w("models.first")}</span>;
  return (
    <Confirmed
      words={w("models.back")}
      question={w("models.back-question", { version })}
      consequences={[w("models.from-next", { version: before }), w("models.stays", { version })]}
      doing={{
        path: `v1/models/${encodeURIComponent(version)}/rollback`,
        method: "POST",
        done: w("models.rolled", { version: before }),
        undo: switchTo(version),
      }}
    />
  );
}

/** Which two stand side by side; the address says it. */
function Pair({
  items,
  one = items[1],
  other = items[0],
}: {
  items: readonly ReleaseBody[];
  one: ReleaseBody | undefined;
  other: ReleaseBody | undefined;
}) {
  return (
    <form
      class="op-row op-form"
      onSubmit={(event) => {
        event.preventDefault();
        const chosen = new FormData(event.currentTarget);
        go(hrefTo("models", {}, { a: String(chosen.get("a")), b: String(chosen.get("b")) }));
      }}
    >
      {(
        [
          ["a", w("models.this"), one],
          ["b", w("models.with"), other],
        ] as const
      ).map(([name, words, chosen]) => (
        <label key={name}>
          <span>{words}</span>
          <select name={name}>
            {items.map(({ version }) => (
              <option key={version} value={version} selected={version === chosen?.version}>
                {version}
              </option>
            ))}
          </select>
        </label>
      ))}
      <Button type="submit">{w("models.compare")}</Button>
    </form>
  );
}

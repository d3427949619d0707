import type { TasksBody } from "../../../src/contracts/upkeep-http.ts";
import type { RunRecord, TaskRecord } from "../../../src/contracts/workflow.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { Graph } from "../charts/graph.tsx";
import { Button } from "../design/button.tsx";
import { StateView } from "../design/state-view.tsx";
import { Table } from "../design/table.tsx";
import { ago, date } from "../i18n/i18n.ts";
import { hrefTo, type PageProps } from "../routes.ts";
import { perform } from "./doing.ts";
import { OperatorPage, withWords } from "./operator-page.tsx";
import { Badge, Bones, duration, Nothing, Tile } from "./parts.tsx";
import { named, w } from "./words.ts";

/** What keeps the system fresh: its tasks, when they run, and how they ran. */
export const Workflow = withWords(({ query }: PageProps) => {
  const plan = useAnswer("tasks", () => ask<TasksBody>("v1/tasks"), { topics: ["run"] });
  const runs = useAnswer(
    "runs",
    async () => (await ask<{ items: RunRecord[] }>("v1/runs?limit=50&lane=main")).items,
    { topics: ["run", "job"], isEmpty: (items) => items.length === 0 },
  );
  const shown = runs.value?.find(({ id }) => id === query.get("run")) ?? runs.value?.[0];
  return (
    <OperatorPage heading={w("workflow.title")} lead={w("workflow.lead")}>
      <StateView shown={plan} skeleton={<Bones />}>
        {(known) => <Plan plan={known} run={shown} />}
      </StateView>
      <StateView
        shown={runs}
        skeleton={<Bones />}
        empty={
          <Nothing text={w("workflow.none")}>
            <Start />
          </Nothing>
        }
      >
        {(items) => (
          <>
            <Start />
            {shown && <OneRun run={shown} />}
            <Runs items={items} />
          </>
        )}
      </StateView>
    </OperatorPage>
  );
});

function Start() {
  return (
    <div class="op-row">
      <Button
        look="accent"
        onClick={() =>
          void perform({ path: "v1/runs", method: "POST", body: {}, done: w("workflow.started") })
        }
      >
        {w("workflow.start")}
      </Button>
    </div>
  );
}

function Plan({ plan, run }: { plan: TasksBody; run: RunRecord | undefined }) {
  const states = new Map(run?.tasks.map(({ name, status }) => [name, status]));
  return (
    <>
      <dl class="tiles">
        {plan.schedules.map(({ name, next_at: at }) => (
          <Tile key={name} term={named("schedule", name)} value={ago(at)} note={date(at)} />
        ))}
        <Tile
          term={w("workflow.by-number")}
          value={
            plan.after_interactions === 0
              ? w("workflow.never")
              : w("workflow.after", { count: plan.after_interactions })
          }
        />
      </dl>
      <Graph
        heading={w("workflow.graph")}
        nodes={plan.items.map(({ name, after }) => {
          const state = states.get(name);
          return {
            id: name,
            label: named("task", name),
            note: state === undefined ? "" : named("status", state),
            look: state ?? "plain",
            needs: after,
          };
        })}
      />
    </>
  );
}

/** Seconds that something took; "–" while it has not ended. */
const took = ({ started_at: from, ended_at: to }: { started_at?: string; ended_at?: string }) =>
  from && to ? duration((Date.parse(to) - Date.parse(from)) / 1000) : "–";

function OneRun({ run }: { run: RunRecord }) {
  const { id, status, tasks } = run;
  return (
    <section class="op-section">
      <div class="op-row">
        <h2>{w("workflow.run", { at: date(run.started_at) })}</h2>
        <Badge status={status} />
        {status === "running" && (
          <Button
            onClick={() =>
              void perform({
                path: `v1/runs/${encodeURIComponent(id)}`,
                method: "DELETE",
                done: w("jobs.cancelled"),
              })
            }
          >
            {w("jobs.cancel")}
          </Button>
        )}
        {["failed", "cancelled", "interrupted"].includes(status) && run.kind === undefined && (
          <Button
            onClick={() =>
              void perform({
                path: "v1/runs",
                method: "POST",
                body: { retry: id },
                done: w("workflow.started"),
              })
            }
          >
            {w("workflow.retry")}
          </Button>
        )}
      </div>
      <Table
        caption={w("workflow.tasks")}
        columns={[
          { label: w("lineage.task") },
          { label: w("op.state") },
          { label: w("workflow.took"), isNumber: true },
          { label: w("workflow.attempts"), isNumber: true },
          { label: w("workflow.said") },
        ]}
        rows={tasks.map((task) => ({ id: task.name, cells: taskCells(task) }))}
      />
    </section>
  );
}

const taskCells = (task: TaskRecord) => [
  named("task", task.name),
  <Badge key="state" status={task.status} />,
  took(task),
  String(task.attempts),
  task.error?.message ?? task.note ?? "",
];

function Runs({ items }: { items: readonly RunRecord[] }) {
  return (
    <Table
      caption={w("workflow.runs")}
      columns={[
        { label: w("lineage.when") },
        { label: w("workflow.trigger") },
        { label: w("op.state") },
        { label: w("workflow.took"), isNumber: true },
      ]}
      rows={items.map((run) => ({
        id: run.id,
        cells: [
          <a key="run" href={hrefTo("workflow", {}, { run: run.id })}>
            {date(run.started_at)}
          </a>,
          run.kind === undefined ? named("trigger", run.trigger) : named("job", run.kind),
          <Badge key="state" status={run.status} />,
          took(run),
        ],
      }))}
    />
  );
}

import type { LineageRecord } from "../../../src/contracts/workflow.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { Graph, type GraphNode } from "../charts/graph.tsx";
import { StateView } from "../design/state-view.tsx";
import { Table } from "../design/table.tsx";
import { date } from "../i18n/i18n.ts";
import { Bones, Nothing } from "./parts.tsx";
import { named, w } from "./words.ts";

/** Where what serves came from: from the source over the tables to the model. */
export function Lineage() {
  const lineage = useAnswer(
    "lineage",
    async () => (await ask<{ items: LineageRecord[] }>("v1/lineage")).items,
    {
      topics: ["run", "release"],
      isEmpty: (items) => items.length === 0,
    },
  );
  return (
    <StateView shown={lineage} skeleton={<Bones />} empty={<Nothing text={w("lineage.none")} />}>
      {(items) => (
        <>
          <Graph heading={w("lineage.title")} nodes={lineageNodes(items)} />
          <Table
            caption={w("lineage.tasks")}
            columns={[
              { label: w("lineage.task") },
              { label: w("lineage.when") },
              { label: w("lineage.read") },
              { label: w("lineage.made") },
            ]}
            rows={items.map(({ task, at, inputs, outputs }) => ({
              id: task,
              cells: [named("task", task), date(at), versions(inputs), versions(outputs)],
            }))}
          />
        </>
      )}
    </StateView>
  );
}

const versions = (of: LineageRecord["inputs"]) => (
  <ul class="op-versions">
    {Object.entries(of).map(([name, version]) => (
      <li key={name}>
        {name} <small>{version}</small>
      </li>
    ))}
  </ul>
);

/** The layers of the data, in the order in which one is made of the other. */
const layers = ["bronze", "silver", "gold"] as const;
const layerOf = (name: string) => layers.find((layer) => name.startsWith(`${layer}_`));

/**
 * The source with its tables, the layers that were made of them, then what was made of those: build, release, what serves. Tasks that only
 * tidy up read nothing and are left out.
 */
export function lineageNodes(items: readonly LineageRecord[]): GraphNode[] {
  const made = items.filter(({ inputs }) => Object.keys(inputs).length > 0);
  const tables = new Map<string, string[]>();
  const others = new Map<string, GraphNode>();
  for (const { inputs, outputs } of made) {
    const read = Object.keys(inputs).filter((name) => name !== "settings" && layerOf(name) === undefined);
    for (const [name, version] of Object.entries({ ...inputs, ...outputs })) {
      const layer = layerOf(name);
      if (layer)
        tables.set(layer, [...new Set([...(tables.get(layer) ?? []), name.slice(layer.length + 1)])]);
      else if (name in outputs)
        others.set(name, node(name, version, "build" in outputs ? ["gold", "silver", "bronze"] : read));
      else if (name !== "settings" && !others.has(name)) others.set(name, node(name, version, []));
    }
  }
  const named = layers.flatMap((layer, at): GraphNode[] => {
    const lines = tables.get(layer);
    const needs = at === 0 ? [] : layer === "silver" ? ["bronze", "catalogue"] : ["silver"];
    return lines ? [{ id: layer, label: w(`layer.${layer}`), look: layer, needs, lines }] : [];
  });
  return [...named, ...others.values()];
}

const node = (id: string, version: string | number, needs: readonly string[]): GraphNode => ({
  id,
  label: id,
  note: w("lineage.version", { version: String(version) }),
  needs,
});

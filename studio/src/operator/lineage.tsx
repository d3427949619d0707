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
            caption={w("lineage.title")}
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

const layerOf = (name: string) => /^(bronze|silver|gold)_/.exec(name)?.[1] ?? "plain";

/** Gold is made of silver, silver of what the build read, and whatever else reads a build reads all of it. */
export function lineageNodes(items: readonly LineageRecord[]): GraphNode[] {
  const made = new Map<string, GraphNode>();
  const add = (id: string, version: string | number, needs: readonly string[]) => {
    const before = made.get(id)?.needs ?? [];
    made.set(id, { id, label: id, note: noteOf(version), look: layerOf(id), needs: [...before, ...needs] });
  };
  for (const { inputs, outputs } of items) {
    const read = Object.entries(inputs).filter(([name]) => name !== "settings");
    for (const [name, version] of read) if (!made.has(name)) add(name, version, []);
    const names = Object.keys(outputs);
    const silver = names.filter((name) => layerOf(name) === "silver");
    const gold = names.filter((name) => layerOf(name) === "gold");
    const before = { silver: read.map(([name]) => name), gold: silver } as Record<string, string[]>;
    const others = gold.length > 0 ? gold : silver.length > 0 ? silver : read.map(([name]) => name);
    for (const [name, version] of Object.entries(outputs))
      add(name, version, before[layerOf(name)] ?? others);
  }
  return [...made.values()];
}

const noteOf = (version: string | number) =>
  String(version).length > 20 ? "" : w("lineage.version", { version: String(version) });

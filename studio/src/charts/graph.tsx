import { linkHorizontal } from "d3-shape";

/** Something that comes of others. */
export interface GraphNode {
  readonly id: string;
  readonly label: string;
  /** Below its name. */
  readonly note?: string;
  /** What it is made of, line by line. */
  readonly lines?: readonly string[];
  /** How it looks: a state of a task, a layer of the data. */
  readonly look?: string;
  /** Ids of what it comes of; those that are not there are left out. */
  readonly needs: readonly string[];
}

const node = { width: 178, height: 46, across: 36, down: 12, line: 17 } as const;

const heightOf = ({ lines = [] }: GraphNode) => node.height + lines.length * node.line;

/** Places of nodes, px: each in the column after the last of those that it needs. */
export function layout(nodes: readonly GraphNode[]): {
  readonly places: ReadonlyMap<string, { x: number; y: number }>;
  readonly width: number;
  readonly height: number;
} {
  const byId = new Map(nodes.map((one) => [one.id, one]));
  const columns = new Map<string, number>();
  const columnOf = (id: string, above: readonly string[]): number => {
    const known = columns.get(id);
    if (known !== undefined || above.includes(id)) return known ?? 0; // a circle ends where it began
    const needs = (byId.get(id)?.needs ?? []).filter((need) => byId.has(need));
    const column = Math.max(-1, ...needs.map((need) => columnOf(need, [...above, id]))) + 1;
    columns.set(id, column);
    return column;
  };
  const filled: number[] = [];
  const places = new Map<string, { x: number; y: number }>();
  for (const one of nodes) {
    const column = columnOf(one.id, []);
    const y = filled[column] ?? 0;
    filled[column] = y + heightOf(one) + node.down;
    places.set(one.id, { x: column * (node.width + node.across), y });
  }
  return {
    places,
    width: filled.length * (node.width + node.across) - node.across,
    height: Math.max(node.height, ...Array.from(filled, (y) => (y ?? 0) - node.down)),
  };
}

/** What comes of what, from left to right. Wider than the page it scrolls by itself; what it shows stands in the table beside it too. */
export function Graph({ heading, nodes }: { heading: string; nodes: readonly GraphNode[] }) {
  const { places, width, height } = layout(nodes);
  const link = linkHorizontal<unknown, [number, number]>();
  const middle = node.height / 2;
  const edges = nodes.flatMap(({ id, needs }) =>
    needs.flatMap((need) => {
      const [from, to] = [places.get(need), places.get(id)];
      if (!from || !to) return [];
      const ends = { source: [from.x + node.width, from.y + middle], target: [to.x, to.y + middle] } as const;
      return [{ id: `${need} ${id}`, d: link(ends as never) ?? "" }];
    }),
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
    <section class="graph" aria-label={heading} tabIndex={0}>
      <svg
        width={width + 2}
        height={height + 2}
        viewBox={`-1 -1 ${width + 2} ${height + 2}`}
        aria-hidden="true"
      >
        {edges.map(({ id, d }) => (
          <path key={id} class="graph-edge" d={d} />
        ))}
        {nodes.map((one) => {
          const { id, label, note = "", look = "plain", lines = [] } = one;
          const { x, y } = places.get(id) ?? { x: 0, y: 0 };
          return (
            <g key={id} class={`graph-node is-${look}`} transform={`translate(${x} ${y})`}>
              <rect width={node.width} height={heightOf(one)} rx="8" />
              <text x="12" y={note === "" ? 28 : 20}>
                {cut(label)}
              </text>
              <text class="graph-note" x="12" y="36">
                {cut(note)}
              </text>
              {lines.map((line, at) => (
                <text key={line} class="graph-note" x="12" y={54 + at * node.line}>
                  {cut(line)}
                </text>
              ))}
            </g>
          );
        })}
      </svg>
    </section>
  );
}

/** As much as a node has room for. */
const cut = (text: string) => (text.length > 23 ? `${text.slice(0, 22)}…` : text);

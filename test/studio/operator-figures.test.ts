import { beforeAll, describe, expect, it } from "vitest";
import { csvOf } from "../../studio/src/charts/csv.ts";
import { byLabel, figuresOf, quantile, total } from "../../studio/src/operator/figures.ts";
import { stubBrowser } from "./browser-globals.ts";

type Graphs = typeof import("../../studio/src/charts/graph.tsx") &
  typeof import("../../studio/src/operator/lineage.tsx");
let graphs: Graphs;
beforeAll(async () => {
  stubBrowser();
  graphs = {
    ...(await import("../../studio/src/charts/graph.tsx")),
    ...(await import("../../studio/src/operator/lineage.tsx")),
  };
});

const text = `# HELP a_seconds Time
a_seconds_bucket{le="0.1",route="/x"} 2
a_seconds_bucket{le="0.5",route="/x"} 8
a_seconds_bucket{le="+Inf",route="/x"} 10
a_seconds_bucket{le="0.1",route="/y"} 0
a_seconds_bucket{le="0.5",route="/y"} 0
a_seconds_bucket{le="+Inf",route="/y"} 0
b_total{route="/x",status="200"} 7
b_total{route="/x",status="500"} 1
b_total{route="say \\"hi\\", you"} 2
c 1.5e+3
`;

describe("figures of /metrics", () => {
  const figures = figuresOf(text);
  it("are read with their labels", () => {
    expect(figures).toHaveLength(10);
    expect(total(figures, "b_total")).toBe(10);
    expect(total(figures, "b_total", ({ status = "" }) => status.startsWith("5"))).toBe(1);
    expect(total(figures, "c")).toBe(1500);
    expect([...byLabel(figures, "b_total", "route")]).toEqual([
      ["/x", 8],
      ['say "hi", you', 2],
    ]);
  });

  it("give quantiles within their buckets, none where nothing was counted", () => {
    expect(quantile(figures, "a_seconds", 0.5)).toBeCloseTo(0.1 + 0.4 * 0.5, 10);
    expect(quantile(figures, "a_seconds", 0.1)).toBeCloseTo(0.05, 10);
    expect(quantile(figures, "a_seconds", 0.99)).toBe(0.5); // more is not known of what is above the last limit
    expect(quantile(figures, "a_seconds", 0.5, ({ route }) => route === "/y")).toBeUndefined();
  });
});

describe("a table as a file", () => {
  it("quotes what has to be, and gives a spreadsheet nothing to run", () => {
    const rows = [
      ["Crouching, Tiger", 1],
      ['"Hi"', 2.5],
      ["=HYPERLINK(1)", -3],
    ] as const;
    expect(csvOf(["title", "count"], rows)).toBe(
      'title,count\r\n"Crouching, Tiger",1\r\n"""Hi""",2.5\r\n\'=HYPERLINK(1),-3\r\n',
    );
  });
});

describe("graphs", () => {
  const node = (id: string, ...needs: string[]) => ({ id, label: id, needs });
  it("place each node behind what it needs, and come to an end where nodes need one another", () => {
    const { places } = graphs.layout([node("a"), node("b", "a"), node("c", "a", "b"), node("d", "nowhere")]);
    const x = (id: string) => places.get(id)?.x ?? -1;
    expect(x("a")).toBe(x("d"));
    expect(x("b")).toBeGreaterThan(x("a"));
    expect(x("c")).toBeGreaterThan(x("b"));
    expect(places.get("d")?.y).toBeGreaterThan(places.get("a")?.y ?? 0);
    expect(graphs.layout([node("a", "b"), node("b", "a")]).places.size).toBe(2);
  });

  it("lead from the source over the tables to what serves", () => {
    const at = "2026-01-01T00:00:00.000Z";
    const nodes = graphs.lineageNodes([
      {
        ...{ task: "build", run_id: "", at, inputs: { bronze_x: 0, catalogue: 0 } },
        outputs: { silver_a: 0, gold_b: 0, build: 1 },
      },
      { task: "train", run_id: "", at, inputs: { build: 1, settings: "{}" }, outputs: { release: "v0001" } },
      { task: "publish", run_id: "", at, inputs: { release: "v0001" }, outputs: { serving: "v0001" } },
      { task: "checkpoint", run_id: "", at, inputs: {}, outputs: { bronze_x: 0 } },
    ]);
    const needs = Object.fromEntries(nodes.map((one) => [one.id, one.needs]));
    expect(needs).toMatchObject({
      silver: ["bronze", "catalogue"],
      gold: ["silver"],
      release: ["build"],
      serving: ["release"],
    });
    expect(needs["build"]).toContain("gold");
    expect(Object.keys(needs)).not.toContain("settings");
  });
});

import { Counter, Histogram, type Registry } from "prom-client";
import { stageNames } from "../recommend/pipeline.ts";
import type { Recommendations } from "../recommend/recommender.ts";

/** Seconds: from ten microseconds to a tenth of a second. */
const stageBuckets = [0.00001, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];

/** Counts lists: how long their stages took, where their items came from, and which were not as asked. */
export function listMetrics(
  registry: Registry,
): (list: Pick<Recommendations, "surface" | "items" | "isFallback" | "stagesMs">) => void {
  const registers = [registry];
  const lists = new Counter({
    name: "usher_lists_total",
    help: "Lists answered, by the surface that answered",
    labelNames: ["surface", "outcome"],
    registers,
  });
  const items = new Counter({
    name: "usher_list_items_total",
    help: "Items of lists, by where they came from; exploration is what was tried",
    labelNames: ["source"],
    registers,
  });
  const places = new Counter({
    name: "usher_exploration_places_total",
    help: "Places of lists at which something may be tried, by the surface that answered",
    labelNames: ["surface"],
    registers,
  });
  const tried = new Counter({
    name: "usher_exploration_tried_total",
    help: "Places of lists at which something was tried; their share of all places is that of exploration",
    labelNames: ["surface"],
    registers,
  });
  const seconds = new Histogram({
    name: "usher_stage_seconds",
    help: "Time that a stage of the pipeline took",
    labelNames: ["stage"],
    buckets: stageBuckets,
    registers,
  });
  const stages = stageNames.map((name) => ({ name, observed: seconds.labels({ stage: name }) }));
  return ({ surface, items: list, isFallback, stagesMs }) => {
    lists.inc({ surface, outcome: list.length === 0 ? "empty" : isFallback ? "fallback" : "answered" });
    const { sources, open } = countsOf(list);
    for (const [source, count] of sources) items.inc({ source }, count);
    if (open > 0) {
      places.inc({ surface }, open);
      tried.inc({ surface }, sources.get("exploration") ?? 0);
    }
    for (const { name, observed } of stages) {
      const ms = stagesMs[name];
      if (ms !== undefined) observed.observe(ms / 1000);
    }
  };
}

interface Counts {
  /** Items that each source gave. */
  readonly sources: ReadonlyMap<string, number>;
  /** Places at which something may be tried: what stands there did so by chance. */
  readonly open: number;
}

const counted = new WeakMap<Recommendations["items"], Counts>();

/** Counts the items of a list; those of the same list once. */
function countsOf(list: Recommendations["items"]): Counts {
  const known = counted.get(list);
  if (known) return known;
  const sources = new Map<string, number>();
  let open = 0;
  for (const { reason, propensity } of list) {
    sources.set(reason.source, (sources.get(reason.source) ?? 0) + 1);
    if (propensity < 1) open++;
  }
  const counts = { sources, open };
  counted.set(list, counts);
  return counts;
}

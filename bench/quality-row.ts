import { algorithms } from "../src/models/algorithms.ts";
import type { Algorithm, Parameters } from "../src/models/model.ts";

/** A bound that a figure must keep. */
export interface Bound {
  readonly least?: number;
  readonly most?: number;
}

/** One row of the table of quality: what was asked of a model on a data set, and what came. */
export interface QualityRow {
  /** Data and protocol, such as `MovieLens-1M, leave-one-out`. */
  readonly protocol: string;
  /** Model with the parameters that matter. */
  readonly model: string;
  /** Names of the figures, such as `HR@10`. */
  readonly metrics: readonly string[];
  /** In the order of the metrics; absent where the figures only stand beside others. */
  readonly must?: readonly Bound[];
  readonly aim?: readonly Bound[];
  /** In the order of the metrics; absent where this version has no such model. */
  readonly reached?: readonly number[];
  readonly fitSeconds?: number;
  /** Such as an interval. */
  readonly note?: string;
}

/** A model that a protocol is run with. */
export interface Contender {
  readonly algorithm: string;
  readonly parameters: Parameters;
  readonly label: string;
  readonly must?: readonly Bound[];
  readonly aim?: readonly Bound[];
}

/** The algorithm of a contender; `undefined` where this version has none of that name or none of those parameters. */
export function algorithmOf({ algorithm: name, parameters }: Contender): Algorithm | undefined {
  const algorithm = algorithms[name];
  const isKnown =
    algorithm && Object.keys(parameters).every((parameter) => parameter in algorithm.parameters);
  return isKnown ? algorithm : undefined;
}

/** Whether a figure keeps a bound. */
export function keeps(
  figure: number,
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Bound,
) {
  return figure >= least && figure <= most;
}

/** `reached`, `missed` or `absent`; `aim` where the aim is reached too; empty where nothing was asked. */
export function verdictOf({ reached, must, aim }: QualityRow): string {
  const holds = (bounds: readonly Bound[], figures: readonly number[]) =>
    bounds.every((bound, at) => keeps(figures[at]!, bound));
  if (!reached) return "absent";
  if (!must) return "";
  if (!holds(must, reached)) return "missed";
  return aim && holds(aim, reached) ? "aim" : "reached";
}

/** Cells of a row of the printed table, under {@link qualityHead}. */
export function cellsOf(row: QualityRow): string[] {
  const { protocol, model, metrics, must, aim, reached, fitSeconds, note = "" } = row;
  const bounds = (given: readonly Bound[] | undefined) => given?.map(boundText).join(" / ") ?? "";
  return [
    protocol,
    model,
    metrics.join(" / "),
    bounds(must),
    bounds(aim),
    reached?.map((figure) => figure.toFixed(4)).join(" / ") ?? "",
    verdictOf(row),
    fitSeconds === undefined ? "" : fitSeconds.toFixed(2),
    note,
  ];
}

export const qualityHead: readonly string[] = [
  ...["data, protocol", "model", "figures", "must", "aim", "reached", "verdict", "fit, s", "note"],
];

function boundText({ least, most }: Bound): string {
  if (least !== undefined && most !== undefined) return `${least}..${most}`;
  if (least === undefined && most === undefined) return "–";
  return least !== undefined ? `≥ ${least}` : `≤ ${most}`;
}

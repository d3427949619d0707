import type {
  Interval,
  ModelChoice,
  RankerFigures,
  RaterFigures,
  TrainingReport,
} from "../contracts/release.ts";
import { labelOf } from "./candidates.ts";

/** The comparison of all models as text cells; a cell without a meaning for its row is empty. */
export interface EvaluationTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const columnsOf = (k: number) => [
  "model",
  `NDCG@${k}`,
  "95 % vs popularity",
  `Recall@${k}`,
  `MAP@${k}`,
  `Coverage@${k}`,
  "RMSE",
  "95 % vs baseline",
  "MAE",
  "serves",
];

/**
 * The figures of a report, a row a model: rankers first, then raters, the ones that serve marked in the last column.
 *
 * Intervals are those of NDCG minus popularity's and of RMSE minus the baseline's (biases without factors).
 * Where nothing was held out the figures are empty.
 */
export function evaluationTable(report: TrainingReport): EvaluationTable {
  const { k, split, chosen, gate } = report;
  // a refused ranker does not serve: the present one goes on
  const ranker = gate.decision === "refused" && gate.present ? gate.present : chosen.ranker;
  const rankerRow = (figures: RankerFigures) => {
    const isKnown = split.users_evaluated > 0;
    const cell = (value: number) => (isKnown ? value.toFixed(4) : "");
    return [
      labelOf(figures),
      cell(figures.ndcg),
      intervalText(figures.ndcg_against_popularity, isKnown),
      cell(figures.recall),
      cell(figures.map),
      cell(figures.coverage),
      "",
      "",
      "",
      isSame(figures, ranker) ? "ranker" : "",
    ];
  };
  const raterRow = (figures: RaterFigures) => {
    const isKnown = split.test_ratings > 0;
    const cell = (value: number) => (isKnown ? value.toFixed(4) : "");
    return [
      labelOf(figures),
      "",
      "",
      "",
      "",
      "",
      cell(figures.rmse),
      intervalText(figures.rmse_against_baseline, isKnown),
      cell(figures.mae),
      gate.decision === "accepted" && isSame(figures, chosen.rater) ? "rater" : "",
    ];
  };
  return { columns: columnsOf(k), rows: [...report.rankers.map(rankerRow), ...report.raters.map(raterRow)] };
}

/** The table as lines of plain text with aligned columns, and a last line that says over how many users and ratings. */
export function formatEvaluationTable(report: TrainingReport): string {
  const { users_evaluated: users, test_ratings: ratings } = report.split;
  const last = `lists of ${count(users)} users over all items not yet rated; ${count(ratings)} held-out ratings predicted`;
  return [aligned(evaluationTable(report)), last].join("\n");
}

/**
 * NDCG of every ranker in every slice of a report: a row a slice, a column a ranker. `+` and `-` mark a ranker whose 95 % interval
 * against popularity lies above or below 0.
 */
export function sliceTable(report: TrainingReport): EvaluationTable {
  const marked = ({ ndcg, ndcg_against_popularity: interval }: SliceRanker) =>
    `${ndcg.toFixed(4)} ${!interval ? " " : interval.low > 0 ? "+" : interval.high < 0 ? "-" : " "}`;
  return {
    columns: [`NDCG@${report.k}`, "users", ...report.rankers.map((ranker) => labelOf(ranker))],
    rows: (report.slices ?? []).map(({ name, users_evaluated: users, rankers }) => [
      name,
      count(users),
      ...rankers.map(marked),
    ]),
  };
}

type SliceRanker = NonNullable<TrainingReport["slices"]>[number]["rankers"][number];

/** The slices as lines of plain text, and a last line that says what the marks mean. */
export function formatSliceTable(report: TrainingReport): string {
  if (!report.slices?.length) return "no slice has a user with a held-out item";
  return `${aligned(sliceTable(report))}\n+ better, - worse than popularity with 95 % confidence`;
}

/** Lines of text; words, which stand in the first column and under `serves`, to the left, figures to the right. */
function aligned({ columns, rows }: EvaluationTable): string {
  const widths = columns.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || columns[column] === "serves" ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return [columns, ...rows].map(line).join("\n");
}

const count = (value: number) => value.toLocaleString("en-US");

function intervalText(interval: Interval | null, isKnown: boolean): string {
  if (interval) return `${signed(interval.low)} .. ${signed(interval.high)}`;
  return isKnown ? "baseline" : "";
}

function signed(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(4)}`;
}

function isSame(left: ModelChoice, right: ModelChoice): boolean {
  const text = ({ algorithm, parameters }: ModelChoice) =>
    JSON.stringify([algorithm, Object.entries(parameters).sort()]);
  return text(left) === text(right);
}

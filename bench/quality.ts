import type { BenchOptions } from "./movielens.ts";
import { fiveStarRows } from "./quality-five-star.ts";
import { lastfmRows } from "./quality-lastfm.ts";
import { leaveOneOutRows } from "./quality-leave-one-out.ts";
import { ratingRows } from "./quality-ratings.ts";
import { cellsOf, type QualityRow, qualityHead, verdictOf } from "./quality-row.ts";
import { publish } from "./report.ts";

/** The protocols by name, in the order of the table. */
export const protocols: Readonly<Record<string, (options: BenchOptions) => Promise<QualityRow[]>>> = {
  "leave-one-out": leaveOneOutRows,
  "five-star": fiveStarRows,
  ratings: ratingRows,
  lastfm: lastfmRows,
};

/**
 * Do the models reach published quality? Every row of the table, asked and reached. The whole run replaces its section of
 * bench/REPORT.md. Tiny: few users and small models, of which nothing is asked.
 */
export async function run(options: BenchOptions): Promise<QualityRow[]> {
  const rows: QualityRow[] = [];
  for (const protocol of Object.values(protocols)) {
    for (const { must, aim, ...row } of await protocol(options)) {
      rows.push(options.tiny ? row : { ...row, ...(must ? { must } : {}), ...(aim ? { aim } : {}) });
      console.log(cellsOf(rows.at(-1)!).join(" | "));
    }
  }
  const missed = rows.filter((row) => ["missed", "absent"].includes(verdictOf(row))).length;
  publish(
    {
      name: "quality",
      question: "Do the models reach published quality on real data?",
      head: qualityHead,
      rows: rows.map(cellsOf),
      notes: [
        `${missed} of ${rows.length} rows are missed or absent. \`aim\`: the aim is reached too.`,
        "Protocols, parameters and their sources stand in bench/quality-*.ts. Fits that have several folds give the sum of their times.",
      ],
      versions: {},
    },
    { keep: !options.tiny },
  );
  return rows;
}

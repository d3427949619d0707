import {
  alternate,
  changed,
  fastest,
  type Given,
  type OurSide,
  openJob,
  runOurs,
  type Turn,
} from "./contest.ts";
import type { DataFolder } from "./hand-over.ts";
import type { BenchOptions } from "./movielens.ts";
import { type Rival, runRival } from "./rival.ts";
import { memoryText, ratioOf, ratioText, secondsOf } from "./statistics.ts";

/** The same work done by both sides in turns, each turn in a new process, several rounds in each. */
export interface Duel {
  /** File of `bench/` that exports `ours`. */
  readonly question: string;
  readonly data: DataFolder;
  /** Absent where this version has no such model: then only the rival is measured. */
  readonly ours: OurSide | undefined;
  readonly rival: Rival;
  readonly mine: Given;
  readonly theirs: Given;
  /** What the rival is tried with, such as numbers of threads; the fastest is what it competes with. */
  readonly settings: readonly Given[];
  /** Of each side, with the rival. Default 3. */
  readonly turns?: number;
  /** Reads what a side wrote and tells its quality. */
  readonly judge: (outputFolder: string) => number;
}

/** Turns and quality of both sides; a side that did not run has no turns. */
export interface DuelResult {
  readonly setting: Given;
  readonly mine: readonly Turn[];
  readonly theirs: readonly Turn[];
  readonly quality: { readonly mine: number; readonly theirs: number };
}

/** Runs a duel: with `rival` both sides in three turns, else ours alone once. */
export async function duel(of: Duel, { tiny, rival = false }: BenchOptions): Promise<DuelResult> {
  const { question, data, ours, judge } = of;
  if (!ours) console.log(`${question}: the model is absent in this version; only the rival is measured`);
  const mine = openJob(data, of.mine);
  const theirs = openJob(data, of.theirs);
  try {
    const setting = rival
      ? await fastest(of.settings, (tried) => runRival(of.rival, changed(theirs, tried)))
      : {};
    const sides = {
      ...(ours ? { mine: () => runOurs({ question, ours, inProcess: tiny }, mine) } : {}),
      ...(rival ? { theirs: () => runRival(of.rival, changed(theirs, setting)) } : {}),
    } as Record<"mine" | "theirs", () => Promise<Turn>>;
    const { mine: ownTurns = [], theirs: rivalTurns = [] } = await alternate(
      sides,
      rival && !tiny ? (of.turns ?? 3) : 1,
    );
    const quality = {
      mine: ownTurns.length > 0 ? judge(mine.output) : Number.NaN,
      theirs: rivalTurns.length > 0 ? judge(theirs.output) : Number.NaN,
    };
    return { setting, mine: ownTurns, theirs: rivalTurns, quality };
  } finally {
    mine.close();
    theirs.close();
  }
}

/** Columns of {@link duelRow} after its label. */
export const duelHead = [
  "ours, s",
  "rival, s",
  "ratio",
  "ratio, second round",
  "quality ours / rival",
  "memory ours / rival",
];

/** A row of the report: first and second round of each process, quality to four decimals, memory. */
export function duelRow(label: string, { mine, theirs, quality }: DuelResult): string[] {
  const seconds = (turns: readonly Turn[], otherwise: string) =>
    turns.length === 0
      ? otherwise
      : turns[0]!.seconds.map((_, round) => secondsOf(turns, round).toFixed(3)).join(", ");
  const isBoth = mine.length > 0 && theirs.length > 0;
  const hasSecond = isBoth && mine[0]!.seconds.length > 1 && theirs[0]!.seconds.length > 1;
  const either = <Value>(turns: readonly Turn[], value: () => Value) => (turns.length === 0 ? "–" : value());
  return [
    label,
    seconds(mine, "model absent"),
    seconds(theirs, "not run"),
    isBoth ? `**${ratioText(ratioOf({ ours: mine, rival: theirs }))}**` : "–",
    hasSecond ? ratioText(ratioOf({ ours: mine, rival: theirs, round: 1 })) : "–",
    `${either(mine, () => quality.mine.toFixed(4))} / ${either(theirs, () => quality.theirs.toFixed(4))}`,
    `${either(mine, () => memoryText(mine))} / ${either(theirs, () => memoryText(theirs))}`,
  ];
}

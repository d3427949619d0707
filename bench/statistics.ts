import type { Turn } from "./contest.ts";

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A ratio of two sides that took turns: the median of the turns' ratios, with the least and the greatest. */
export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

/** Our seconds ÷ the rival's, turn by turn. @param of.round Which round inside the processes. Default 0, the first. */
export function ratioOf(of: { ours: readonly Turn[]; rival: readonly Turn[]; round?: number }): Ratio {
  const { ours, rival, round = 0 } = of;
  const ratios = ours.map(({ seconds }, turn) => seconds[round]! / rival[turn]!.seconds[round]!);
  return { median: median(ratios), least: Math.min(...ratios), greatest: Math.max(...ratios) };
}

/** `0.31 (0.29–0.34)`. */
export function ratioText({ median: middle, least, greatest }: Ratio): string {
  return `${figure(middle)} (${figure(least)}–${figure(greatest)})`;
}

/** Median seconds of a round over the turns. */
export function secondsOf(turns: readonly Turn[], round = 0): number {
  return median(turns.map(({ seconds }) => seconds[round]!));
}

/** Greatest memory of the turns as text, in MB. */
export function memoryText(turns: readonly Turn[]): string {
  const bytes = Math.max(...turns.map(({ memoryBytes }) => memoryBytes));
  return bytes > 0 ? `${Math.round(bytes / 1e6)} MB` : "unknown";
}

/** Two significant decimals below 1, else two decimals. */
export function figure(value: number): string {
  return value < 0.1 ? value.toPrecision(2) : value.toFixed(2);
}

/** The value below which a share of the values lies, by nearest rank. @param share 0..1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

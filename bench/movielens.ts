import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Interactions, interactionsFromTriples } from "../src/data/interactions.ts";

/** What every benchmark is given. `tiny` runs in seconds and proves that the benchmark works, not what it measures. */
export interface BenchOptions {
  readonly dataFolder: string;
  readonly tiny: boolean;
  /** Run the Python rival too, by turns with ours, and keep the result in bench/REPORT.md. */
  readonly rival?: boolean;
  /** How long a simulation takes. Default: what the benchmark says. */
  readonly minutes?: number;
}

/** The first columns of a file as whole numbers, row by row. */
export async function readNumbers(
  file: { folder: string; path: string; separator: string; skipLines?: number },
  columns: number,
): Promise<Int32Array[]> {
  const text = await readFile(join(file.folder, file.path), "latin1");
  const lines = text
    .trimEnd()
    .split("\n")
    .slice(file.skipLines ?? 0);
  const read = Array.from({ length: columns }, () => new Int32Array(lines.length));
  for (const [row, line] of lines.entries()) {
    const cells = line.split(file.separator, columns);
    for (let column = 0; column < columns; column++) read[column]![row] = Number(cells[column]);
  }
  return read;
}

/** Ids 1.. as indexes 0.., in ascending order of the ids that occur. */
export function indexesOf(ids: Int32Array): { count: number; of: (id: number) => number } {
  const sorted = Int32Array.from(new Set(ids)).sort();
  const index = new Map(Array.from(sorted, (id, at) => [id, at]));
  return { count: sorted.length, of: (id) => index.get(id) ?? -1 };
}

/** Ratings as a matrix, from columns of indexes. */
export function ratingMatrix(
  columns: { users: Int32Array; items: Int32Array; ratings: ArrayLike<number> },
  shape: { userCount: number; itemCount: number },
): Interactions {
  const { users, items, ratings } = columns;
  return interactionsFromTriples({ users, items, values: Float32Array.from(ratings) }, shape);
}

import { createHash } from "node:crypto";
import { join } from "node:path";
import { historyOf } from "../src/data/interactions.ts";
import { biasedMf } from "../src/models/biased-mf.ts";
import type { Model, Parameters } from "../src/models/model.ts";
import { type BenchOptions, ratingMatrix, readNumbers } from "./movielens.ts";

/** One line of the table: RMSE and MAE of each fold, and their means. */
export interface FoldResult {
  readonly label: string;
  readonly rmse: number;
  readonly mae: number;
  readonly folds: readonly number[];
  readonly fitSeconds: number;
  readonly checksum: string;
}

const shape = { userCount: 943, itemCount: 1682 };

const contenders: readonly [label: string, parameters: Parameters][] = [
  ["biases (factors 0)", { factors: 0 }],
  ["biased-mf", {}],
];

/**
 * The five folds that MovieLens-100K ships (`u1` … `u5`, 80 % and 20 %): RMSE and MAE of predictions clipped to 1..5, means over the folds.
 * Users are folded in from their training ratings. The tiny size runs one fold with few factors.
 */
export async function run({ dataFolder, tiny }: BenchOptions): Promise<FoldResult[]> {
  const folder = join(dataFolder, "ml-100k");
  const folds = await Promise.all(
    (tiny ? [1] : [1, 2, 3, 4, 5]).map(async (fold) => ({
      base: await readRatings(folder, `u${fold}.base`),
      test: await readRatings(folder, `u${fold}.test`),
    })),
  );
  const results: FoldResult[] = [];
  console.log("model                 RMSE     MAE   fit s  folds                                   checksum");
  for (const [label, parameters] of contenders) {
    const given = tiny && !("factors" in parameters) ? { ...parameters, factors: 8, epochs: 5 } : parameters;
    const hash = createHash("sha256");
    const errors: { rmse: number; mae: number }[] = [];
    let fitSeconds = 0;
    for (const { base, test } of folds) {
      const started = performance.now();
      const model = await biasedMf.fit(base, given);
      fitSeconds += (performance.now() - started) / 1000;
      errors.push(judge({ model, base, test }, hash));
    }
    const mean = (of: (error: { rmse: number; mae: number }) => number) =>
      errors.reduce((sum, error) => sum + of(error), 0) / errors.length;
    const [rmse, mae] = [mean((error) => error.rmse), mean((error) => error.mae)];
    const checksum = hash.digest("hex").slice(0, 12);
    results.push({ label, rmse, mae, folds: errors.map((error) => error.rmse), fitSeconds, checksum });
    const each = errors.map((error) => error.rmse.toFixed(4)).join(" ");
    console.log(
      `${label.padEnd(18)} ${rmse.toFixed(4)}  ${mae.toFixed(4)} ${fitSeconds.toFixed(2).padStart(7)}  ${each.padEnd(38)}  ${checksum}`,
    );
  }
  return results;
}

type Ratings = Awaited<ReturnType<typeof readRatings>>;

function judge(
  { model, base, test }: { model: Model; base: Ratings; test: Ratings },
  hash: { update(bytes: Uint8Array): unknown },
) {
  const scores = new Float32Array(model.itemCount);
  let squares = 0;
  let absolutes = 0;
  for (let user = 0; user < test.userCount; user++) {
    const { items, values } = historyOf(test, user);
    if (items.length === 0) continue;
    model.scoreItems(historyOf(base, user), scores);
    for (const [at, item] of items.entries()) {
      const error = Math.min(5, Math.max(1, scores[item]!)) - values[at]!;
      squares += error ** 2;
      absolutes += Math.abs(error);
    }
    hash.update(new Uint8Array(scores.buffer));
  }
  const count = test.items.length;
  return { rmse: Math.sqrt(squares / count), mae: absolutes / count };
}

async function readRatings(folder: string, path: string) {
  const columns = await readNumbers({ folder, path, separator: "\t" }, 3);
  const [users, items, ratings] = columns as [Int32Array, Int32Array, Int32Array];
  const indexes = (ids: Int32Array) => ids.map((id) => id - 1);
  return ratingMatrix({ users: indexes(users), items: indexes(items), ratings }, shape);
}

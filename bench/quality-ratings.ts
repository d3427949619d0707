import { join } from "node:path";
import { foldRows, randomRows } from "../src/data/split.ts";
import { mean } from "../src/evaluate/metrics.ts";
import { evaluateRating } from "../src/evaluate/rating.ts";
import type { Algorithm } from "../src/models/model.ts";
import { type BenchOptions, indexesOf, ratingMatrix, readNumbers } from "./movielens.ts";
import { algorithmOf, type Contender, type QualityRow } from "./quality-row.ts";

/** Ratings in the order of their file, users and items as indexes. */
interface Ratings {
  readonly users: Int32Array;
  readonly items: Int32Array;
  readonly ratings: Int32Array;
  readonly shape: { readonly userCount: number; readonly itemCount: number };
}

const files = {
  "MovieLens-100K": { folder: "ml-100k", path: "u.data", separator: "\t" },
  "MovieLens-1M": { folder: "ml-1m", path: "ratings-without-timestamps.dat", separator: "::" },
} as const;
type DataSet = keyof typeof files;

const most = (value: number) => [{ most: value }];
/** One model for all data sets: the aims of the five folds. */
const oneModel = { factors: 64, epochs: 15 };

const tasks: readonly {
  data: DataSet;
  rows: "folds" | { share: number };
  contenders: readonly Contender[];
}[] = [
  {
    data: "MovieLens-100K",
    rows: "folds",
    contenders: [
      { algorithm: "svd", parameters: {}, label: "svd", must: most(0.936) },
      {
        algorithm: "biased-mf",
        parameters: oneModel,
        label: "biased-mf, 64 factors",
        must: most(0.936),
        aim: most(0.91),
      },
    ],
  },
  {
    data: "MovieLens-1M",
    rows: "folds",
    contenders: [
      { algorithm: "svd", parameters: {}, label: "svd", must: most(0.875) },
      {
        algorithm: "biased-mf",
        parameters: oneModel,
        label: "biased-mf, 64 factors",
        must: most(0.875),
        aim: most(0.852),
      },
    ],
  },
  {
    data: "MovieLens-1M",
    rows: { share: 0.2 },
    contenders: [
      {
        algorithm: "biased-mf",
        parameters: { factors: 32, epochs: 10 },
        label: "biased-mf, 32 factors × 10",
        must: most(0.867),
        aim: most(0.855),
      },
    ],
  },
  {
    data: "MovieLens-1M",
    rows: { share: 0.1 },
    contenders: [
      {
        algorithm: "biased-mf",
        parameters: { factors: 50, epochs: 15 },
        label: "biased-mf, 50 factors × 15",
        must: most(0.857),
        aim: most(0.848),
      },
    ],
  },
];

/**
 * RMSE of predictions clipped to 1..5, users folded in from their training ratings: the five folds that Surprise's
 * `KFold(n_splits=5, random_state=0)` makes of the file, mean over the folds; and random parts, as `ShuffleSplit` with seed 42 draws them.
 * Tiny: MovieLens-100K, one fold, small models.
 */
export async function ratingRows({ dataFolder, tiny }: BenchOptions): Promise<QualityRow[]> {
  const rows: QualityRow[] = [];
  for (const { data, rows: way, contenders } of tiny ? tasks.slice(0, 1) : tasks) {
    const ratings = await readRatings(dataFolder, data);
    const count = ratings.users.length;
    const folds =
      way === "folds" ? foldRows(count, { folds: 5, seed: 0 }) : [randomRows(count, { ...way, seed: 42 })];
    for (const contender of contenders) {
      const { label, must, aim } = contender;
      const protocol =
        way === "folds"
          ? `${data}, 5 folds`
          : `${data}, random ${100 - way.share * 100}/${way.share * 100}, seed 42`;
      const row = {
        protocol,
        model: label,
        metrics: ["RMSE"],
        ...(must ? { must } : {}),
        ...(aim ? { aim } : {}),
      };
      const algorithm = algorithmOf(contender);
      if (!algorithm) rows.push(row);
      else rows.push({ ...row, ...(await judge({ algorithm, contender, ratings, folds, tiny })) });
    }
  }
  return rows;
}

async function judge(of: {
  algorithm: Algorithm;
  contender: Contender;
  ratings: Ratings;
  folds: readonly Int32Array[];
  tiny: boolean;
}): Promise<Pick<QualityRow, "reached" | "fitSeconds" | "note">> {
  const { algorithm, contender, ratings, folds, tiny } = of;
  const size = tiny ? { factors: 8, epochs: 5 } : {};
  const errors: number[] = [];
  const absolutes: number[] = [];
  let fitSeconds = 0;
  for (const heldOut of tiny ? folds.slice(0, 1) : folds) {
    const { train, test } = parted(ratings, heldOut);
    const started = performance.now();
    const model = await algorithm.fit(train, { ...contender.parameters, ...size });
    fitSeconds += (performance.now() - started) / 1000;
    const { rmse, mae } = evaluateRating({ model, train, test, range: { min: 1, max: 5 } });
    errors.push(rmse);
    absolutes.push(mae);
  }
  return { reached: [mean(errors)], fitSeconds, note: `MAE ${mean(absolutes).toFixed(4)}` };
}

function parted({ users, items, ratings, shape }: Ratings, heldOut: Int32Array) {
  const isHeldOut = new Uint8Array(users.length);
  for (const row of heldOut) isHeldOut[row] = 1;
  const part = (kept: 0 | 1) => {
    const of = (column: Int32Array) => column.filter((_, row) => isHeldOut[row] === kept);
    return ratingMatrix({ users: of(users), items: of(items), ratings: of(ratings) }, shape);
  };
  return { train: part(0), test: part(1) };
}

async function readRatings(dataFolder: string, data: DataSet): Promise<Ratings> {
  const { folder, ...file } = files[data];
  const columns = await readNumbers({ folder: join(dataFolder, folder), ...file }, 3);
  const [userIds, itemIds, ratings] = columns as [Int32Array, Int32Array, Int32Array];
  const [users, items] = [indexesOf(userIds), indexesOf(itemIds)];
  const shape = { userCount: users.count, itemCount: items.count };
  return { users: userIds.map(users.of), items: itemIds.map(items.of), ratings, shape };
}

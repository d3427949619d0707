import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Interactions } from "../src/data/interactions.ts";
import { evaluateGivenNegatives } from "../src/evaluate/given-negatives.ts";
import { ials } from "../src/models/ials.ts";
import { itemKnn } from "../src/models/item-knn.ts";
import type { Algorithm, Model, Parameters } from "../src/models/model.ts";
import { popularity } from "../src/models/popularity.ts";
import { type BenchOptions, indexesOf, ratingMatrix, readNumbers } from "./movielens.ts";

/** For each user the film that is held out, and 99 that the user is not known to have seen. */
export interface LeaveOneOut {
  readonly train: Interactions;
  readonly test: Interactions;
  readonly negatives: readonly Int32Array[];
}

export interface LeaveOneOutResult {
  readonly label: string;
  readonly hitRate: number;
  readonly ndcg: number;
  readonly fitSeconds: number;
  readonly checksum: string;
}

const contenders: readonly [Algorithm, Parameters][] = [
  [popularity, {}],
  [itemKnn, {}],
  [ials, { factors: 64, epochs: 12, regularization: 0.007, unobservedWeight: 0.3 }],
];

/**
 * The leave-one-out protocol of He et al. 2017 on MovieLens-1M: every rating is an interaction of weight 1, the last one of each user is
 * ranked among the 99 published negatives; HR@10 and NDCG@10 = 1 / log2(rank + 1). A negative of equal score counts as ranked before.
 */
export async function run({ dataFolder, tiny }: BenchOptions): Promise<LeaveOneOutResult[]> {
  const task = await readLeaveOneOut(join(dataFolder, "ml-1m"), tiny ? 300 : undefined);
  const results: LeaveOneOutResult[] = [];
  console.log(
    `${task.train.userCount} users, ${task.train.itemCount} items, ${task.train.items.length} interactions`,
  );
  console.log("model                      HR@10  NDCG@10   fit s  checksum");
  for (const [algorithm, parameters] of contenders) {
    const given = tiny && algorithm === ials ? { ...parameters, factors: 16, epochs: 4 } : parameters;
    const started = performance.now();
    const model = await algorithm.fit(task.train, given);
    const fitSeconds = (performance.now() - started) / 1000;
    const label = [algorithm.name, given["factors"]].filter(Boolean).join(" ");
    const result = { label, fitSeconds, ...judge(model, task) };
    results.push(result);
    console.log(
      `${label.padEnd(25)} ${result.hitRate.toFixed(4)}   ${result.ndcg.toFixed(4)} ${fitSeconds.toFixed(2).padStart(7)}  ${result.checksum}`,
    );
  }
  return results;
}

function judge(model: Model, task: LeaveOneOut) {
  const { ranks, means } = evaluateGivenNegatives({ model, ...task });
  const checksum = createHash("sha256").update(new Uint8Array(ranks.buffer)).digest("hex").slice(0, 12);
  return { hitRate: means.hitRate, ndcg: means.ndcg, checksum };
}

/** The task as published; with fewer users than there are, the first ones. */
export async function readLeaveOneOut(
  folder: string,
  userCountMax = Number.POSITIVE_INFINITY,
): Promise<LeaveOneOut> {
  const ratings = { folder, path: "ratings-without-timestamps.dat", separator: "::" };
  const held = { folder, path: "ncf-leave-one-out.test.tsv", separator: "\t", skipLines: 1 };
  const [allUsers, allFilms] = (await readNumbers(ratings, 2)) as [Int32Array, Int32Array];
  const [heldUsers, heldFilms] = (await readNumbers(held, 2)) as [Int32Array, Int32Array];
  const films = indexesOf(allFilms);
  const heldOf = new Map(Array.from(heldUsers, (user, at) => [user, heldFilms[at]!]));
  const kept = Array.from(allUsers.keys()).filter((row) => {
    const user = allUsers[row]!;
    return user <= userCountMax && heldOf.get(user) !== allFilms[row];
  });
  const users = Int32Array.from(kept, (row) => allUsers[row]! - 1);
  const items = Int32Array.from(kept, (row) => films.of(allFilms[row]!));
  const userCount = Math.min(userCountMax, heldUsers.length);
  const shape = { userCount, itemCount: films.count };
  const train = ratingMatrix({ users, items, ratings: new Float32Array(kept.length).fill(1) }, shape);
  const heldUsersKept = heldUsers.slice(0, userCount).map((user) => user - 1);
  const heldItems = heldFilms.slice(0, userCount).map(films.of);
  const ones = new Float32Array(userCount).fill(1);
  const test = ratingMatrix({ users: heldUsersKept, items: heldItems, ratings: ones }, shape);
  const text = await readFile(join(folder, "ncf-leave-one-out.negatives.tsv"), "latin1");
  const lines = text.trimEnd().split("\n").slice(1);
  const negatives = lines.slice(0, userCount).map((line) => {
    const [, , filmIds = ""] = line.split("\t");
    return Int32Array.from(filmIds.split(",").map(Number), films.of);
  });
  return { train, test, negatives };
}

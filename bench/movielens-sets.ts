import { join } from "node:path";
import { historyOf, type Interactions } from "../src/data/interactions.ts";
import { mean, ndcgAt } from "../src/evaluate/metrics.ts";
import type { Algorithm, Model } from "../src/models/model.ts";
import { recommendItems } from "../src/models/recommend.ts";
import { type Job, peakMemory, type Turn } from "./contest.ts";
import { firstUsers, holdOut, movielens1m, sampleUsers } from "./grown.ts";
import { type DataFolder, handOver, matrixArrays, readMatrix } from "./hand-over.ts";
import { readFloats, readNpy, writeNpy } from "./npy.ts";

/**
 * MovieLens-1M on disk with a seeded hold-out: `train-*`, `test-*`, and `users`, those whose lists are judged (all with held-out entries).
 *
 * @param of.binary Whether every rating weighs 1, as rankers take it. @param of.tiny 300 users only.
 */
export async function movielens1mSet(
  dataFolder: string,
  of: { share: number; seed: number; binary: boolean; tiny: boolean },
): Promise<DataFolder> {
  const { share, seed, binary, tiny } = of;
  const name = `ml-1m-${binary ? "binary" : "ratings"}-${share}-${seed}${tiny ? "-tiny" : ""}-v1`;
  return handOver(name, async () => {
    const whole = await movielens1m(dataFolder);
    const { train, test } = holdOut(tiny ? firstUsers(whole, 300) : whole, { share, seed });
    if (binary) for (const part of [train, test]) part.values.fill(1);
    const { userCount, itemCount, items } = train;
    const users = sampleUsers(test, { count: userCount, seed });
    return {
      arrays: { ...matrixArrays("train", train), ...matrixArrays("test", test), users },
      facts: { userCount, itemCount, trainRatings: items.length, testRatings: test.items.length },
    };
  });
}

/** Length of the lists that are judged. */
const k = 10;

/** Writes our lists for the judged users, training items removed, as the rivals do: `lists.npy`, shape [users × 10]. */
export function writeLists(model: Model, { job, train }: { job: Job; train: Interactions }): void {
  const users = readNpy(join(job.folder, "users.npy")).array;
  const lists = new Int32Array(users.length * k).fill(-1);
  for (let at = 0; at < users.length; at++) {
    const history = historyOf(train, users[at]!);
    lists.set(recommendItems(model, { history, k, excluded: history.items }).items, at * k);
  }
  writeNpy(join(job.output, "lists.npy"), lists, [users.length, k]);
}

/** Mean NDCG@10 of the lists that a side wrote. */
export function judgeLists(data: DataFolder): (output: string) => number {
  const test = readMatrix(data, "test");
  const users = readNpy(join(data.folder, "users.npy")).array;
  return (output) => {
    const lists = readNpy(join(output, "lists.npy")).array;
    const each = Array.from(users, (user, at) => {
      const relevant = new Set(historyOf(test, user).items);
      return ndcgAt({ ranked: lists.subarray(at * k, (at + 1) * k), relevant }, k);
    });
    return mean(each);
  };
}

/** Writes our predictions of the held-out ratings, users folded in from their training ratings: `predicted.npy`. */
export function writePredictions(model: Model, { job, train }: { job: Job; train: Interactions }): void {
  const test = readMatrix(job, "test");
  const predicted = new Float32Array(test.items.length);
  for (let user = 0; user < test.userCount; user++) {
    const { items } = historyOf(test, user);
    if (items.length > 0) predicted.set(model.scoreChosen(historyOf(train, user), items), test.starts[user]!);
  }
  writeNpy(join(job.output, "predicted.npy"), predicted);
}

/** RMSE of the predictions that a side wrote, clipped to 1..5. */
export function judgePredictions(data: DataFolder): (output: string) => number {
  const actual = readMatrix(data, "test").values;
  return (output) => {
    const predicted = readFloats(join(output, "predicted.npy"));
    const squares = actual.reduce(
      (sum, rating, at) => sum + (Math.min(5, Math.max(1, predicted[at]!)) - rating) ** 2,
      0,
    );
    return Math.sqrt(squares / actual.length);
  };
}

/** Fits an algorithm `rounds` times (a parameter of the job that is not the algorithm's) on the training part, and times each fit. */
export async function fitRounds(
  job: Job,
  algorithm: Algorithm,
): Promise<{ model: Model; train: Interactions; turn: Omit<Turn, "versions"> }> {
  const { rounds = 1, ...parameters } = job.parameters;
  const train = readMatrix(job, "train");
  const seconds: number[] = [];
  let memoryBytes = 0;
  let model: Model | undefined;
  for (let round = 0; round < Number(rounds); round++) {
    const started = performance.now();
    model = await algorithm.fit(train, parameters);
    seconds.push((performance.now() - started) / 1000);
    memoryBytes ||= peakMemory(); // of the first round, before another one adds to it
  }
  return { model: model as Model, train, turn: { seconds, memoryBytes, details: {} } };
}

import { join } from "node:path";
import { historyOf, type Interactions } from "../src/data/interactions.ts";
import { seededRandom } from "../src/data/random.ts";
import { topItems } from "../src/evaluate/top-items.ts";
import { ials } from "../src/models/ials.ts";
import type { Model } from "../src/models/model.ts";
import { listOf, recommendBatch, type ScoredLists } from "../src/models/recommend-batch.ts";
import { type Job, type OurSide, peakMemory } from "./contest.ts";
import { type DuelResult, duel, duelHead, duelRow } from "./duel.ts";
import { foldInAll } from "./fold-in.ts";
import { grownSet } from "./grown.ts";
import { type DataFolder, handOver, matrixArrays, readMatrix } from "./hand-over.ts";
import type { BenchOptions } from "./movielens.ts";
import { judgeLists } from "./movielens-sets.ts";
import { readFloats, readNpy, writeNpy } from "./npy.ts";
import { publish } from "./report.ts";
import { secondsOf } from "./statistics.ts";

const question = "top-k";
const k = 10;

/** Result of the scan that checks the lists, and the share of the arithmetic that the bounds left. */
export interface TopKDetails {
  readonly scoredShare: number;
  /** Places in the lists of the checked users whose score is not that of a scan over all items, by more than 1e-6 of it. */
  readonly wrongPlaces: number;
  readonly checkedUsers: number;
  readonly greatestDifference: number;
}

/** Lists for all users, with fold-in; outside the clock the lists of the judged users are written and 1,000 users are checked by a scan. */
export const ours: OurSide = async (job) => {
  const train = readMatrix(job, "train");
  const model = ials.load({
    algorithm: ials.name,
    parameters: modelParameters(Number(job.parameters["factors"])),
    itemCount: train.itemCount,
    arrays: { itemFactors: readFloats(join(job.folder, "item-factors.npy")) },
  });
  const started = performance.now();
  const lists = await recommendBatch(model, { histories: train, k, excluded: train });
  const seconds = [(performance.now() - started) / 1000];
  const memoryBytes = peakMemory();
  writeJudged(lists, job);
  const details = { scoredShare: lists.scoredShare, ...compareWithScan(model, { train, lists }) };
  return { seconds, memoryBytes, details };
};

function writeJudged(lists: ScoredLists, job: Job): void {
  const users = readNpy(join(job.folder, "users.npy")).array;
  const judged = new Int32Array(users.length * k).fill(-1);
  for (let at = 0; at < users.length; at++) judged.set(listOf(lists, users[at]!).items, at * k);
  writeNpy(join(job.output, "lists.npy"), judged, [users.length, k]);
}

/** Scores every item of 1,000 random users and compares place by place; items of equal score may change places. */
function compareWithScan(model: Model, { train, lists }: { train: Interactions; lists: ScoredLists }) {
  const random = seededRandom(7);
  const scores = new Float32Array(model.itemCount);
  const checkedUsers = Math.min(1000, train.userCount);
  let wrongPlaces = 0;
  let greatestDifference = 0;
  for (let check = 0; check < checkedUsers; check++) {
    const user = checkedUsers < 1000 ? check : random.below(train.userCount);
    model.scoreItems(historyOf(train, user), scores);
    for (const item of historyOf(train, user).items) scores[item] = Number.NEGATIVE_INFINITY;
    const expected = topItems(scores, k);
    const found = listOf(lists, user).items;
    for (let place = 0; place < expected.length; place++) {
      const wanted = scores[expected[place]!]!;
      const item = found[place];
      const difference = item === undefined ? 1 : Math.abs(scores[item]! - wanted) / Math.abs(wanted);
      greatestDifference = Math.max(greatestDifference, difference);
      if (!(difference <= 1e-6)) wrongPlaces++;
    }
  }
  return { wrongPlaces, checkedUsers, greatestDifference };
}

const modelParameters = (factors: number) => ({
  factors,
  epochs: 6,
  regularization: 0.001,
  unobservedWeight: 0.2,
  seed: 1,
});

/** The grown set with the factors of a model of it: the users' are solved here, since a model of ours knows users by history only. */
async function topKSet(
  dataFolder: string,
  { factors, tiny }: { factors: number; tiny: boolean },
): Promise<DataFolder> {
  return handOver(`top-k-${factors}${tiny ? "-tiny" : ""}-v1`, async () => {
    const grown = await grownSet(dataFolder, { copies: tiny ? 1 : 25, tiny });
    const train = readMatrix(grown, "train");
    const parameters = modelParameters(factors);
    const { itemFactors } = (await ials.fit(train, parameters)).toData().arrays as {
      itemFactors: Float32Array;
    };
    const arrays = {
      ...matrixArrays("train", train),
      ...matrixArrays("test", readMatrix(grown, "test")),
      users: readNpy(join(grown.folder, "users.npy")).array,
      "item-factors": itemFactors,
      "user-factors": foldInAll(itemFactors, train, parameters),
    };
    return { arrays, facts: grown.facts };
  });
}

/** How long do the ten best of 59,296 items take for every user, seen ones removed, against implicit's batch? Tiny: 200 users, 16 factors. */
export async function run({ dataFolder, tiny, rival = false }: BenchOptions): Promise<DuelResult> {
  const factors = tiny ? 16 : 64;
  const data = await topKSet(dataFolder, { factors, tiny });
  const userCount = data.facts["userCount"] as number;
  const result = await duel(
    {
      question,
      data,
      ours,
      rival: { script: "implicit-top-k.py" },
      mine: { factors, k },
      theirs: { factors, k, userCount },
      settings: [{ threads: 1, blasThreads: 2 }, { threads: 2 }],
      judge: judgeLists(data),
    },
    { dataFolder, tiny, rival },
  );
  const details = result.mine[0]?.details as unknown as TopKDetails;
  const rate = (side: DuelResult["mine"]) =>
    side.length === 0 ? "not run" : Math.round(userCount / secondsOf(side)).toLocaleString("en-US");
  publish(
    {
      name: question,
      question:
        "Ten best items for all users of the grown 25 M set, seen items removed, against implicit 0.7.3: must ≤ 1.5, aim ≤ 0.8.",
      head: ["work", ...duelHead],
      rows: [
        duelRow(
          `${userCount} users × ${data.facts["itemCount"]} items, ${factors} factors; quality is NDCG@10`,
          result,
        ),
      ],
      notes: [
        `Users a second: ours ${rate(result.mine)}, implicit ${rate(result.theirs)}. Ours folds every user in from the history within the clock; implicit is given the users' factors.`,
        `Checked against a scan over all items for ${details.checkedUsers} random users: ${details.wrongPlaces} places differ by more than 1e-6 of the score, the greatest difference is ${details.greatestDifference.toPrecision(2)}. Share of the arithmetic for all pairs that was done: ${(100 * details.scoredShare).toFixed(1)} %.`,
        `implicit: threads tried 1 with 2 of BLAS, and 2 with 1; best ${JSON.stringify(result.setting)}. Data checksum ${data.checksum}.`,
      ],
      versions: result.theirs[0]?.versions ?? {},
    },
    { keep: rival && !tiny },
  );
  return result;
}

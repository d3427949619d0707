import { join } from "node:path";
import { ials } from "../src/models/ials.ts";
import {
  alternate,
  changed,
  fastest,
  type Given,
  type Job,
  type OurSide,
  openJob,
  peakMemory,
  runOurs,
  type Turn,
} from "./contest.ts";
import { grownSet } from "./grown.ts";
import { type DataFolder, readMatrix } from "./hand-over.ts";
import type { BenchOptions } from "./movielens.ts";
import { readFloats, readNpy } from "./npy.ts";
import { factorsNdcg, modelNdcg, type RankingTask } from "./ranking-quality.ts";
import { publish } from "./report.ts";
import { runRival } from "./rival.ts";
import { memoryText, ratioOf, ratioText, secondsOf } from "./statistics.ts";

const question = "ials-25m";
const rivalScript = { script: "implicit-als.py" };

/** Parameters of both sides, each at the best of a small search on the same hold-out; see bench/README.md. */
const rivalParameters = { alpha: 5, regularization: 30, epochs: 12, seed: 1 };
const ourParameters = { regularization: 0.001, unobservedWeight: 0.2, epochs: 12, seed: 1 };

/** One row of the table, for tests. */
export interface AlsResult {
  readonly factors: number;
  /** NDCG@10 after 1, 2, … epochs, each a fit of its own. */
  readonly curve: readonly number[];
  readonly rivalCurve: readonly number[];
  readonly seconds: number;
}

/** Fits once, and judges the model outside the clock where the job asks for it. */
export const ours: OurSide = async (job) => {
  const { judge = 0, ...parameters } = job.parameters;
  const train = readMatrix(job, "train");
  const started = performance.now();
  const model = await ials.fit(train, parameters);
  const seconds = [(performance.now() - started) / 1000];
  const memoryBytes = peakMemory();
  return {
    seconds,
    memoryBytes,
    details: judge === 0 ? {} : { ndcg: modelNdcg(model, judgedBy(job, train)) },
  };
};

function judgedBy(job: Pick<Job, "folder" | "facts">, train = readMatrix(job, "train")): RankingTask {
  const users = readNpy(join(job.folder, "users.npy")).array as Int32Array;
  return { train, test: readMatrix(job, "test"), users };
}

/**
 * How long does implicit ALS take to the quality that implicit 0.7.3 has after 12 iterations, on the grown set of 25 M ratings?
 * NDCG@10 of 5,000 seeded users on a seeded 5 % hold-out, after each epoch, outside the clock. Tiny: 200 users, few factors.
 */
export async function run({ dataFolder, tiny, rival = false }: BenchOptions): Promise<AlsResult[]> {
  const data = await grownSet(dataFolder, { copies: tiny ? 1 : 25, tiny });
  console.log(`${JSON.stringify(data.facts)}, checksum ${data.checksum}`);
  const contests: Contest[] = [];
  for (const factors of tiny ? [16] : [64, 128]) contests.push(await contest(data, { factors, tiny, rival }));
  print(data, contests, rival && !tiny);
  return contests.map(({ factors, curve, rivalCurve, equalEpochs }) => {
    return { factors, curve, rivalCurve, seconds: secondsOf(equalEpochs["ours"] as Turn[]) };
  });
}

type Contest = Awaited<ReturnType<typeof contest>>;

async function contest(data: DataFolder, given: { factors: number; tiny: boolean; rival: boolean }) {
  const { factors, tiny, rival } = given;
  const mine = openJob(data, { ...ourParameters, factors });
  const theirs = openJob(data, { ...rivalParameters, factors });
  try {
    const runMine = (parameters: Given) =>
      runOurs({ question, ours, inProcess: tiny }, changed(mine, parameters));
    const threads = rival
      ? await fastest([{ threads: 1 }, { threads: 2 }], (setting) =>
          runRival(rivalScript, changed(theirs, { ...setting, epochs: 2 })),
        )
      : {};
    const rivalCurve = rival ? await curveOf(changed(theirs, threads)) : [];
    const goal = rivalCurve.at(-1) ?? Number.POSITIVE_INFINITY;
    const curve: number[] = [];
    for (let epochs = 1; epochs <= (tiny ? 3 : ourParameters.epochs); epochs++) {
      const { details } = await runMine({ epochs, judge: 1 });
      curve.push(details["ndcg"] as number);
      console.log(`  ours after ${epochs}: NDCG@10 ${curve.at(-1)?.toFixed(4)}`);
      if (curve.at(-1)! >= goal) break;
    }
    const enough = curve.at(-1)! >= goal ? curve.length : undefined;
    const sides = {
      ours: () => runMine(tiny ? { epochs: 3 } : {}),
      ...(enough === undefined ? {} : { enough: () => runMine({ epochs: enough }) }),
      ...(rival ? { implicit: () => runRival(rivalScript, changed(theirs, threads)) } : {}),
    } as Record<"ours" | "enough" | "implicit", () => Promise<Turn>>;
    const equalEpochs = await alternate(sides, tiny ? 1 : 3);
    return { factors, threads, rivalCurve, curve, enough, equalEpochs };
  } finally {
    mine.close();
    theirs.close();
  }
}

/** NDCG@10 of the rival's factors after each of its iterations; at the end the better of its users' factors as they are and solved again. */
async function curveOf(job: Job): Promise<number[]> {
  await runRival(rivalScript, changed(job, { snapshots: 1 }));
  const task = judgedBy(job);
  const ndcg = (users: string, items: string) => {
    const floats = (name: string) => readFloats(join(job.output, `${name}.npy`));
    return factorsNdcg({ users: floats(users), items: floats(items) }, task);
  };
  const epochs = Number(job.parameters["epochs"]);
  const curve = Array.from({ length: epochs }, (_, at) => ndcg(`users-${at + 1}`, `items-${at + 1}`));
  const solved = ndcg("users-solved", `items-${epochs}`);
  console.log(
    `  implicit: ${curve.map((each) => each.toFixed(4)).join(" ")}, solved again ${solved.toFixed(4)}`,
  );
  return [...curve.slice(0, -1), Math.max(curve.at(-1)!, solved)];
}

function print(data: DataFolder, contests: readonly Contest[], keep: boolean): void {
  const rows = contests.map(({ factors, threads, rivalCurve, curve, enough, equalEpochs }) => {
    const { ours: mine, enough: short, implicit: theirs } = equalEpochs;
    return [
      `${factors}`,
      theirs ? `${secondsOf(theirs).toFixed(1)} s, NDCG@10 ${rivalCurve.at(-1)?.toFixed(4)}` : "–",
      theirs && short
        ? `**${ratioText(ratioOf({ ours: short, rival: theirs }))}** (${enough} epochs, ${secondsOf(short).toFixed(1)} s, NDCG@10 ${curve.at(-1)?.toFixed(4)})`
        : "not reached",
      `${theirs ? ratioText(ratioOf({ ours: mine, rival: theirs })) : "–"} (${secondsOf(mine).toFixed(1)} s)`,
      `${memoryText(mine)} / ${theirs ? memoryText(theirs) : "–"}`,
      `${threads["threads"] ?? "–"}`,
    ];
  });
  const { userCount, itemCount, ratings, trainRatings } = data.facts;
  publish(
    {
      name: question,
      question:
        "Implicit ALS on the grown 25 M set against implicit 0.7.3 (CG, 3 steps): time to the quality that implicit has after 12 iterations, and at 12 epochs.",
      head: [
        "factors",
        "implicit, 12 iterations",
        "ratio to the same quality (must ≤ 0.5; 128: ≤ 0.6)",
        "ratio at equal epochs",
        "memory ours / implicit",
        "implicit's threads",
      ],
      rows,
      notes: [
        `Synthetic: MovieLens-1M grown to ${userCount} users × ${itemCount} items, ${ratings} ratings, all of weight 1; ${trainRatings} to train on, 5,000 seeded users judged on the rest. Data checksum ${data.checksum}.`,
        `implicit: ${JSON.stringify(rivalParameters)}, OPENBLAS_NUM_THREADS=1, threads tried 1 and 2. Ours: ${JSON.stringify(ourParameters)}.`,
      ],
      versions: contests[0]?.equalEpochs.implicit?.[0]?.versions ?? {},
    },
    { keep },
  );
}

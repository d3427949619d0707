import { existsSync } from "node:fs";
import { join } from "node:path";
import { ials } from "../src/models/ials.ts";
import type { OurSide } from "./contest.ts";
import { type DuelResult, duel, duelHead, duelRow } from "./duel.ts";
import { type DataFolder, readMatrix } from "./hand-over.ts";
import type { BenchOptions } from "./movielens.ts";
import { fitRounds, judgeLists, movielens1mSet, writeLists } from "./movielens-sets.ts";
import { readFloats, readNpy } from "./npy.ts";
import { factorsNdcg } from "./ranking-quality.ts";
import { publish } from "./report.ts";

const question = "ials-1m-spark";

/** Fits implicit ALS and writes the lists of the judged users outside the clock. */
export const ours: OurSide = async (job) => {
  const { model, train, turn } = await fitRounds(job, ials);
  writeLists(model, { job, train });
  return turn;
};

const sparkParameters = { alpha: 5, regularization: 0.01 };
const ourParameters = { regularization: 0.007, unobservedWeight: 0.3 };

/** How long does implicit ALS take on MovieLens-1M against Spark in one JVM, first and second fit? Tiny: 300 users, 8 factors. */
export async function run({ dataFolder, tiny, rival = false }: BenchOptions): Promise<DuelResult> {
  const data = await movielens1mSet(dataFolder, { share: 0.05, seed: 1, binary: true, tiny });
  const size = { factors: tiny ? 8 : 64, epochs: 10, seed: 1, rounds: 2 };
  const result = await duel(
    {
      question,
      data,
      ours,
      rival: { script: "spark-als.py", requirements: "requirements-spark.txt" },
      mine: { ...size, ...ourParameters },
      theirs: { ...size, ...sparkParameters },
      settings: [{ threads: 2 }],
      turns: 2,
      judge: judge(data),
    },
    { dataFolder, tiny, rival },
  );
  publish(
    {
      name: question,
      question:
        "Implicit ALS on MovieLens-1M, 64 factors × 10, against Spark 4.2 `local[2]`, first and second fit in one process: must ≤ 0.03, aim ≤ 0.01.",
      head: ["work", ...duelHead],
      rows: [duelRow(`${size.factors} factors × ${size.epochs}; quality is NDCG@10`, result)],
      notes: [
        `All ratings weigh 1, ${data.facts["trainRatings"]} to train on, 5 % held out (seed 1), all users judged. Data checksum ${data.checksum}.`,
        `Spark: ${JSON.stringify(sparkParameters)}, ratings cached before the clock starts, memory is that of the JVM; start of the JVM not counted, BLAS in Java as the package comes. Ours: ${JSON.stringify(ourParameters)}.`,
      ],
      versions: result.theirs[0]?.versions ?? {},
    },
    { keep: rival && !tiny },
  );
  return result;
}

/** Ours writes lists, Spark's side factors. */
function judge(data: DataFolder): (output: string) => number {
  const ofLists = judgeLists(data);
  return (output) => {
    if (existsSync(join(output, "lists.npy"))) return ofLists(output);
    const task = {
      train: readMatrix(data, "train"),
      test: readMatrix(data, "test"),
      users: readNpy(join(data.folder, "users.npy")).array as Int32Array,
    };
    const floats = (name: string) => readFloats(join(output, `${name}.npy`));
    return factorsNdcg({ users: floats("users"), items: floats("items") }, task);
  };
}

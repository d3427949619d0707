import { algorithms } from "../src/models/algorithms.ts";
import type { Algorithm } from "../src/models/model.ts";
import type { OurSide } from "./contest.ts";
import { type DuelResult, duel, duelHead, duelRow } from "./duel.ts";
import type { BenchOptions } from "./movielens.ts";
import { fitRounds, judgeLists, movielens1mSet, writeLists } from "./movielens-sets.ts";
import { publish } from "./report.ts";

const question = "ease";

/** Fits EASE and writes the lists of the judged users outside the clock. */
export const ours: OurSide = async (job) => {
  const { model, train, turn } = await fitRounds(job, algorithms["ease"] as Algorithm);
  writeLists(model, { job, train });
  return turn;
};

/** How long does EASE take on MovieLens-1M against NumPy in 64 bits at its best number of threads? Tiny: 300 users. */
export async function run({ dataFolder, tiny, rival = false }: BenchOptions): Promise<DuelResult> {
  const data = await movielens1mSet(dataFolder, { share: 0.05, seed: 1, binary: true, tiny });
  const result = await duel(
    {
      question,
      data,
      ours: algorithms["ease"] ? ours : undefined,
      rival: { script: "numpy-ease.py" },
      mine: { regularization: 1000, rounds: 2 },
      theirs: { l2: 1000, rounds: 2 },
      settings: [{ blasThreads: 1 }, { blasThreads: 2 }],
      judge: judgeLists(data),
    },
    { dataFolder, tiny, rival },
  );
  publish(
    {
      name: question,
      question: "EASE with l2 1,000 on MovieLens-1M against NumPy in float64: must ≤ 1.0, aim ≤ 0.5.",
      head: ["work", ...duelHead],
      rows: [duelRow(`${data.facts["itemCount"]} items; quality is NDCG@10`, result)],
      notes: [
        `All ratings weigh 1, ${data.facts["trainRatings"]} to train on, 5 % held out (seed 1), all users judged. Data checksum ${data.checksum}.`,
        `NumPy: SciPy's sparse product, \`numpy.linalg.inv\`, BLAS threads tried 1 and 2, best ${result.setting["blasThreads"] ?? "–"}.`,
      ],
      versions: result.theirs[0]?.versions ?? {},
    },
    { keep: rival && !tiny },
  );
  return result;
}

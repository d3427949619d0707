import { itemKnn } from "../src/models/item-knn.ts";
import type { OurSide } from "./contest.ts";
import { type DuelResult, duel, duelHead, duelRow } from "./duel.ts";
import type { BenchOptions } from "./movielens.ts";
import { fitRounds, judgeLists, movielens1mSet, writeLists } from "./movielens-sets.ts";
import { publish } from "./report.ts";

const question = "item-knn";

/** Fits item-kNN with BM25 weights and writes the lists of the judged users outside the clock. */
export const ours: OurSide = async (job) => {
  const { model, train, turn } = await fitRounds(job, itemKnn);
  writeLists(model, { job, train });
  return turn;
};

/** How long does item-kNN with BM25 weights take on MovieLens-1M against implicit's, 100 neighbours? Tiny: 300 users. */
export async function run({ dataFolder, tiny, rival = false }: BenchOptions): Promise<DuelResult> {
  const data = await movielens1mSet(dataFolder, { share: 0.05, seed: 1, binary: true, tiny });
  const bm25 = { neighbours: 100, k1: 1.2, b: 0.75, rounds: 2 };
  const result = await duel(
    {
      question,
      data,
      ours,
      rival: { script: "implicit-knn.py" },
      mine: { ...bm25, weighting: "bm25", similarity: "product" },
      theirs: bm25,
      settings: [{ threads: 1 }, { threads: 2 }],
      judge: judgeLists(data),
    },
    { dataFolder, tiny, rival },
  );
  publish(
    {
      name: question,
      question:
        "Item-kNN with BM25 weights and 100 neighbours on MovieLens-1M against implicit 0.7.3: must ≤ 1.0, aim ≤ 0.5.",
      head: ["work", ...duelHead],
      rows: [duelRow(`${data.facts["itemCount"]} items; quality is NDCG@10`, result)],
      notes: [
        `All ratings weigh 1, ${data.facts["trainRatings"]} to train on, 5 % held out (seed 1), all users judged. Data checksum ${data.checksum}.`,
        `implicit: K1 1.2, B 0.75, threads tried 1 and 2, best ${result.setting["threads"] ?? "–"}.`,
      ],
      versions: result.theirs[0]?.versions ?? {},
    },
    { keep: rival && !tiny },
  );
  return result;
}

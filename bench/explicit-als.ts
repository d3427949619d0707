import { biasedMf } from "../src/models/biased-mf.ts";
import type { OurSide } from "./contest.ts";
import { type DuelResult, duel, duelHead, duelRow } from "./duel.ts";
import type { BenchOptions } from "./movielens.ts";
import { fitRounds, judgePredictions, movielens1mSet, writePredictions } from "./movielens-sets.ts";
import { publish } from "./report.ts";

const question = "explicit-als";

/** Fits explicit ALS and predicts the held-out ratings outside the clock. */
export const ours: OurSide = async (job) => {
  const { model, train, turn } = await fitRounds(job, biasedMf);
  writePredictions(model, { job, train });
  return turn;
};

const works = [
  { share: 0.1, seed: 1, factors: 50, epochs: 15 },
  { share: 0.2, seed: 42, factors: 32, epochs: 10 },
] as const;

/**
 * How long does explicit ALS with biases take against cmfrec's conjugate gradients on MovieLens-1M, and how well does it predict: 90/10
 * with 50 factors and 15 epochs, 80/20 with 32 and 10? Tiny: 300 users, 8 factors.
 */
export async function run({ dataFolder, tiny, rival = false }: BenchOptions): Promise<DuelResult[]> {
  const results: DuelResult[] = [];
  for (const { share, seed, factors, epochs } of works) {
    const data = await movielens1mSet(dataFolder, { share, seed, binary: false, tiny });
    const size = { factors: tiny ? 8 : factors, epochs, seed: 0 };
    const given = {
      question,
      data,
      ours,
      rival: { script: "cmfrec-als.py", requirements: "requirements-cmfrec.txt" },
      mine: { ...size, rounds: 2 },
      theirs: { ...size, rounds: 2, lambda: 0.05, cg: 1 },
      settings: [{ threads: 1 }, { threads: 2 }],
      judge: judgePredictions(data),
    };
    results.push(await duel(given, { dataFolder, tiny, rival }));
  }
  const rows = works.map(({ share, seed, factors, epochs }, at) => {
    const { threads = "–" } = results[at]!.setting;
    const label = `${100 - share * 100}/${share * 100} (seed ${seed}), ${factors} factors × ${epochs}; cmfrec on ${threads} threads`;
    return duelRow(label, results[at]!);
  });
  publish(
    {
      name: question,
      question:
        "Explicit ALS with biases on MovieLens-1M against cmfrec 3.5.1 (CG, then one Cholesky pass): must ≤ 0.7, aim ≤ 0.3; RMSE must ≤ 0.857 and ≤ 0.867.",
      head: ["work", ...duelHead],
      rows,
      notes: [
        "Quality is RMSE of predictions clipped to 1..5; random seeded hold-out. cmfrec: lambda 0.05 scaled by the number of ratings, 32-bit floats, threads tried 1 and 2; ours: the defaults of `biased-mf`.",
      ],
      versions: results[0]?.theirs[0]?.versions ?? {},
    },
    { keep: rival && !tiny },
  );
  return results;
}

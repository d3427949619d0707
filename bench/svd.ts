import { algorithms } from "../src/models/algorithms.ts";
import type { Algorithm } from "../src/models/model.ts";
import type { OurSide } from "./contest.ts";
import { type DuelResult, duel, duelHead, duelRow } from "./duel.ts";
import type { BenchOptions } from "./movielens.ts";
import { fitRounds, judgePredictions, movielens1mSet, writePredictions } from "./movielens-sets.ts";
import { publish } from "./report.ts";

const question = "svd";

/** Fits SVD and predicts the held-out ratings outside the clock. */
export const ours: OurSide = async (job) => {
  const { model, train, turn } = await fitRounds(job, algorithms["svd"] as Algorithm);
  writePredictions(model, { job, train });
  return turn;
};

/**
 * How long does biased SVD by stochastic gradient descent take against Surprise's: 100 factors, 20 epochs, one random fold of five of
 * MovieLens-1M? Tiny: 300 users, 8 factors.
 */
export async function run({ dataFolder, tiny, rival = false }: BenchOptions): Promise<DuelResult> {
  const data = await movielens1mSet(dataFolder, { share: 0.2, seed: 1, binary: false, tiny });
  const size = { factors: tiny ? 8 : 100, epochs: 20, seed: 0 };
  const result = await duel(
    {
      question,
      data,
      ours: algorithms["svd"] ? ours : undefined,
      rival: { script: "surprise-svd.py" },
      mine: { ...size, rounds: 2 },
      theirs: size,
      settings: [{ threads: 1 }],
      judge: judgePredictions(data),
    },
    { dataFolder, tiny, rival },
  );
  publish(
    {
      name: question,
      question:
        "SVD by stochastic gradient descent, 100 factors and 20 epochs, against Surprise 1.1.5: must ≤ 0.25, aim ≤ 0.1.",
      head: ["work", ...duelHead],
      rows: [duelRow("MovieLens-1M, one fold of 5; quality is RMSE", result)],
      notes: [
        `${data.facts["trainRatings"]} ratings to train on, ${data.facts["testRatings"]} held out at random (seed 1), predictions clipped to 1..5. Data checksum ${data.checksum}.`,
        "Surprise has one thread and its default parameters; ours those of the same names, a user folded in from the training ratings.",
      ],
      versions: result.theirs[0]?.versions ?? {},
    },
    { keep: rival && !tiny },
  );
  return result;
}

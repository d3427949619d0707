import { beforeEach, describe, expect, it } from "vitest";
import type { TrainingReport } from "../../src/contracts/release.ts";
import { historyOf } from "../../src/data/interactions.ts";
import { weightsOfRatings } from "../../src/data/signals.ts";
import { splitByUser } from "../../src/data/split.ts";
import { UsherError } from "../../src/errors.ts";
import type { Algorithm, FitRun, Parameters } from "../../src/models/model.ts";
import type { AlgorithmTable } from "../../src/registry/candidates.ts";
import { type TrainRequest, trainRelease } from "../../src/registry/train-release.ts";
import { type PlantedScore, plantedAlgorithm } from "./planted-models.ts";
import { trainingSet, twoTastes } from "./small-sets.ts";

const byCount: PlantedScore = (item, { fittedOn }) => {
  let count = 0;
  for (const other of fittedOn.items) if (other === item) count++;
  return count;
};
/** Items of the parity that the history has most of; `strength` of 1 is perfect, 0 turns the taste round. */
const byTaste: PlantedScore = (item, { history, parameters }) => {
  const even = history.items.filter((other) => other % 2 === 0).length * 2 > history.items.length;
  const isOwn = (item % 2 === 0) === even;
  return (isOwn === Number(parameters["strength"] ?? 1) > 0 ? 100 : 0) - item;
};
const meanRating: PlantedScore = (_item, { parameters }) => ((parameters["factors"] ?? 1) === 0 ? 4.4 : 2);

let fits: { name: string; entries: number; parameters: Parameters }[] = [];
beforeEach(() => {
  fits = [];
});

const table = (more: Record<string, Algorithm> = {}): AlgorithmTable => ({
  popularity: plantedAlgorithm({ name: "popularity", score: byCount, fits }),
  taste: plantedAlgorithm({ name: "taste", parameters: ["strength", "seed"], score: byTaste, fits }),
  "biased-mf": plantedAlgorithm({
    name: "biased-mf",
    purpose: "rating",
    parameters: ["factors"],
    score: meanRating,
    fits,
  }),
  ...more,
});

const set = twoTastes();

/** Popularity's order, but for user 0, whose held-out wish it knows: better in the mean, by one user of 80. */
const lucky = (() => {
  const { train: kept, test } = splitByUser(set.ratings, { share: 0.2, seed: 7 });
  const wish = historyOf(weightsOfRatings(test), 0).items[0];
  const own = String(historyOf(weightsOfRatings(kept), 0).items);
  const score: PlantedScore = (item, known) =>
    item === wish && String(known.history.items) === own ? 1e6 : byCount(item, known);
  return plantedAlgorithm({ name: "lucky", score });
})();
const taste = { algorithm: "taste", parameters: {} };
const turned = { algorithm: "taste", parameters: { strength: 0 } };
const popularity = { algorithm: "popularity", parameters: {} };
const factors = { algorithm: "biased-mf", parameters: { factors: 1 } };
const train = (more: Partial<TrainRequest>) =>
  trainRelease({ set, seed: 7, candidates: [taste, factors], algorithms: table(), ...more });

const refusal = async (request: Partial<TrainRequest>): Promise<UsherError> => {
  const error = await train(request).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof UsherError) return error;
  throw new Error(`expected an UsherError, got ${error}`);
};

describe("the rater that serves", () => {
  it("takes part, so that a training without raters does not publish a worse one", async () => {
    const presentRater = { algorithm: "biased-mf", parameters: { factors: 8, seed: 7 } };
    const { report, rater } = await trainRelease({ set, seed: 7, candidates: [popularity], presentRater });
    expect(report.raters).toHaveLength(2);
    const best = Math.min(...report.raters.map(({ rmse }) => rmse));
    expect(report.raters.find(({ rmse }) => rmse === best)?.parameters).toEqual(rater.parameters);
    expect((await trainRelease({ set, seed: 7, candidates: [popularity] })).report.raters).toHaveLength(1);
  });
});

describe("choosing the ranker", () => {
  it("takes the one with the best NDCG whose interval against popularity lies above 0", async () => {
    const { report, ranker } = await train({ candidates: [popularity, turned, taste, factors] });
    expect(ranker.algorithm).toBe("taste");
    expect(report.chosen.ranker).toEqual({ algorithm: "taste", parameters: { strength: 1, seed: 7 } });
    const [, , chosen] = report.rankers;
    expect(chosen?.ndcg_against_popularity?.low).toBeGreaterThan(0);
    expect(chosen?.ndcg).toBeGreaterThan(report.rankers[0]?.ndcg ?? 1);
    expect(report.chosen.reason).toContain("taste has the best NDCG@10");
  });

  it("takes popularity, and says so, where nothing beats it", async () => {
    const { report, ranker } = await train({ candidates: [turned, factors] });
    expect(ranker.algorithm).toBe("popularity");
    expect(report.chosen.reason).toContain("no candidate is better");
    expect(report.rankers.map(({ algorithm }) => algorithm)).toEqual(["taste", "popularity"]);
    expect(report.rankers[0]?.ndcg_against_popularity?.high).toBeLessThan(0);
    expect(report.rankers[1]?.ndcg_against_popularity).toBeNull();
  });

  it("a better mean is not enough: the interval must lie above 0", async () => {
    const { report } = await train({
      candidates: [{ algorithm: "lucky", parameters: {} }],
      algorithms: table({ lucky }),
    });
    const [candidate, baseline] = report.rankers;
    expect(candidate?.ndcg).toBeGreaterThan(baseline?.ndcg ?? 1);
    expect(candidate?.ndcg_against_popularity?.low).toBeLessThanOrEqual(0);
    expect(report.chosen.ranker.algorithm).toBe("popularity");
  });

  it.each([
    ["nowhere", () => 2],
    ["only in what is held out", (item: number) => (item < 8 ? 1 : 5)],
  ])("takes popularity where liking shows %s", async (_case, ratingOf) => {
    const pairs = Array.from({ length: 200 }, (_, at) => ({ user: Math.floor(at / 10), item: at % 10 }));
    const { report, ranker } = await trainRelease({
      set: trainingSet({
        users: Int32Array.from(pairs, ({ user }) => user),
        items: Int32Array.from(pairs, ({ item }) => item),
        values: Float32Array.from(pairs, ({ item }) => ratingOf(item)),
        times: Float64Array.from(pairs, ({ item }) => item),
      }),
      seed: 7,
    });
    expect(ranker.algorithm).toBe("popularity");
    expect(report.rankers.map(({ algorithm }) => algorithm)).toEqual(["popularity"]);
  });

  it("takes popularity where nothing could be held out", async () => {
    const tiny = trainingSet({
      users: Int32Array.of(0, 1),
      items: Int32Array.of(0, 1),
      values: Float32Array.of(5, 4),
    });
    const { report } = await train({ set: tiny });
    expect(report.split).toMatchObject({ train_ratings: 2, test_ratings: 0, users_evaluated: 0 });
    expect(report.chosen.reason).toContain("no user has enough ratings");
    expect(report.rankers.every(({ ndcg_against_popularity }) => ndcg_against_popularity === null)).toBe(
      true,
    );
  });
});

describe("choosing the rater", () => {
  it("takes the lowest RMSE, with the baseline beside it though nobody named it", async () => {
    // ratings are 5 and 2, most are 5: the planted baseline (4.4) is nearer than the planted factors (2)
    const { report, rater } = await train({});
    expect(report.raters.map(({ parameters }) => parameters["factors"])).toEqual([1, 0]);
    expect(rater.parameters["factors"]).toBe(0);
    expect(report.raters[0]?.rmse_against_baseline?.low).toBeGreaterThan(0);
    expect(report.raters[1]?.rmse_against_baseline).toBeNull();
    expect(report.chosen.rater.parameters["factors"]).toBe(0);
  });
});

describe("the gate", () => {
  const good = { algorithm: "taste", parameters: { strength: 1, seed: 7 } };

  it("accepts the first release", async () => {
    const { report } = await train({});
    expect(report.gate).toEqual({ decision: "accepted", reason: "no release serves yet" });
  });

  it("refuses a ranker that is worse than the one that serves, and keeps the report", async () => {
    const error = await refusal({ candidates: [turned], present: good });
    expect(error.code).toBe("GATE_REFUSED");
    const report = error.details["report"] as TrainingReport;
    expect(report.gate.decision).toBe("refused");
    expect(report.gate.present).toEqual(good);
    expect(report.gate.ndcg_against_present?.high).toBeLessThan(0);
    // the chosen one was popularity; the present one was fitted for the gate only, and could not be chosen
    expect(report.chosen.ranker.algorithm).toBe("popularity");
    expect(report.rankers.map(({ parameters }) => parameters["strength"])).toEqual([0, undefined, 1]);
    expect(fits.filter(({ entries }) => entries === weightsOfRatings(set.ratings).items.length)).toEqual([]);
  });

  it("accepts a better one, with the interval against the present", async () => {
    const { report } = await train({ present: { algorithm: "popularity", parameters: {} } });
    expect(report.gate.decision).toBe("accepted");
    expect(report.gate.ndcg_against_present?.low).toBeGreaterThan(0);
  });

  it("accepts one that is worse in the mean, but not beyond its interval", async () => {
    const present = { algorithm: "lucky", parameters: {} };
    const { report } = await train({ candidates: [turned], algorithms: table({ lucky }), present });
    expect(report.chosen.ranker.algorithm).toBe("popularity");
    expect(report.gate.ndcg_against_present?.difference).toBeLessThan(0);
    expect(report.gate.ndcg_against_present?.low).toBeLessThan(0);
    expect(report.gate.decision).toBe("accepted");
  });

  it("fits a present ranker that is among the candidates only once", async () => {
    const { report } = await train({ present: good });
    expect(report.gate.reason).toContain("the same model");
    expect(fits.filter(({ name }) => name === "taste")).toHaveLength(2); // train split, all data
  });

  it("does not compare with a ranker that this version cannot refit", async () => {
    for (const present of [
      { algorithm: "gone", parameters: {} },
      { algorithm: "taste", parameters: { renamed: 1 } },
      { algorithm: "biased-mf", parameters: { factors: 1 } },
    ]) {
      const { report } = await train({ candidates: [turned], present });
      expect(report.gate).toMatchObject({ decision: "accepted", present });
      expect(report.gate.reason).toContain("cannot be refitted");
    }
  });
});

describe("fitting", () => {
  it("gives rankers weights and raters ratings: first of the train split, then the winners of everything", async () => {
    await train({});
    const split = splitByUser(set.ratings, { share: 0.2, seed: 7 });
    const weights = weightsOfRatings(split.train).items.length;
    const parameters = { strength: 1, seed: 7 };
    expect(fits).toEqual([
      { name: "taste", entries: weights, parameters },
      { name: "biased-mf", entries: split.train.items.length, parameters: { factors: 1 } },
      { name: "popularity", entries: weights, parameters: {} },
      { name: "biased-mf", entries: split.train.items.length, parameters: { factors: 0 } },
      { name: "taste", entries: weightsOfRatings(set.ratings).items.length, parameters },
      { name: "biased-mf", entries: set.ratings.items.length, parameters: { factors: 0 } },
    ]);
  });

  it("tells the phases in order, each fraction growing to 1 at most", async () => {
    const events: { phase: string; fraction: number }[] = [];
    await train({ onProgress: ({ phase, fraction = 0 }) => void events.push({ phase, fraction }) });
    const runs = events.map(({ phase }) => phase).filter((phase, at, all) => phase !== all[at - 1]);
    expect(runs).toEqual(["train", "evaluate", "train"]);
    for (const [at, event] of events.entries()) {
      const before = events[at - 1];
      expect(event.fraction).toBeLessThanOrEqual(1);
      if (before?.phase === event.phase) expect(event.fraction).toBeGreaterThanOrEqual(before.fraction);
    }
  });

  it("the same seed gives the same report, another seed another split", async () => {
    const [first, again, other] = await Promise.all([train({}), train({}), train({ seed: 8 })]);
    expect(again.report).toEqual(first.report);
    expect(other.report.rankers).not.toEqual(first.report.rankers);
  });

  it("hands the signal to the algorithms and stops between two of them", async () => {
    const cancel = new AbortController();
    let run: FitRun | undefined;
    const algorithms = table({
      taste: plantedAlgorithm({
        name: "taste",
        parameters: ["strength", "seed"],
        score: byTaste,
        fits,
        onFit: (given) => {
          run = given;
          cancel.abort();
        },
      }),
    });
    const error = await refusal({ algorithms, signal: cancel.signal });
    expect(error.code).toBe("CANCELLED");
    expect(run?.signal).toBe(cancel.signal);
    expect(fits).toHaveLength(1);
  });
});

describe("what cannot be trained", () => {
  it("no ratings: DATA_EMPTY", async () => {
    const nothing = trainingSet({
      users: new Int32Array(0),
      items: new Int32Array(0),
      values: new Float32Array(0),
    });
    expect((await refusal({ set: nothing })).code).toBe("DATA_EMPTY");
  });

  it("an algorithm that there is not: MODEL_UNKNOWN, naming those that there are", async () => {
    const error = await refusal({ candidates: [{ algorithm: "toString", parameters: {} }] });
    expect(error.code).toBe("MODEL_UNKNOWN");
    expect(error.message).toContain("popularity, taste, biased-mf");
  });

  it("a parameter that there is not: MODEL_PARAMETER", async () => {
    const error = await refusal({ candidates: [{ algorithm: "taste", parameters: { factor: 1 } }] });
    expect(error.code).toBe("MODEL_PARAMETER");
  });
});

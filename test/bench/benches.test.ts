import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run as living } from "../../bench/living.ts";
import { run as leaveOneOut } from "../../bench/ncf-leave-one-out.ts";
import { run as ratingFolds } from "../../bench/rating-5-fold.ts";
import { run as serving } from "../../bench/serving.ts";
import { run as serving25m } from "../../bench/serving-25m.ts";
import { run as simulateRetrain } from "../../bench/simulate-retrain.ts";
import { run as walking } from "../../bench/walking.ts";

const dataFolder = process.env["USHER_DATA"] ?? "../shared/data";
const has = (path: string) => {
  const isThere = existsSync(join(dataFolder, path));
  if (!isThere)
    console.warn(`SKIPPED: ${path} is not in ${dataFolder}; set USHER_DATA to the folder of the data sets`);
  return isThere;
};

describe.skipIf(!has("ml-1m/ncf-leave-one-out.test.tsv"))("bench ncf-leave-one-out, tiny", () => {
  it("ranks the held-out film better than popularity does, the same in every run", async () => {
    const results = await leaveOneOut({ dataFolder, tiny: true });
    expect(results.map(({ label }) => label)).toEqual(["popularity", "item-knn", "ials 16"]);
    const [popularity, knn, ials] = results;
    expect(popularity!.hitRate).toBeGreaterThan(0.3);
    expect(knn!.ndcg).toBeGreaterThan(popularity!.ndcg);
    expect(ials!.ndcg).toBeGreaterThan(popularity!.ndcg);
    const again = await leaveOneOut({ dataFolder, tiny: true });
    expect(again.map(({ checksum }) => checksum)).toEqual(results.map(({ checksum }) => checksum));
  });
});

describe.skipIf(!has("ml-100k/u1.base"))("bench rating-5-fold", () => {
  it("tiny: predicts better with factors than without", async () => {
    const [biases, factors] = await ratingFolds({ dataFolder, tiny: true });
    expect(biases!.rmse).toBeLessThan(0.97);
    expect(factors!.rmse).toBeLessThan(biases!.rmse - 0.005);
  });

  it("whole: RMSE at most 0.92 over the five folds of MovieLens-100K, at least 0.005 below no factors", async () => {
    const [biases, factors] = await ratingFolds({ dataFolder, tiny: false });
    expect(factors!.folds).toHaveLength(5);
    expect(factors!.rmse).toBeLessThan(0.92);
    expect(factors!.rmse).toBeLessThan(biases!.rmse - 0.005);
  });
});

describe("bench walking, tiny", () => {
  it("walks the whole path on the demo and is answered without an error", async () => {
    const result = await walking({ dataFolder, tiny: true });
    expect(result.requestsPerSecond).toBeGreaterThan(0);
    expect(result.latencyMsP99).toBeGreaterThanOrEqual(result.latencyMsP50);
    expect(result.checksum).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe("bench living, tiny", () => {
  it("takes events, changes every answer, replays what the log holds, and gives the same lists each time", async () => {
    const result = await living({ dataFolder, tiny: true });
    for (const perSecond of [result.batchedPerSecond, result.singlePerSecond, result.bareLogPerSecond])
      expect(perSecond).toBeGreaterThan(0);
    expect(result.singleMsP99).toBeGreaterThan(0);
    expect(result.changedMsP99).toBeGreaterThanOrEqual(result.changedMsP50);
    expect([result.unchanged, result.replayed]).toEqual([0, 2000]);
    expect(result.checksum).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe("bench serving, tiny", () => {
  it("serves lists while people act, beside a server built by hand", async () => {
    const { usher, rival } = await serving({ dataFolder, tiny: true });
    const large = await serving25m({ dataFolder, tiny: true });
    for (const { perSecond, msP50, msP99, bytesPerAnswer } of [usher, rival, ...large]) {
      expect(perSecond).toBeGreaterThan(0);
      expect(msP99).toBeGreaterThanOrEqual(msP50);
      expect(bytesPerAnswer).toBeGreaterThan(100);
    }
  });
});

describe("bench simulate-retrain, tiny", () => {
  it("serves every request before, during and after a retraining, whose release is taken up", async () => {
    const { summary, listMs, run } = await simulateRetrain({ dataFolder, tiny: true });
    expect([summary.failures, summary.isServed, summary.modelVersions]).toEqual([
      [],
      true,
      ["v0001", "v0002"],
    ]);
    expect(run.status).toBe("succeeded");
    const { before, during, after } = listMs;
    for (const { count, p50, p99 } of [before, during, after]) {
      expect(count).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
    }
    expect(before.count + during.count + after.count).toBe(summary.lists.asked);
    expect(summary.events.accepted).toBeGreaterThan(100);
  });
});

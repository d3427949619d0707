import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { run as ease } from "../../bench/ease.ts";
import { run as explicitAls } from "../../bench/explicit-als.ts";
import { run as ialsSpark } from "../../bench/ials-1m-spark.ts";
import { run as ials25m } from "../../bench/ials-25m.ts";
import { run as itemKnn } from "../../bench/item-knn.ts";
import { run as scaling } from "../../bench/scaling.ts";
import { run as svd } from "../../bench/svd.ts";
import { type TopKDetails, run as topK } from "../../bench/top-k.ts";

const dataFolder = process.env["USHER_DATA"] ?? "../shared/data";
const hasData = existsSync(join(dataFolder, "ml-1m/ratings-without-timestamps.dat"));
if (!hasData)
  console.warn(`SKIPPED: no ml-1m in ${dataFolder}; set USHER_DATA to the folder of the data sets`);

let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), "usher-bench-test-"));
  vi.stubEnv("USHER_BENCH_CACHE", cache);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

const tiny = { dataFolder, tiny: true };

// no rival here: what is held is that our side does the work that is timed, and is judged by what it wrote
describe.skipIf(!hasData)("contests with Python rivals, tiny, our side alone", () => {
  it("ials-25m: judges the model after each epoch", async () => {
    const [result] = await ials25m(tiny);
    expect(result).toMatchObject({ factors: 16, rivalCurve: [] });
    expect(result?.curve).toHaveLength(3);
    for (const ndcg of result?.curve ?? []) expect(ndcg).toBeGreaterThan(0.001);
    expect(result?.seconds).toBeGreaterThan(0);
  });

  it("ials-1m-spark, ease, item-knn: lists hit what was held out, two timed rounds", async () => {
    for (const run of [ialsSpark, ease, itemKnn]) {
      const { mine, theirs, quality } = await run(tiny);
      expect(mine[0]?.seconds).toHaveLength(2);
      expect(theirs).toEqual([]);
      expect(quality.mine).toBeGreaterThan(0.08);
      expect(quality.mine).toBeLessThan(0.3);
    }
  });

  it("svd, explicit-als: predictions are better than the mean of all ratings, whose RMSE is 1.10", async () => {
    for (const { mine, quality } of [await svd(tiny), ...(await explicitAls(tiny))]) {
      expect(mine).toHaveLength(1);
      expect(quality.mine).toBeGreaterThan(0.8);
      expect(quality.mine).toBeLessThan(0.97);
    }
  });

  it("top-k: lists are those of a scan over all items, though fewer were scored", async () => {
    const { mine, quality } = await topK(tiny);
    const details = mine[0]?.details as unknown as TopKDetails;
    expect(details).toMatchObject({ wrongPlaces: 0, checkedUsers: 200 });
    expect(details.greatestDifference).toBeLessThan(1e-6);
    expect(details.scoredShare).toBeGreaterThan(0);
    expect(details.scoredShare).toBeLessThan(1);
    expect(quality.mine).toBeGreaterThan(0.003);
  });

  it("scaling: more factors take more memory, as stated before the fit", async () => {
    const [few, many] = await scaling(tiny);
    expect(many!.statedBytes).toBeGreaterThan(few!.statedBytes);
    expect(few!.epochSeconds).toBeGreaterThan(0);
    expect(few!.fitSeconds).toBeGreaterThan(few!.epochSeconds);
  });
});

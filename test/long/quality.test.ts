import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run as leaveOneOut } from "../../bench/ncf-leave-one-out.ts";

const dataFolder = process.env["USHER_DATA"] ?? "../shared/data";
const hasData = existsSync(join(dataFolder, "ml-1m/ncf-leave-one-out.test.tsv"));
if (!hasData)
  console.warn(`SKIPPED: no ml-1m in ${dataFolder}; set USHER_DATA to the folder of the data sets`);

describe.skipIf(!hasData)("published quality", () => {
  it("MovieLens-1M leave-one-out: implicit ALS with 64 factors reaches HR@10 0.71 and NDCG@10 0.43, popularity its published value", async () => {
    const results = await leaveOneOut({ dataFolder, tiny: false });
    const of = (label: string) => results.find((result) => result.label === label);
    expect(of("ials 64")?.hitRate).toBeGreaterThanOrEqual(0.71);
    expect(of("ials 64")?.ndcg).toBeGreaterThanOrEqual(0.43);
    expect(of("popularity")?.hitRate).toBeCloseTo(0.453, 2);
    expect(of("popularity")?.ndcg).toBeCloseTo(0.254, 2);
  });
});

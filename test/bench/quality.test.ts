import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { protocols } from "../../bench/quality.ts";
import { cellsOf, type QualityRow, qualityHead, verdictOf } from "../../bench/quality-row.ts";

const dataFolder = process.env["USHER_DATA"] ?? "../shared/data";
const has = (path: string) => {
  const isThere = existsSync(join(dataFolder, path));
  if (!isThere)
    console.warn(`SKIPPED: ${path} is not in ${dataFolder}; set USHER_DATA to the folder of the data sets`);
  return isThere;
};
const tiny = (name: string) => (protocols[name] as (typeof protocols)[string])({ dataFolder, tiny: true });
const of = (rows: readonly QualityRow[], model: string) =>
  rows.find((row) => row.model.startsWith(model))?.reached as readonly number[];

describe("bench quality, tiny", () => {
  it.skipIf(!has("ml-1m/ncf-leave-one-out.test.tsv"))(
    "leave-one-out: all rankers beat popularity",
    async () => {
      const rows = await tiny("leave-one-out");
      for (const model of ["item-knn", "ease", "ials"])
        expect(of(rows, model)[1]).toBeGreaterThan(of(rows, "popularity")[1]!);
    },
  );

  it.skipIf(!has("ml-1m/ratings-without-timestamps.dat"))(
    "five-star: all rankers beat popularity",
    async () => {
      const rows = await tiny("five-star");
      for (const model of ["item-knn", "ease", "ials"])
        expect(of(rows, model)[0]).toBeGreaterThan(of(rows, "popularity")[0]!);
    },
  );

  it.skipIf(!has("ml-100k/u.data"))("ratings: both raters are better than guessing the mean", async () => {
    const rows = await tiny("ratings");
    expect(rows.map(({ model }) => model)).toEqual(["svd", "biased-mf, 64 factors"]);
    for (const { reached } of rows) expect(reached?.[0]).toBeLessThan(1);
  });

  it.skipIf(!has("lastfm-2k/user_artists.dat"))(
    "lastfm: implicit ALS is compared with both others",
    async () => {
      const rows = await tiny("lastfm");
      expect(rows.map(({ model }) => model)).toEqual(["popularity", "item-knn", "ials"]);
      expect(of(rows, "ials")[0]).toBeGreaterThan(of(rows, "popularity")[0]!);
      expect(of(rows, "popularity")[1]).toBeLessThan(0); // the interval of the difference
    },
  );
});

describe("a row of the quality table", () => {
  const row = { protocol: "data", model: "model", metrics: ["HR@10", "RMSE"] };
  const must = [{ least: 0.5 }, { most: 0.9 }];
  const aim = [{ least: 0.6 }, { most: 0.8 }];

  it.each([
    [{ reached: [0.5, 0.9], must }, "reached"],
    [{ reached: [0.5, 0.9], must, aim }, "reached"],
    [{ reached: [0.6, 0.8], must, aim }, "aim"],
    [{ reached: [0.6, 0.91], must, aim }, "missed"],
    [{ reached: [0.49, 0.8], must }, "missed"],
    [{ must, aim }, "absent"],
    [{ reached: [0.1, 2] }, ""],
  ])("%j is %s", (figures, verdict) => {
    expect(verdictOf({ ...row, ...figures })).toBe(verdict);
  });

  it("has a cell under each heading", () => {
    const cells = cellsOf({ ...row, must, reached: [0.5, 0.9], fitSeconds: 1.234, note: "n" });
    expect(cells).toEqual([
      ...["data", "model", "HR@10 / RMSE", "≥ 0.5 / ≤ 0.9", "", "0.5000 / 0.9000", "reached", "1.23", "n"],
    ]);
    expect(cells).toHaveLength(qualityHead.length);
    expect(cellsOf({ ...row, must: [{ least: 1, most: 2 }, {}] })[3]).toBe("1..2 / –");
  });
});

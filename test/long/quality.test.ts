import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { protocols } from "../../bench/quality.ts";
import { type QualityRow, verdictOf } from "../../bench/quality-row.ts";

const dataFolder = process.env["USHER_DATA"] ?? "../shared/data";
const hasFiles = (files: readonly string[]) =>
  files.every((file) => {
    const isHere = existsSync(join(dataFolder, file));
    if (!isHere)
      console.warn(`SKIPPED: no ${file} in ${dataFolder}; set USHER_DATA to the folder of the data sets`);
    return isHere;
  });

/**
 * What `npm run bench -- quality` printed when this was written: protocol, model, first figure. Far above is as wrong as far below: a
 * model that has seen what was held out looks excellent.
 */
const measured: Readonly<
  Record<string, { files: readonly string[]; rows: readonly [string, string, number][] }>
> = {
  "leave-one-out": {
    files: ["ml-1m/ncf-leave-one-out.test.tsv"],
    rows: [
      ["MovieLens-1M, leave-one-out", "popularity", 0.4531],
      ["MovieLens-1M, leave-one-out", "item-knn", 0.6694],
      ["MovieLens-1M, leave-one-out", "ease", 0.7182],
      ["MovieLens-1M, leave-one-out", "ials, 64", 0.7245],
      ["MovieLens-1M, leave-one-out", "ials, 192", 0.7303],
    ],
  },
  "five-star": {
    files: ["ml-1m/ratings-without-timestamps.dat"],
    rows: [
      ["MovieLens-1M, 5-star", "popularity", 0.1859],
      ["MovieLens-1M, 5-star", "item-knn", 0.2894],
      ["MovieLens-1M, 5-star", "ease", 0.3163],
      ["MovieLens-1M, 5-star", "ials", 0.3261],
    ],
  },
  ratings: {
    files: ["ml-100k/u.data", "ml-1m/ratings-without-timestamps.dat"],
    rows: [
      ["MovieLens-100K, 5 folds", "svd", 0.9255],
      ["MovieLens-100K, 5 folds", "biased-mf", 0.9078],
      ["MovieLens-1M, 5 folds", "svd", 0.8626],
      ["MovieLens-1M, 5 folds", "biased-mf", 0.8498],
      ["MovieLens-1M, random 80/20", "biased-mf", 0.8527],
      ["MovieLens-1M, random 90/10", "biased-mf", 0.8481],
    ],
  },
  lastfm: {
    files: ["lastfm-2k/user_artists.dat"],
    rows: [
      ["Last.fm-2k", "popularity", 0.0761],
      ["Last.fm-2k", "item-knn", 0.2206],
      ["Last.fm-2k", "ials", 0.2404],
    ],
  },
};

/** Half of the width of a band. */
const room = 0.005;

describe.each(Object.entries(measured))("published quality: %s", (name, { files, rows }) => {
  describe.skipIf(!hasFiles(files))("of every model", () => {
    let found: readonly QualityRow[] = [];
    beforeAll(async () => {
      found = await (protocols[name] as (typeof protocols)[string])({ dataFolder, tiny: false });
    }, 3_600_000);

    it.each(rows)("%s, %s: %f", (protocol, model, figure) => {
      const row = found.find((one) => one.protocol.startsWith(protocol) && one.model.startsWith(model));
      expect(Math.abs((row?.reached?.[0] ?? 0) - figure), `${row?.reached}`).toBeLessThan(room);
      expect(["reached", "aim", ""]).toContain(row && verdictOf(row));
    });

    it("has no other rows", () => {
      expect(found).toHaveLength(rows.length);
    });
  });
});

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { weightsOfRatings } from "../../src/data/signals.ts";
import { splitByUser } from "../../src/data/split.ts";
import { pairedInterval } from "../../src/evaluate/interval.ts";
import { evaluateRanking } from "../../src/evaluate/ranking.ts";
import { evaluateSlice, longTail } from "../../src/evaluate/slices.ts";
import { ials } from "../../src/models/ials.ts";
import { popularity } from "../../src/models/popularity.ts";
import { compareCandidates, trainRelease } from "../../src/registry/train-release.ts";
import { dataFolder, movieLens, trainingSet, twoTastes } from "./small-sets.ts";

const candidates = [
  { algorithm: "popularity", parameters: {} },
  { algorithm: "ials", parameters: { factors: 4, epochs: 4 } },
  { algorithm: "biased-mf", parameters: { factors: 0 } },
];

describe("slices in the report", () => {
  const set = twoTastes();
  /** Items that both tastes have, and those of the even users. */
  const itemGroups = set.items.ids.map((_, item) => (item % 2 === 0 ? ["Even", "Any"] : ["Any"]));

  it("are new users, heavy users, the long tail and the groups that are given", async () => {
    const { slices } = await compareCandidates({ set, seed: 7, candidates, itemGroups });
    const names = slices?.map(({ name }) => name);
    expect(names).toEqual(["new users", "heavy users", "long tail", "genre Any", "genre Even"]);
    const { report } = await trainRelease({ set, seed: 7, candidates });
    expect(report.slices).toEqual(slices?.slice(0, 3));
  });

  it("have the figures of each ranker in order, popularity's without an interval", async () => {
    const report = await compareCandidates({ set, seed: 7, candidates, itemGroups });
    const { train, test } = splitByUser(set.ratings, { share: 0.2, seed: 7 });
    const [weights, relevant] = [weightsOfRatings(train), weightsOfRatings(test)];
    const evaluations = [];
    for (const { algorithm, parameters } of report.rankers) {
      const model = await (algorithm === "ials" ? ials : popularity).fit(weights, parameters);
      const evaluation = await evaluateRanking({ model, train: weights, seen: train, relevant });
      evaluations.push(evaluateSlice({ evaluation, relevant }, longTail(train)));
    }
    const [popular, factors] = evaluations;
    expect(report.slices?.[2]).toEqual({
      name: "long tail",
      users_evaluated: popular!.users.length,
      rankers: [
        { ndcg: popular!.means.ndcg, recall: popular!.means.recall, ndcg_against_popularity: null },
        {
          ndcg: factors!.means.ndcg,
          recall: factors!.means.recall,
          ndcg_against_popularity: pairedInterval({ left: factors!.ndcg, right: popular!.ndcg }, { seed: 7 }),
        },
      ],
    });
  });

  it("a group of everything is the whole", async () => {
    const { slices, rankers, split } = await compareCandidates({ set, seed: 7, candidates, itemGroups });
    const any = slices?.find(({ name }) => name === "genre Any");
    expect(any?.users_evaluated).toBe(split.users_evaluated);
    expect(any?.rankers.map(({ ndcg }) => ndcg)).toEqual(rankers.map(({ ndcg }) => ndcg));
  });

  it("are none where nothing could be held out", async () => {
    const tiny = trainingSet({
      users: Int32Array.of(0, 1),
      items: Int32Array.of(0, 1),
      values: Float32Array.of(5, 4),
    });
    expect((await compareCandidates({ set: tiny, seed: 7, candidates })).slices).toEqual([]);
  });
});

const folder = dataFolder("ml-latest-small", "ratings.csv");
const films = join(folder ?? "", "movies.csv");

describe.skipIf(folder === undefined || !existsSync(films))("slices of MovieLens latest-small", () => {
  it("show how hard the long tail is", async () => {
    const set = movieLens(join(folder ?? "", "ratings.csv"), { separator: ",", header: true });
    const lines = readFileSync(films, "utf8").trimEnd().split(/\r?\n/).slice(1);
    const genres = new Map(
      lines.map((line) => [
        line.slice(0, line.indexOf(",")),
        line.slice(line.lastIndexOf(",") + 1).split("|"),
      ]),
    );
    const itemGroups = set.items.ids.map((id) => genres.get(id) ?? []);
    const neighbours = [{ algorithm: "item-knn", parameters: {} }];
    const { slices = [] } = await compareCandidates({ set, seed: 42, candidates: neighbours, itemGroups });
    expect(slices).toHaveLength(3 + 20); // 19 genres and "(no genres listed)", if somebody has one held out
    const ndcg = Object.fromEntries(
      slices.map(({ name, rankers }) => [name, rankers.map(({ ndcg }) => ndcg)]),
    );
    for (const figure of ndcg["long tail"] ?? []) expect(figure).toBeLessThan(0.01);
    expect(ndcg["new users"]?.[0]).toBeGreaterThan(0.02);
    expect(ndcg["genre Drama"]?.[0]).toBeGreaterThan(0.02);
  });
});

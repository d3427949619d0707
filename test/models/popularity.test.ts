import { describe, expect, it } from "vitest";
import { interactionsFromTriples } from "../../src/data/interactions.ts";
import type { Parameters } from "../../src/models/model.ts";
import { popularity } from "../../src/models/popularity.ts";

// item 0: two of weight 1; item 1: one of weight 1; item 2: three of weight 0.5 and one of weight 0; item 3: none
const data = interactionsFromTriples(
  {
    users: Int32Array.of(0, 1, 0, 0, 1, 2, 3),
    items: Int32Array.of(0, 0, 1, 2, 2, 2, 2),
    values: Float32Array.of(1, 1, 1, 0.5, 0.5, 0.5, 0),
  },
  { userCount: 4, itemCount: 4 },
);
const mean = 4.5 / 6;

describe("popularity", () => {
  it.each<[string, Parameters, number[]]>([
    ["the sum of weights by default", {}, [2, 1, 1.5, 0]],
    [
      "the Bayesian mean without the count",
      { countExponent: 0, priorCount: 2 },
      [(2 * mean + 2) / 4, (2 * mean + 1) / 3, (2 * mean + 1.5) / 5, mean],
    ],
    ["0 below the vote floor", { votesMin: 2 }, [2, 0, 1.5, 0]],
    [
      "count times Bayesian mean",
      { priorCount: 1 },
      [(2 * (mean + 2)) / 3, (1 * (mean + 1)) / 2, (3 * (mean + 1.5)) / 4, 0],
    ],
  ])("is %s", async (_name, parameters, expected) => {
    const model = await popularity.fit(data, parameters);
    const scores = new Float32Array(4);
    // without the floor an item that nobody has would get the mean in the case of the Bayesian mean
    model.scoreItems({ items: Int32Array.of(1), values: Float32Array.of(1) }, scores);
    const floor = Number(parameters["votesMin"] ?? 1) > 0;
    const wanted = expected.map((score, item) => (item === 3 && floor ? 0 : score));
    for (const [item, score] of wanted.entries()) expect(scores[item]).toBeCloseTo(score, 6);
  });

  describe("with a half-life of ten days", () => {
    const day = 86_400;
    const times = Float64Array.of(100 * day, 90 * day, 80 * day, Number.NaN, 100 * day, 70 * day, 100 * day);
    const scored = async (parameters: Parameters) => {
      // rows of users are ordered by item: (0,0) (0,1) (0,2) (1,0) (1,2) (2,2) (3,2)
      const model = await popularity.fit({ ...data, times }, parameters);
      const scores = new Float32Array(4);
      model.scoreItems({ items: new Int32Array(0), values: new Float32Array(0) }, scores);
      return [...scores];
    };

    it("counts an interaction by its age before the newest one, and one without a time as new", async () => {
      const scores = await scored({ halfLifeDays: 10 });
      for (const [item, score] of [1 + 1, 0.5, 0.25 * 0.5 + 0.5 + 0.125 * 0.5, 0].entries()) {
        expect(scores[item]).toBeCloseTo(score, 6);
      }
    });

    it("takes the Bayesian mean of what is left, and votes as they are", async () => {
      const counts = [2, 0.5, 0.25 + 1 + 0.125];
      const sums = [2, 0.5, (0.25 + 1 + 0.125) * 0.5];
      const mean = (2 + 0.5 + sums[2]!) / (2 + 0.5 + counts[2]!);
      const scores = await scored({ halfLifeDays: 10, countExponent: 0, priorCount: 3, votesMin: 3 });
      expect(scores[0]).toBe(0);
      expect(scores[2]).toBeCloseTo((3 * mean + sums[2]!) / (3 + counts[2]!), 6);
    });

    it("does nothing to interactions without times", async () => {
      const [plain, decayed] = [await popularity.fit(data), await popularity.fit(data, { halfLifeDays: 1 })];
      expect(decayed.toData().arrays).toEqual(plain.toData().arrays);
    });
  });
});

import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { pairedInterval, pairedRmseInterval } from "../../src/evaluate/interval.ts";

const normals = (count: number, options: { mean: number; deviation: number; seed: number }) => {
  const random = seededRandom(options.seed);
  return Float64Array.from({ length: count }, () => options.mean + options.deviation * random.normal());
};

describe("pairedInterval", () => {
  it("of a constant difference is that difference, with no width", () => {
    const right = normals(50, { mean: 0, deviation: 1, seed: 1 });
    const interval = pairedInterval({ left: right.map((value) => value + 0.25), right });
    expect(interval.difference).toBeCloseTo(0.25, 12);
    expect(interval.high - interval.low).toBeCloseTo(0, 12);
  });

  it("has the width that the normal theory gives: ± 1.96 · deviation / √users", () => {
    const left = normals(2000, { mean: 0.1, deviation: 2, seed: 2 });
    const { difference, low, high } = pairedInterval({ left, right: new Float64Array(2000) }, { seed: 3 });
    const half = (1.96 * 2) / Math.sqrt(2000);
    expect((high - low) / 2 / half).toBeGreaterThan(0.9);
    expect((high - low) / 2 / half).toBeLessThan(1.1);
    expect(low).toBeLessThan(difference);
    expect(high).toBeGreaterThan(difference);
  });

  it("holds the true difference in about 95 of 100 samples", () => {
    let holding = 0;
    for (let sample = 0; sample < 200; sample++) {
      const left = normals(100, { mean: 0.3, deviation: 1, seed: 1000 + sample });
      const { low, high } = pairedInterval({ left, right: new Float64Array(100) }, { seed: sample });
      if (low <= 0.3 && 0.3 <= high) holding++;
    }
    // 190 expected, standard deviation 3
    expect(holding).toBeGreaterThan(178);
    expect(holding).toBeLessThan(200);
  });

  it("uses the pairing: noise that both sides share does not widen it", () => {
    const noise = normals(400, { mean: 0, deviation: 5, seed: 4 });
    const right = noise;
    const left = noise.map((value, user) => value + 0.1 + 0.01 * Math.sin(user));
    const { low, high } = pairedInterval({ left, right });
    expect(low).toBeGreaterThan(0.098);
    expect(high).toBeLessThan(0.102);
  });

  it("is the same for a seed and another for another", () => {
    const pair = { left: normals(60, { mean: 0, deviation: 1, seed: 5 }), right: new Float64Array(60) };
    expect(pairedInterval(pair, { seed: 7 })).toEqual(pairedInterval(pair, { seed: 7 }));
    expect(pairedInterval(pair, { seed: 7 }).low).not.toBe(pairedInterval(pair, { seed: 8 }).low);
  });

  it("of different lengths or of nothing is a programmer's error", () => {
    const pair = { left: new Float64Array(2), right: new Float64Array(3) };
    expect(() => pairedInterval(pair)).toThrow("got 2 and 3");
    expect(() => pairedInterval({ left: new Float64Array(0), right: new Float64Array(0) })).toThrow(
      "at least 1",
    );
  });
});

describe("pairedRmseInterval", () => {
  it("is the difference of the two RMSE over all ratings, users weighted by their counts", () => {
    const counts = Int32Array.of(1, 3);
    const left = { sums: Float64Array.of(4, 3), counts };
    const right = { sums: Float64Array.of(0, 3), counts };
    const { difference } = pairedRmseInterval({ left, right });
    expect(difference).toBeCloseTo(Math.sqrt(7 / 4) - Math.sqrt(3 / 4), 12);
  });

  it("lies below 0 where the left errors are smaller for every user", () => {
    const counts = new Int32Array(80).fill(5);
    const sums = normals(80, { mean: 5, deviation: 0.5, seed: 6 });
    const { low, high } = pairedRmseInterval({
      left: { sums: sums.map((sum) => sum * 0.8), counts },
      right: { sums, counts },
    });
    expect(low).toBeLessThan(high);
    expect(high).toBeLessThan(0);
  });
});

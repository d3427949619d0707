import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { alternate, type Turn } from "../../bench/contest.ts";
import { grow, holdOut, sampleUsers } from "../../bench/grown.ts";
import { handOver, matrixArrays, readMatrix } from "../../bench/hand-over.ts";
import { readNpy, writeNpy } from "../../bench/npy.ts";
import { factorsNdcg } from "../../bench/ranking-quality.ts";
import { merged } from "../../bench/report.ts";
import { median, ratioOf, ratioText } from "../../bench/statistics.ts";
import { interactionsFromTriples } from "../../src/data/interactions.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "usher-bench-test-"));
  vi.stubEnv("USHER_BENCH_CACHE", folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const base = interactionsFromTriples(
  {
    users: Int32Array.of(0, 0, 1, 1, 1),
    items: Int32Array.of(0, 2, 0, 1, 2),
    values: Float32Array.of(5, 4, 3, 2, 1),
  },
  { userCount: 2, itemCount: 3 },
);

describe("npy", () => {
  it("writes the bytes that NumPy's format asks for, and reads them back", () => {
    const file = join(folder, "pairs.npy");
    writeNpy(file, Float32Array.of(1, 2.5, -3, 4), [2, 2]);
    const { array, shape } = readNpy(file);
    expect(array).toEqual(Float32Array.of(1, 2.5, -3, 4));
    expect(shape).toEqual([2, 2]);
    writeNpy(file, Int32Array.of(7));
    expect(readNpy(file)).toEqual({ array: Int32Array.of(7), shape: [1] });
  });

  it("refuses what it would misread", () => {
    const file = join(folder, "long.npy");
    writeNpy(file, Float64Array.of(1));
    expect(readNpy(file).array).toBeInstanceOf(Float64Array);
    writeNpy(file, BigInt64Array.of(1n) as unknown as Float64Array);
    expect(() => readNpy(file)).toThrow("expected an .npy in C order");
  });
});

describe("the grown set", () => {
  it("keeps users' counts and values, and spreads each item over its 16 variants, low ones first", () => {
    const copies = 2000;
    const grown = grow(base, { copies, seed: 1 });
    expect(grown).toMatchObject({ userCount: 2 * copies, itemCount: 48 });
    expect(grown.starts.slice(0, 5)).toEqual(Int32Array.of(0, 2, 5, 7, 10));
    expect(grown.values.slice(5, 10)).toEqual(base.values);
    expect(grown.items.every((item, entry) => Math.floor(item / 16) === base.items[entry % 5])).toBe(true);
    const share = (variant: number) =>
      grown.items.filter((item) => item % 16 === variant).length / grown.items.length;
    expect(share(0)).toBeCloseTo((1 / 16) ** (1 / 3), 1); // u³ < 1/16
    expect(share(15)).toBeCloseTo(1 - (15 / 16) ** (1 / 3), 2);
    expect(grow(base, { copies: 3, seed: 1 })).toEqual(grow(base, { copies: 3, seed: 1 }));
  });

  it("is split into two parts that are disjoint and together the whole", () => {
    const grown = grow(base, { copies: 500, seed: 1 });
    const { train, test } = holdOut(grown, { share: 0.2, seed: 3 });
    expect(train.items.length + test.items.length).toBe(2500);
    expect(test.items.length / 2500).toBeCloseTo(0.2, 1);
    const users = sampleUsers(test, { count: 50, seed: 1 });
    expect(users).toHaveLength(50);
    expect(users.every((user) => test.starts[user + 1]! > test.starts[user]!)).toBe(true);
  });

  it("is made once, and read back as it was", async () => {
    const make = vi.fn(async () => ({
      arrays: matrixArrays("train", base),
      facts: { userCount: 2, itemCount: 3 },
    }));
    const first = await handOver("base", make);
    const second = await handOver("base", make);
    expect(make).toHaveBeenCalledTimes(1);
    expect(second).toEqual(first);
    expect(first.checksum).toMatch(/^[0-9a-f]{12}$/);
    expect(readMatrix(first, "train")).toEqual(base);
  });
});

describe("judging factors", () => {
  it("ranks by the product of the factors without what was seen", () => {
    const test = interactionsFromTriples(
      { users: Int32Array.of(0, 1), items: Int32Array.of(1, 0), values: Float32Array.of(1, 1) },
      { userCount: 2, itemCount: 3 },
    );
    const train = interactionsFromTriples(
      { users: Int32Array.of(0), items: Int32Array.of(0), values: Float32Array.of(1) },
      { userCount: 2, itemCount: 3 },
    );
    // user 0: item 0 is best but seen, so the held-out item 1 is first; user 1: the held-out item 0 is third, 1 / log2(4)
    const factors = { users: Float32Array.of(1), items: Float32Array.of(3, 2, 1) };
    expect(factorsNdcg(factors, { train, test, users: Int32Array.of(0) })).toBe(1);
    expect(
      factorsNdcg({ ...factors, users: Float32Array.of(-1) }, { train, test, users: Int32Array.of(1) }),
    ).toBe(0.5);
  });
});

describe("statistics and report", () => {
  const turn = (...seconds: number[]): Turn => ({ seconds, memoryBytes: 1, versions: {}, details: {} });

  it("takes turns, and divides turn by turn", async () => {
    const order: string[] = [];
    const side = (name: string, seconds: number) => async () => {
      order.push(name);
      return turn(seconds * (order.length + 1));
    };
    const turns = await alternate({ ours: side("a", 1), rival: side("b", 4) }, 3);
    expect(order.join("")).toBe("ababab");
    expect(turns.ours.map(({ seconds }) => seconds[0])).toEqual([2, 4, 6]);
    expect(turns.rival.map(({ seconds }) => seconds[0])).toEqual([12, 20, 28]);
    const ratio = ratioOf({ ours: turns.ours, rival: turns.rival });
    expect(ratio.median).toBeCloseTo(0.2);
    expect(ratioText(ratio)).toBe("0.20 (0.17–0.21)");
    expect(ratioOf({ ours: [turn(9, 1)], rival: [turn(3, 2)], round: 1 }).median).toBe(0.5);
  });

  it("knows the middle of odd and even numbers of values", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it("puts a section in the place of its namesake, and a new one at the end", () => {
    const one = merged("# Report\n", "svd", "old");
    const two = merged(one, "ease", "other");
    const three = merged(two, "svd", "new");
    expect(three).toBe(
      "# Report\n\n<!-- begin: svd -->\nnew\n<!-- end: svd -->\n\n<!-- begin: ease -->\nother\n<!-- end: ease -->\n",
    );
  });
});

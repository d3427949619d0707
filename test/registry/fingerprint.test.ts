import { describe, expect, it } from "vitest";
import type { TrainingSet } from "../../src/data/training-set.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import { fingerprintOf } from "../../src/registry/fingerprint.ts";
import { twoTastes } from "./small-sets.ts";

const set = twoTastes({ users: 10, items: 10 });
const withRatings = (ratings: Partial<TrainingSet["ratings"]>): TrainingSet => ({
  ...set,
  ratings: { ...set.ratings, ...ratings },
});

describe("fingerprintOf", () => {
  it("is the same for the same data in other buffers, shared ones too", () => {
    const shared = new Float32Array(new SharedArrayBuffer(set.ratings.values.byteLength));
    shared.set(set.ratings.values);
    expect(fingerprintOf(set)).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprintOf(withRatings({ values: shared }))).toBe(fingerprintOf(set));
    expect(fingerprintOf(twoTastes({ users: 10, items: 10 }))).toBe(fingerprintOf(set));
  });

  it("changes with one rating, one item, one time, one id, or ids cut elsewhere", () => {
    const { values, items } = set.ratings;
    const others: TrainingSet[] = [
      withRatings({ values: values.map((value, at) => (at === 3 ? 4.5 : value)) }),
      withRatings({ items: items.map((item, at) => (at === 3 ? 9 : item)) }),
      withRatings({ times: new Float64Array(values.length) }),
      { ...set, users: vocabulary(set.users.ids.map((id) => (id === "u3" ? "u03" : id))) },
      { ...set, users: vocabulary([...set.users.ids, "u10"]), items: vocabulary(set.items.ids.slice(1)) },
    ];
    const prints = [set, ...others].map(fingerprintOf);
    expect(new Set(prints).size).toBe(prints.length);
  });

  it("tells ids apart that are the same text when joined", () => {
    const joined = (ids: string[]) => fingerprintOf({ ...set, users: vocabulary(ids) });
    expect(joined(["a", "bc"])).not.toBe(joined(["ab", "c"]));
    expect(joined(['a","b'])).not.toBe(joined(["a", "b"]));
  });
});

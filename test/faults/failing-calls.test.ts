import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { failAt, sites } from "./failing-calls.ts";
import { canTrace } from "./strace.ts";

describe.skipIf(!canTrace)("a call on the disk fails, a seeded sample", () => {
  it("each append is answered or the process ends, in time; nothing acknowledged is lost, nothing is torn", () => {
    const random = seededRandom(20261121);
    const all = sites();
    expect(all.length).toBeGreaterThan(100);
    // the sites that taught us something, and some by chance
    const known = all.filter(
      ({ isFresh, name, when }) => !isFresh && when === 3 && ["pwrite64", "fdatasync"].includes(name),
    );
    const chosen = [...known, ...Array.from({ length: 6 }, () => all[random.below(all.length)]!)];
    const { outcomes, verdict } = failAt(chosen);
    expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
    expect(outcomes.filter(({ isHit }) => isHit).length).toBeGreaterThan(chosen.length / 2);
  });
});

import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { failAt, type Site, sites } from "../faults/failing-calls.ts";
import { canTrace } from "../faults/strace.ts";
import { campaignSeed, isSample } from "./campaign.ts";

/** A seeded choice of so many. */
function choose(all: readonly Site[], count: number): Site[] {
  const random = seededRandom(campaignSeed);
  const left = [...all];
  return Array.from(
    { length: Math.min(count, all.length) },
    () => left.splice(random.below(left.length), 1)[0]!,
  );
}

describe.skipIf(!canTrace)(`each call on the disk fails, once and for ever, seed ${campaignSeed}`, () => {
  it("each append is answered or the process ends, in time; nothing acknowledged is lost, nothing is torn", () => {
    const all = sites();
    const chosen = isSample ? choose(all, 60) : all;
    const { outcomes, verdict } = failAt(chosen);
    const hit = outcomes.filter(({ isHit }) => isHit);
    const aborted = outcomes.filter(({ isAborted }) => isAborted);
    console.log(
      `failing calls: ${chosen.length} of ${all.length} sites, ${hit.length} hit, ${aborted.length} ended by a signal inside lmdb, ` +
        `${verdict.lost} lost, ${verdict.torn} torn, ${verdict.unopened} unopened`,
    );
    expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
    // lmdb 3.5.6 overruns a buffer when it reports a failed page write, and follows a freed pointer where its own open fails
    const known = ["pwrite64", "writev", "lseek", "openat", "ftruncate"];
    expect(aborted.filter(({ site }) => !known.includes(site.name))).toEqual([]);
  });
});

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
  // lmdb 3.5.6 overruns a buffer when it reports a failed page write, and follows a freed pointer where its own open fails
  const ending = { log: ["pwrite64", "writev", "lseek", "openat", "ftruncate"], lake: [] as string[] };

  it.each([
    ["log", 60],
    ["lake", 20],
  ] as const)(
    "of the %s: each is answered or the process ends, in time; nothing acknowledged is lost, nothing is torn",
    (subject, sample) => {
      const all = sites(subject);
      const chosen = isSample ? choose(all, sample) : all;
      const { outcomes, verdict } = failAt(chosen);
      const hit = outcomes.filter(({ isHit }) => isHit);
      const aborted = outcomes.filter(({ isAborted }) => isAborted);
      const dishonest = outcomes.filter(({ faults }) => faults.length > 0);
      console.log(
        `failing calls of the ${subject}: ${chosen.length} of ${all.length} sites, ${hit.length} hit, ${dishonest.length} dishonest, ` +
          `${aborted.length} ended by a signal, ${verdict.lost} lost, ${verdict.torn} torn, ${verdict.unopened} unopened`,
      );
      expect(dishonest).toEqual([]);
      expect(verdict).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
      expect(hit.length).toBeGreaterThan(0.9 * chosen.length);
      expect(aborted.filter(({ site }) => !ending[subject].includes(site.name))).toEqual([]);
    },
  );
});

import { describe, expect, it } from "vitest";
import { cutEverywhere, sum } from "../faults/power-cut.ts";
import { canTrace } from "../faults/strace.ts";
import { campaignSeed, isSample, rounds } from "./campaign.ts";

describe.skipIf(!canTrace)(`power cuts at every call of a run, seed ${campaignSeed}`, () => {
  it("≥ 1,000 disks within 60 s: nothing acknowledged is lost, nothing torn, every disk opens", () => {
    const from = performance.now();
    const settings = { batch: 3, torn: 3, seed: campaignSeed };
    const verdicts = {
      "log and state": cutEverywhere({ ...settings, calls: rounds(200, 24) }),
      "tables and releases": cutEverywhere({ ...settings, subject: "lake", calls: rounds(12, 3) }),
    };
    const seconds = (performance.now() - from) / 1000;
    for (const [what, { homes, lost, torn, unopened }] of Object.entries(verdicts))
      console.log(`power cuts of ${what}: ${homes} disks, ${lost} lost, ${torn} torn, ${unopened} unopened`);
    const all = sum(Object.values(verdicts));
    console.log(`power cuts: ${all.homes} disks in ${seconds.toFixed(1)} s`);
    expect(all).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
    expect(all.homes).toBeGreaterThanOrEqual(1000);
    if (isSample) expect(seconds).toBeLessThan(60);
  });
});

import { describe, expect, it } from "vitest";
import { cutEverywhere } from "../faults/power-cut.ts";
import { canTrace } from "../faults/strace.ts";
import { campaignSeed, rounds } from "./campaign.ts";

describe.skipIf(!canTrace)(`power cuts at every call of a run, seed ${campaignSeed}`, () => {
  it("≥ 1,000 disks within 60 s: nothing acknowledged is lost, nothing torn, every disk opens", () => {
    const from = performance.now();
    const verdict = cutEverywhere({ calls: rounds(200, 30), batch: 3, torn: 3, seed: campaignSeed });
    const seconds = (performance.now() - from) / 1000;
    const { homes, lost, torn, unopened } = verdict;
    console.log(
      `power cuts: ${homes} disks, ${lost} lost, ${torn} torn, ${unopened} unopened, ${seconds.toFixed(1)} s`,
    );
    expect(verdict).toMatchObject({ lost: 0, torn: 0, unopened: 0, faults: [] });
    expect(homes).toBeGreaterThanOrEqual(1000);
    if (homes < 1500) expect(seconds).toBeLessThan(60);
  });
});

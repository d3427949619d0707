import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { killWriters } from "../faults/kill-rounds.ts";
import { campaignSeed, rounds } from "./campaign.ts";

describe(`SIGKILL of a loaded writer, seed ${campaignSeed}`, () => {
  it("the log holds every acknowledged record exactly once, each call whole", async () => {
    const report = await killWriters(rounds(100, 20), seededRandom(campaignSeed));
    const { acknowledged, lost, faults, inFlight } = report;
    const doubled = faults.filter((fault) => fault.includes("doubled")).length;
    console.log(
      `killed ${report.rounds} times (${inFlight} with calls under way): ${acknowledged} records acknowledged, ${lost} homes with losses, ${doubled} doubled`,
    );
    expect(report).toMatchObject({ lost: 0, faults: [] });
    expect(inFlight).toBeGreaterThanOrEqual(Math.floor(report.rounds * 0.75));
  });
});

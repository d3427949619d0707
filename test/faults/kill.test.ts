import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { killConsumers, killWriters } from "./kill-rounds.ts";

describe("SIGKILL under load", () => {
  it("the log holds every acknowledged record exactly once, each call whole", async () => {
    const report = await killWriters(4, seededRandom(20261121));
    expect(report).toMatchObject({ rounds: 4, lost: 0, faults: [] });
    expect(report.acknowledged).toBeGreaterThan(1000);
    expect(report.inFlight).toBeGreaterThan(0);
  });
});

describe("SIGKILL of a consumer between effects", () => {
  it("loses no effect, and repeats at most a batch for each kill", async () => {
    const { records, kills, lost, effects } = await killConsumers({ plantEarly: false }, seededRandom(7));
    expect(kills).toBeGreaterThan(3);
    expect(lost).toBe(0);
    expect(effects).toBeLessThanOrEqual(records + 20 * kills);
  });

  it("the same look catches an offset that is committed before the effects", async () => {
    expect((await killConsumers({ plantEarly: true }, seededRandom(7))).lost).toBeGreaterThan(0);
  });
});

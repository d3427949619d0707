import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { killUnderLoad, reportLine, servedHome } from "../e2e/server-kills.ts";
import { campaignSeed, rounds } from "./campaign.ts";

let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  ground = await servedHome();
});
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

it(`SIGKILL of the server under load, seed ${campaignSeed}: nothing that was acknowledged is lost or doubled`, async () => {
  const kills = rounds(60, 20);
  const report = await killUnderLoad(ground.home, { kills, seed: campaignSeed });
  console.log(reportLine(report));
  expect(report).toMatchObject({ lost: 0, doubled: 0 });
  expect(report.inFlight).toBeGreaterThanOrEqual(0.75 * kills);
  expect(report.acknowledged).toBeGreaterThan(20 * kills);
});

import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { killUnderLoad, reportLine, servedHome } from "./server-kills.ts";

let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  ground = await servedHome();
});
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

it("SIGKILL of the server under load, 3 times: what was answered with 202 is there exactly once", async () => {
  const report = await killUnderLoad(ground.home, { kills: 3, seed: 20261121 });
  console.log(reportLine(report));
  expect(report).toMatchObject({ lost: 0, doubled: 0 });
  expect(report.inFlight).toBeGreaterThanOrEqual(2);
  expect(report.acknowledged).toBeGreaterThan(50);
});

it("the same look catches an answer that comes before its event is written", async () => {
  const report = await killUnderLoad(await ground.copy(), { kills: 1, seed: 20261121, bug: "lateWrite" });
  expect(report.lost).toBeGreaterThan(0);
});

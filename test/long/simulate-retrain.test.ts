import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../bench/simulate-retrain.ts";
import { rounds } from "./campaign.ts";

const dataFolder = process.env["USHER_DATA"] ?? "../shared/data";
const tiny = !existsSync(join(dataFolder, "ml-1m"));
if (tiny) console.warn(`ml-1m is not in ${dataFolder}: the demo takes its place`);
const minutes = rounds(10, 0.5);

it(`a simulation of ${minutes} minutes with a retraining in its middle: every request is served`, async () => {
  const { summary, listMs, run: retraining } = await run({ dataFolder, tiny, minutes });
  expect([summary.failures, summary.isServed]).toEqual([[], true]);
  expect(retraining.status).toBe("succeeded");
  expect(summary.modelVersions).toEqual(["v0001", "v0002"]); // the old one until the new one was ready
  expect(listMs.during.count).toBeGreaterThan(0);
  expect(summary.events.accepted).toBeGreaterThan((tiny ? 40 : 80) * 60 * minutes);
  expect(Object.keys(summary.events.rejected).length).toBeGreaterThan(3);
});

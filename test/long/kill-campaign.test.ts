import { beforeAll, describe, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import {
  type KillGround,
  killFirstStart,
  killGround,
  killWhileTakingIn,
  type Moment,
} from "../e2e/kill-rounds.ts";
import { campaignSeed, rounds } from "./campaign.ts";

/** Kills at any time of each command, not only at chosen lines. */
const commands: readonly [Moment["command"], number][] = [
  ["import", 400],
  ["build", 900],
  ["train", 1500],
];

describe(`SIGKILL at seeded times, seed ${campaignSeed}`, () => {
  const random = seededRandom(campaignSeed);
  let ground: KillGround;
  beforeAll(async () => {
    ground = await killGround();
  });

  const taken = Array.from({ length: rounds(60, 3) }, (_, round) => {
    const [command, spanMs] = commands[round % commands.length] as (typeof commands)[number];
    return { round, command, line: /^\w+: /m, delayMs: Math.round(random.uniform() * spanMs) };
  });
  it.each(taken)("round $round: $command, $delayMs ms after its first line", (moment) =>
    killWhileTakingIn(ground, moment),
  );

  const first = Array.from({ length: rounds(30, 2) }, (_, round) => {
    return { round, line: /^\w+: /m, delayMs: Math.round(random.uniform() * 2500) };
  });
  it.each(first)("first start, round $round: $delayMs ms after its first line", (moment) =>
    killFirstStart(ground, moment),
  );
});

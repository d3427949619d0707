import { beforeAll, describe, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import {
  type KillGround,
  killFirstStart,
  killGround,
  killWhileTakingIn,
  type Moment,
} from "./kill-rounds.ts";

const random = seededRandom(20261121);

const moment = (phase: string, command: Moment["command"], line: RegExp, delayMsMax: number) => ({
  phase,
  command,
  line,
  delayMs: random.uniform() * delayMsMax,
});

const moments = [
  moment("bronze", "import", /^bronze: copying ratings/m, 20),
  moment("bronze", "import", /^bronze: writing .*_ratings_raw/m, 30),
  moment("commit", "import", /^commit: .*_ratings_raw/m, 2),
  moment("silver", "build", /^silver: writing silver_items/m, 20),
  moment("silver", "build", /^silver: writing silver_ratings/m, 30),
  moment("commit", "build", /^commit: silver_items/m, 1),
  moment("commit", "build", /^commit: silver_ratings/m, 3),
  moment("gold", "build", /^gold: writing gold_user_stats/m, 20),
  moment("train", "train", /^train: ials/m, 100),
  moment("evaluate", "train", /^evaluate: /m, 50),
  moment("publish", "train", /^publish: .*training-set/m, 0),
  moment("publish", "train", /^publish: .*ranker/m, 0),
];

let ground: KillGround;
beforeAll(async () => {
  ground = await killGround();
});

describe("SIGKILL while a new data set is taken in", () => {
  it.each(moments)(
    "in $phase ($command): the old release serves the same ten, every table reads, the work can be done again",
    (at) => killWhileTakingIn(ground, at),
  );
});

describe("SIGKILL in a first run", () => {
  const first = moments
    .filter(({ phase }) => ["silver", "publish"].includes(phase))
    .filter((_, at) => at % 2 === 0);
  it.each(first)("in $phase: it is simply started again", (at) => killFirstStart(ground, at));
});

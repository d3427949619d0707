import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { RecommendationsBody } from "../../src/contracts/http.ts";
import { seededRandom } from "../../src/data/random.ts";
import { writeSmallMovielens } from "./small-movielens.ts";
import { printedList, runUsher, startServer, startUsher } from "./usher-process.ts";

/** When to kill: in which command, at which printed line, and at most how long after it. */
interface Moment {
  readonly phase: string;
  readonly command: "import" | "build" | "train" | "start";
  readonly line: RegExp;
  readonly delayMsMax: number;
}

const moments: readonly Moment[] = [
  { phase: "bronze", command: "import", line: /^bronze: copying ratings/m, delayMsMax: 20 },
  { phase: "bronze", command: "import", line: /^bronze: writing .*_ratings_raw/m, delayMsMax: 30 },
  { phase: "commit", command: "import", line: /^commit: .*_ratings_raw/m, delayMsMax: 2 },
  { phase: "silver", command: "build", line: /^silver: writing silver_items/m, delayMsMax: 20 },
  { phase: "silver", command: "build", line: /^silver: writing silver_ratings/m, delayMsMax: 30 },
  { phase: "commit", command: "build", line: /^commit: silver_items/m, delayMsMax: 1 },
  { phase: "commit", command: "build", line: /^commit: silver_ratings/m, delayMsMax: 3 },
  { phase: "gold", command: "build", line: /^gold: writing gold_user_stats/m, delayMsMax: 20 },
  { phase: "train", command: "train", line: /^train: ials/m, delayMsMax: 100 },
  { phase: "evaluate", command: "train", line: /^evaluate: /m, delayMsMax: 50 },
  { phase: "publish", command: "train", line: /^publish: .*training-set/m, delayMsMax: 0 },
  { phase: "publish", command: "train", line: /^publish: .*ranker/m, delayMsMax: 0 },
];

const random = seededRandom(20261121);
let folder: string;
let oldData: string;
let newData: string;
let published: string;
let before: unknown;

/** What the home answers for one user, by a server that starts on it. */
async function servedItems(home: string): Promise<{ version: string; items: unknown }> {
  const server = await startServer(["start", "--home", home]);
  const response = await fetch(`${server.address}/v1/users/7/recommendations`);
  const answer = (await response.json()) as RecommendationsBody;
  server.child.kill("SIGTERM");
  await server.finished;
  return { version: answer.model_version, items: answer.items };
}

const commandLine = (command: string, home: string, data: string) => {
  const source = `movielens:${data}`;
  const words = { import: ["import", source], start: ["start", "--data", source, "--once"] }[command] ?? [
    command,
  ];
  return [...words, "--home", home];
};

/** Runs a command and kills it at the moment. @returns The last line that it printed. */
async function killAt(moment: Moment, home: string, data: string): Promise<string> {
  const running = startUsher(commandLine(moment.command, home, data));
  await running.until(moment.line);
  await setTimeout(random.uniform() * moment.delayMsMax);
  running.child.kill("SIGKILL");
  const { signal } = await running.finished;
  expect(signal).toBe("SIGKILL");
  return running.output().trimEnd().split("\n").at(-1) ?? "";
}

async function mustRun(args: readonly string[]): Promise<string> {
  const done = await runUsher(args);
  expect(done.stderr + done.stdout).not.toMatch(/\[[A-Z_]{4,}\]/);
  expect(done.code).toBe(0);
  return done.stdout;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-kill-"));
  oldData = await writeSmallMovielens(join(folder, "old"), { seed: 1 });
  newData = await writeSmallMovielens(join(folder, "new"), { seed: 2, users: 400, items: 200, ratings: 40 });
  published = join(folder, "published");
  await mustRun(commandLine("start", published, oldData));
  before = await servedItems(published);
});

describe("SIGKILL while a new data set is taken in", () => {
  it.each(moments)(
    "in $phase ($command): the old release serves the same ten, every table reads, and the work can be done again",
    async (moment) => {
      const home = await mkdtemp(join(folder, "home-"));
      await cp(published, home, { recursive: true });
      for (const earlier of ["import", "build", "train"]) {
        if (earlier === moment.command) break;
        await mustRun(commandLine(earlier, home, newData));
      }
      const last = await killAt(moment, home, newData);
      console.log(`killed in ${moment.command}, last line: ${last}`);
      // a kill can land after the switch, whose pointer then names the new release: everything else must serve the old one
      const { version } = JSON.parse(await readFile(join(home, "release.json"), "utf8"));
      if (version === "v0001") expect(await servedItems(home)).toEqual(before);
      else expect(last).toMatch(/^publish: /);
      await mustRun(["validate", "--home", home]);
      for (const again of ["import", "build", "train"]) await mustRun(commandLine(again, home, newData));
      const after = await servedItems(home);
      expect(after.version > version || version !== "v0001").toBe(true);
      expect(after.items).not.toEqual((before as { items: unknown }).items);
      await rm(home, { recursive: true, force: true });
    },
  );
});

describe("SIGKILL in a first run", () => {
  const firstRun = moments.filter(
    ({ phase }, at) => moments.findIndex((other) => other.phase === phase) === at,
  );

  it.each(firstRun)("in $phase: it is simply started again", async ({ line, ...moment }) => {
    const home = await mkdtemp(join(folder, "first-"));
    const last = await killAt({ ...moment, command: "start", line }, home, oldData);
    console.log(`killed in the first start, last line: ${last}`);
    const printed = await mustRun(commandLine("start", home, oldData));
    expect(printedList(printed)).toHaveLength(10);
    expect((await servedItems(home)).items).toEqual((before as { items: unknown }).items);
    await mustRun(["validate", "--home", home]);
    await rm(home, { recursive: true, force: true });
  });
});

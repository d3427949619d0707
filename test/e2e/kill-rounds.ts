import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import type { RecommendationsBody } from "../../src/contracts/http.ts";
import { writeSmallMovielens } from "./small-movielens.ts";
import { printedList, runUsher, startServer, startUsher } from "./usher-process.ts";

/** When to kill: in which command, from which printed line on, and how long after it. */
export interface Moment {
  readonly command: "import" | "build" | "train" | "start";
  readonly line: RegExp;
  readonly delayMs: number;
}

/** What the home answers for one user, by a server that starts on it. */
export interface Served {
  readonly version: string;
  readonly items: RecommendationsBody["items"];
}

/** Two data sets, and a home in which a release of the old one serves. */
export interface KillGround {
  readonly folder: string;
  readonly oldData: string;
  readonly newData: string;
  readonly published: string;
  readonly before: Served;
}

export async function killGround(): Promise<KillGround> {
  const folder = await mkdtemp(join(tmpdir(), "usher-kill-"));
  const oldData = await writeSmallMovielens(join(folder, "old"), { seed: 1 });
  const newData = await writeSmallMovielens(join(folder, "new"), {
    seed: 2,
    users: 400,
    items: 200,
    ratings: 40,
  });
  const published = join(folder, "published");
  await mustRun(commandLine("start", published, oldData));
  return { folder, oldData, newData, published, before: await servedBy(published) };
}

async function servedBy(home: string): Promise<Served> {
  const server = await startServer(["start", "--home", home]);
  const response = await fetch(`${server.address}/v1/users/7/recommendations`);
  const answer = (await response.json()) as RecommendationsBody;
  server.child.kill("SIGTERM");
  await server.finished;
  return { version: answer.model_version, items: answer.items };
}

function commandLine(command: string, home: string, data: string): string[] {
  const source = `movielens:${data}`;
  const words = { import: ["import", source], start: ["start", "--data", source, "--once"] }[command] ?? [
    command,
  ];
  return [...words, "--home", home];
}

async function mustRun(args: readonly string[]): Promise<string> {
  const done = await runUsher(args);
  expect(done.stderr + done.stdout).not.toMatch(/\[[A-Z_]{4,}\]/);
  expect(done.code).toBe(0);
  return done.stdout;
}

/** Runs a command and kills it at the moment. @returns The last line that it printed; "" where it was done before. */
async function killAt(moment: Moment, home: string, data: string): Promise<string> {
  const running = startUsher(commandLine(moment.command, home, data));
  await running.until(moment.line);
  await setTimeout(moment.delayMs);
  running.child.kill("SIGKILL");
  await running.finished;
  return running.output().trimEnd().split("\n").at(-1) ?? "";
}

const servingVersion = async (home: string) =>
  (JSON.parse(await readFile(join(home, "release.json"), "utf8")) as { version: string }).version;

/**
 * Takes new data into a home with a release and is killed meanwhile: the old release serves the same ten, every table reads, and the
 * work can simply be done again.
 */
export async function killWhileTakingIn(ground: KillGround, moment: Moment): Promise<void> {
  const home = await mkdtemp(join(ground.folder, "home-"));
  await cp(ground.published, home, { recursive: true });
  for (const earlier of ["import", "build", "train"]) {
    if (earlier === moment.command) break;
    await mustRun(commandLine(earlier, home, ground.newData));
  }
  const last = await killAt(moment, home, ground.newData);
  console.log(`killed in ${moment.command}, last line: ${last}`);
  // a kill can land after the switch, whose pointer then names the new release: everything else must serve the old one
  const version = await servingVersion(home);
  if (version === ground.before.version) expect(await servedBy(home)).toEqual(ground.before);
  else expect(last).toMatch(/^(publish: |release )/);
  await mustRun(["validate", "--home", home]);
  for (const again of ["import", "build", "train"]) await mustRun(commandLine(again, home, ground.newData));
  expect((await servingVersion(home)) > version).toBe(true);
  await rm(home, { recursive: true, force: true });
}

/** A first start that is killed is simply started again and ends with what an undisturbed one gives. */
export async function killFirstStart(ground: KillGround, moment: Omit<Moment, "command">): Promise<void> {
  const home = await mkdtemp(join(ground.folder, "first-"));
  const last = await killAt({ ...moment, command: "start" }, home, ground.oldData);
  console.log(`killed in the first start, last line: ${last}`);
  const printed = await mustRun(commandLine("start", home, ground.oldData));
  expect(printedList(printed)).toHaveLength(10);
  expect((await servedBy(home)).items).toEqual(ground.before.items);
  await mustRun(["validate", "--home", home]);
  await rm(home, { recursive: true, force: true });
}

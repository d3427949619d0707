import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataFolder } from "./hand-over.ts";

/** Parameters of one side, those of the algorithm and those of the run. */
export type Given = Readonly<Record<string, number | string>>;

/** What one side is asked to do, as the JSON file that a process is given. */
export interface Job {
  /** Folder of the `.npy` files that both sides read. */
  readonly folder: string;
  readonly facts: Readonly<Record<string, number>>;
  /** Folder for what the process writes. */
  readonly output: string;
  readonly parameters: Given;
}

/** What a process answers. */
export interface Turn {
  /** Wall time of each round of the work in that process, without reading data and writing results. */
  readonly seconds: readonly number[];
  /** Peak resident memory of the whole process, data included; 0 where the system does not tell. */
  readonly memoryBytes: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Our side of a question: does the job and says how long it took. */
export type OurSide = (job: Job) => Promise<Omit<Turn, "versions">>;

/** Peak resident bytes of this process so far; called before results are judged or written, which is no part of the work. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Makes a job with an output folder of its own, which goes away with `close`. */
export function openJob({ folder, facts }: DataFolder, parameters: Given): Job & { close(): void } {
  const output = mkdtempSync(join(tmpdir(), "usher-bench-"));
  const close = () => rmSync(output, { recursive: true, force: true });
  return { folder, facts, output, parameters, close };
}

/** The job with other parameters. */
export function changed<Any extends Job>(job: Any, parameters: Given): Any {
  return { ...job, parameters: { ...job.parameters, ...parameters } };
}

/**
 * Our side, in a Node process of its own so that its memory can be told; with `inProcess` here and now, for the tiny sizes in tests.
 *
 * @param of.question File of `bench/` that exports `ours`.
 */
export async function runOurs(
  of: { question: string; ours: OurSide; inProcess: boolean },
  job: Job,
): Promise<Turn> {
  if (of.inProcess) return { ...(await of.ours(job)), versions: {} };
  const contestant = fileURLToPath(new URL("./contestant.js", import.meta.url));
  return runProgram({ program: process.execPath, args: [contestant, of.question], job, environment: {} });
}

/** Starts a program with the file of the job as last argument; the last line that it prints is its answer. */
export async function runProgram(of: {
  program: string;
  args: readonly string[];
  job: Job;
  environment: Readonly<Record<string, string>>;
}): Promise<Turn> {
  const { program, args, job, environment } = of;
  mkdirSync(job.output, { recursive: true });
  const file = join(job.output, "job.json");
  writeFileSync(file, JSON.stringify(job));
  const child = spawn(program, [...args, file], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  if (code !== 0 || !last.startsWith("{")) {
    throw new Error(`${args.join(" ")}: expected an answer, got exit code ${code} and: ${text.slice(-500)}`);
  }
  return JSON.parse(last) as Turn;
}

/** The setting under which a side is fastest, found by one short run of each where there is a choice. */
export async function fastest(
  settings: readonly Given[],
  run: (setting: Given) => Promise<Turn>,
): Promise<Given> {
  if (settings.length === 1) return settings[0]!;
  let best = { setting: settings[0] ?? {}, seconds: Number.POSITIVE_INFINITY };
  for (const setting of settings) {
    const seconds = Math.min(...(await run(setting)).seconds);
    console.log(`  ${JSON.stringify(setting)}: ${seconds.toFixed(2)} s`);
    if (seconds < best.seconds) best = { setting, seconds };
  }
  return best.setting;
}

/** The sides by turns, A B A B …, so that what else the machine does meets both alike. */
export async function alternate<Side extends string>(
  sides: Readonly<Record<Side, () => Promise<Turn>>>,
  turns: number,
): Promise<Record<Side, Turn[]>> {
  const names = Object.keys(sides) as Side[];
  const done = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Side, Turn[]>;
  for (let turn = 1; turn <= turns; turn++) {
    for (const name of names) {
      const result = await sides[name]();
      done[name].push(result);
      console.log(
        `  turn ${turn} ${name.padEnd(12)} ${result.seconds.map((each) => each.toFixed(3)).join(" ")} s`,
      );
    }
  }
  return done;
}

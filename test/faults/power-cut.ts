import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../src/data/random.ts";
import { DiskModel, diskCalls, type Image } from "./disk-model.ts";
import { type PlantedBug, plantedArgs } from "./planted-bugs.ts";
import { type SystemCall, trace } from "./strace.ts";

const programOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What is written and broken: a program that writes in a home and says what was acknowledged, and one that opens what it left. */
export const subjects = {
  /** The log and the state. */
  log: { writer: programOf("log-writer.js"), checker: programOf("check-homes.js") },
  /** Tables and releases. */
  lake: { writer: programOf("lake-writer.js"), checker: programOf("check-lakes.js") },
};
export type Subject = keyof typeof subjects;

/** What a writer had been told when its home stopped. */
export interface Ledger {
  /** Calls that were acknowledged. */
  readonly acked: readonly number[];
  /** Calls that were refused for good: they must not be there. */
  readonly refused?: readonly number[];
  /** The last acknowledged state; −1 for none. */
  readonly stores: number;
  readonly batch: number;
}

/** What opening homes found; each fault is told with the home it is of. */
export interface Verdict {
  readonly homes: number;
  readonly lost: number;
  readonly torn: number;
  readonly unopened: number;
  readonly faults: readonly string[];
}

/** Opens homes in processes of their own and compares them with what was acknowledged. A home that ends the process does not open. */
export function checkHomes(
  homes: readonly (Ledger & { readonly home: string })[],
  subject: Subject = "log",
): Verdict {
  const found: string[][] = [];
  const file = join(mkdtempSync(join(tmpdir(), "usher-check-")), "homes.json");
  while (found.length < homes.length) {
    const from = found.length;
    writeFileSync(file, JSON.stringify(homes.slice(from)));
    const done = spawnSync(process.execPath, [subjects[subject].checker, file], {
      encoding: "utf8",
      timeout: 120_000,
      maxBuffer: 1 << 28,
    });
    const lines = done.stdout.split("\n").filter((line) => line.startsWith("{"));
    found.push(...lines.map((line) => (JSON.parse(line) as { faults: string[] }).faults));
    if (found.length < homes.length)
      found.push([`unopened: the process ended with ${done.signal ?? done.status}`]);
  }
  rmSync(dirname(file), { recursive: true });
  const count = (kind: string) =>
    found.filter((faults) => faults.some((fault) => fault.startsWith(kind))).length;
  return {
    homes: homes.length,
    lost: count("lost"),
    torn: found.filter((faults) => faults.some((fault) => /^(torn|doubled|kept)/.test(fault))).length,
    unopened: count("unopened"),
    faults: found.flatMap((faults, at) => faults.map((fault) => `${homes[at]!.home}: ${fault}`)),
  };
}

/** Adds verdicts up. */
export const sum = (verdicts: readonly Verdict[]): Verdict => ({
  homes: verdicts.reduce((all, { homes }) => all + homes, 0),
  lost: verdicts.reduce((all, { lost }) => all + lost, 0),
  torn: verdicts.reduce((all, { torn }) => all + torn, 0),
  unopened: verdicts.reduce((all, { unopened }) => all + unopened, 0),
  faults: verdicts.flatMap(({ faults }) => faults),
});

/** Traces a writer in a new home. */
export function traceWriter(
  home: string,
  settings: Record<string, unknown>,
  { bug, subject = "log" }: { bug?: PlantedBug | undefined; subject?: Subject } = {},
): readonly SystemCall[] {
  mkdirSync(home, { recursive: true });
  const traced = trace(
    [...plantedArgs(bug), subjects[subject].writer, JSON.stringify({ home, ...settings })],
    {
      names: diskCalls,
      contents: true,
    },
  );
  if (!traced.stdout.endsWith("done\n"))
    throw new Error(`the traced writer did not end well: ${traced.stdout}`);
  return traced.calls;
}

/** A disk that a power cut left, and what had been acknowledged by then. */
interface Cut extends Ledger {
  readonly image: Image;
}

/**
 * Every power cut of a traced run: after each call that changed the disk once with nothing of what is unsynced, and `torn` times with a
 * seeded part of it.
 */
export function* powerCuts(
  calls: readonly SystemCall[],
  { home, batch, torn, seed }: { home: string; batch: number; torn: number; seed: number },
): Generator<Cut> {
  const random = seededRandom(seed);
  const model = new DiskModel(home);
  const acked: number[] = [];
  let stores = -1;
  for (const call of calls) {
    const { printed, changed } = model.apply(call);
    for (const [, what, number] of (printed ?? "").matchAll(/^(ack|store) (\d+)$/gm)) {
      if (what === "ack") acked.push(Number(number));
      else stores = Number(number);
    }
    if (!changed && !/^(ack|store) /m.test(printed ?? "")) continue;
    const ledger = { acked: [...acked], stores, batch };
    yield { ...ledger, image: model.image() };
    for (let round = 0; round < torn && model.pendingCount() > 0; round++)
      yield { ...ledger, image: model.image(random) };
  }
}

/** Writes an image below a folder; lock files are left out, as they hold nothing that outlives a process. */
function writeImage(folder: string, image: Image): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, bytes] of image) {
    if (/lock$|lock\.mdb$/.test(path)) continue;
    mkdirSync(dirname(folder + path), { recursive: true });
    writeFileSync(folder + path, bytes);
  }
}

const homesAtOnce = 100;

/** Where homes are broken: in memory where there is room, since only their calls and contents matter, and a sync costs nothing there. */
export function diskFolder(): string {
  const memory = "/dev/shm";
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 2 ** 29 ? memory : tmpdir();
}

/** Traces a run, cuts the power everywhere, and opens every disk (or a seeded share of them, where `disksMax` is less). */
export function cutEverywhere(options: {
  /** Default: `log`. */
  readonly subject?: Subject;
  readonly calls: number;
  readonly batch: number;
  readonly torn: number;
  readonly seed: number;
  readonly disksMax?: number;
  readonly bug?: PlantedBug;
  /** Calls that the disk is told nothing of, as if the program had not made them. */
  readonly without?: (call: SystemCall) => boolean;
}): Verdict {
  const { calls, batch, torn, seed, disksMax = Number.POSITIVE_INFINITY, bug } = options;
  const { without = () => false, subject = "log" } = options;
  const folder = mkdtempSync(join(diskFolder(), "usher-cuts-"));
  try {
    const home = join(folder, "home");
    const traced = traceWriter(home, { calls, batch, trim: true }, { bug, subject }).filter(
      (call) => !without(call),
    );
    const settings = { home, batch, torn, seed };
    const total = [...powerCuts(traced, settings)].length;
    const random = seededRandom(seed + 1);
    const verdicts: Verdict[] = [];
    let waiting: (Ledger & { home: string })[] = [];
    const check = () => {
      verdicts.push(checkHomes(waiting, subject));
      for (const one of waiting) rmSync(one.home, { recursive: true });
      waiting = [];
    };
    let at = 0;
    for (const { image, ...ledger } of powerCuts(traced, settings)) {
      at++;
      if (random.uniform() >= disksMax / total) continue;
      const disk = join(folder, `disk-${at}`);
      writeImage(disk, image);
      waiting.push({ ...ledger, home: disk });
      if (waiting.length === homesAtOnce) check();
    }
    if (waiting.length > 0) check();
    return sum(verdicts);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

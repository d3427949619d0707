import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type PlantedBug, plantedArgs } from "./planted-bugs.ts";
import {
  checkHomes,
  diskFolder,
  type Ledger,
  type Subject,
  subjects,
  sum,
  type Verdict,
} from "./power-cut.ts";
import { bytesOf, type SystemCall, type Traced, trace } from "./strace.ts";

/** Calls on the disk that can fail. */
const failing: readonly string[] = [
  ...["openat", "mkdir", "write", "pwrite64", "writev", "lseek", "ftruncate"],
  ...["fsync", "fdatasync", "rename", "link", "unlink"],
];

/** One place at which a call fails: the n-th of its kind on some paths in its thread, with an error, once or from then on. */
export interface Site {
  readonly subject: Subject;
  /** Whether the home is made in this run, or was written in before. */
  readonly isFresh: boolean;
  readonly name: string;
  readonly when: number;
  readonly error: "EIO" | "ENOSPC";
  readonly isForever: boolean;
  /** Paths below the home whose calls count: others, such as those by which threads wake each other, come in no order. */
  readonly paths: readonly string[];
}

const batch = 2;
/** What a run may take beside the deadline of a write (1 s): start of Node under strace, on a machine with other work. */
const runMsMax = 15_000;

/** Calls of the writer in a run. The writer of tables finds what it has made itself from its second call on. */
const callsOf = { log: 5, lake: 3 };
const ages = { log: [true, false], lake: [true] };

const run = (
  home: string,
  site: Pick<Site, "subject" | "isFresh"> & {
    paths?: readonly string[];
    inject?: string;
    bug?: PlantedBug | undefined;
  },
): Traced & { ms: number } => {
  const { subject, isFresh, paths = [], inject, bug } = site;
  const from = performance.now();
  const calls = callsOf[subject];
  const settings = { home, batch, from: isFresh ? 0 : calls, calls: isFresh ? calls : 2 * calls };
  const sameNames = subject === "lake" ? { sameNames: true } : {};
  const program = [subjects[subject].writer, JSON.stringify({ ...settings, ...sameNames })];
  const traced = trace([...plantedArgs(bug), ...program], {
    names: failing,
    paths: paths.map((path) => home + path),
    timeoutMs: runMsMax,
    ...(inject === undefined ? {} : { inject }),
  });
  return { ...traced, ms: performance.now() - from };
};

/** A home that was written in before, closed well. */
function usedHome(home: string, subject: Subject): void {
  mkdirSync(home, { recursive: true });
  const { stdout } = run(home, { subject, isFresh: true });
  if (!stdout.endsWith("done\n")) throw new Error(`the writer did not end well: ${stdout}`);
}

/** Every site of a short run: in a home that is being made, and in one that is there. */
export function sites(subject: Subject): Site[] {
  const folder = mkdtempSync(join(diskFolder(), "usher-sites-"));
  const found: Site[] = [];
  const homes = ["paths", "calls"].map((name) => join(folder, name)) as [string, string];
  for (const home of homes) mkdirSync(home);
  // the second round finds what the first has made
  for (const isFresh of ages[subject]) {
    const paths = pathsBelow(homes[0], run(homes[0], { subject, isFresh }).calls);
    for (const [name, most] of countByThread(run(homes[1], { subject, isFresh, paths }).calls)) {
      for (let when = 1; when <= most; when++) {
        for (const error of ["EIO", "ENOSPC"] as const)
          for (const isForever of [false, true])
            found.push({ subject, isFresh, name, when, error, isForever, paths });
      }
    }
  }
  rmSync(folder, { recursive: true });
  return found;
}

/** Every path below a home that calls were made on, without the home: `/lake/silver`. */
function pathsBelow(home: string, calls: readonly SystemCall[]): string[] {
  const paths = new Set<string>();
  for (const { text } of calls) {
    for (const [hex] of text.matchAll(/(?:\\x[0-9a-f]{2})+/g)) {
      const path = bytesOf(hex).toString();
      if (path === home || path.startsWith(`${home}/`)) paths.add(path.slice(home.length));
    }
  }
  return [...paths];
}

/** For each kind of call the most that one thread made: strace counts by thread. */
function countByThread(traced: readonly SystemCall[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { thread, name } of traced) {
    const key = `${name} ${thread}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const most = new Map<string, number>();
  for (const [key, count] of counts) {
    const name = key.split(" ")[0] as string;
    most.set(name, Math.max(most.get(name) ?? 0, count));
  }
  return most;
}

/** What became of one site. */
export interface Outcome {
  readonly site: Site;
  /** Why the answer was not honest; empty where it was. */
  readonly faults: readonly string[];
  /** Whether lmdb ended the process by a signal. */
  readonly isAborted: boolean;
  readonly isHit: boolean;
}

/** Runs the writer with a call that fails, at each of some sites. @returns What it answered, and what its homes hold. */
export function failAt(chosen: readonly Site[], bug?: PlantedBug): { outcomes: Outcome[]; verdict: Verdict } {
  const folder = mkdtempSync(join(diskFolder(), "usher-failing-"));
  const homes: Record<Subject, (Ledger & { home: string })[]> = { log: [], lake: [] };
  const outcomes = chosen.map((site, at): Outcome => {
    const home = join(folder, `home-${at}`);
    if (site.isFresh) mkdirSync(home, { recursive: true });
    else usedHome(home, site.subject);
    const { name, error, when, isForever } = site;
    const done = run(home, {
      ...{ ...site, bug },
      inject: `${name}:error=${error}:when=${when}${isForever ? "+" : ""}`,
    });
    homes[site.subject].push({ home, batch, ...ledgerOf(done.stdout, site) });
    return {
      site,
      faults: dishonest(done, site),
      isAborted: done.signal !== null || (done.code ?? 0) > 1,
      isHit: done.isInjected,
    };
  });
  const verdict = sum([checkHomes(homes.log, "log"), checkHomes(homes.lake, "lake")]);
  rmSync(folder, { recursive: true });
  return { outcomes, verdict };
}

function ledgerOf(stdout: string, { subject, isFresh }: Site) {
  const calls = callsOf[subject];
  const all = (pattern: RegExp) => [...stdout.matchAll(pattern)].map((found) => Number(found[1]));
  // a used home holds every call and state of the run before
  const before = isFresh ? [] : Array.from({ length: calls }, (_, call) => call);
  return {
    acked: [...new Set([...before, ...all(/^ack (\d+)$/gm)])],
    refused: all(/^nak (\d+) \w+ disk_full/gm),
    stores: Math.max(isFresh ? -1 : Math.floor(calls / 3) - 1, ...all(/^store (\d+)$/gm)),
  };
}

/** Calls without which what was written is not there: their failure is somebody's refusal, or the end. */
const needed = ["write", "pwrite64", "writev", "ftruncate", "fsync", "fdatasync", "rename", "link"];

/** An answer for each call, or an end that says that there is none, in time; and a failure of the disk that somebody was told of. */
function dishonest(
  { stdout, code, signal, ms, isInjected }: Traced & { ms: number },
  { name }: Site,
): string[] {
  const faults: string[] = [];
  if (ms >= runMsMax || signal === "SIGKILL") faults.push(`hangs: ${Math.round(ms)} ms`);
  for (const [, call, after] of stdout.matchAll(/^s?nak (\d+) .*after (\d+) ms$/gm)) {
    if (Number(after) > 2000) faults.push(`call ${call} was refused after ${after} ms`);
  }
  // what is told has a name of ours; for a folder that cannot be made Node itself has another error
  const codes = [...stdout.matchAll(/^s?nak \d+ (\w+)/gm)].map((found) => found[1] as string);
  if (name !== "mkdir" && codes.some((code) => code === "INTERNAL" || !code.includes("_")))
    faults.push(`refused with ${codes}`);
  const asked = [...stdout.matchAll(/^recv (\d+)$/gm)].length;
  const answered = [...stdout.matchAll(/^(ack|nak) \d+/gm)].length;
  const isEnd = signal !== null || code !== 0;
  if (asked !== answered && !isEnd) faults.push(`${asked} calls, ${answered} answers, exit code 0`);
  const isTold = isEnd || /^(s?nak|closed|failed) /m.test(stdout);
  if (isInjected && needed.includes(name) && !isTold) faults.push(`nobody was told of the failed ${name}`);
  if (/^failed/m.test(stdout) && !isEnd) faults.push("failed, yet ended with 0");
  if (code === 0 && !stdout.endsWith("done\n")) faults.push(`ended with 0 before it was done: ${stdout}`);
  return faults;
}

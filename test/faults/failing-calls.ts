import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHomes, type Ledger, subjects, type Verdict } from "./power-cut.ts";
import { type SystemCall, type Traced, trace } from "./strace.ts";

/** Calls on the disk that can fail. */
const failing = [
  ...[
    "openat",
    "mkdir",
    "pwrite64",
    "writev",
    "lseek",
    "fsync",
    "fdatasync",
    "rename",
    "link",
    "unlink",
    "ftruncate",
  ],
] as const;

/** One place at which a call fails: the n-th of its kind in its thread, with an error, once or from then on. */
export interface Site {
  readonly isFresh: boolean;
  readonly name: string;
  readonly when: number;
  readonly error: "EIO" | "ENOSPC";
  readonly isForever: boolean;
}

const batch = 2;
const calls = 5;
/** What a run may take beside the deadline of a write (1 s): start of Node under strace, on a machine with other work. */
const runMsMax = 8_000;

const pathsIn = (home: string) =>
  ["log", "live"]
    .flatMap((name) => {
      const folder = join(home, "state", name);
      return [folder, join(folder, "data.mdb"), join(folder, "new.mdb"), join(folder, "lock.mdb")];
    })
    .concat(join(home, "state"));

const run = (
  home: string,
  { isFresh, inject }: { isFresh: boolean; inject?: string },
): Traced & { ms: number } => {
  const from = performance.now();
  const traced = trace(
    [
      subjects.log.writer,
      JSON.stringify({ home, batch, from: isFresh ? 0 : calls, calls: isFresh ? calls : 2 * calls }),
    ],
    {
      names: failing,
      paths: pathsIn(home),
      timeoutMs: runMsMax,
      ...(inject === undefined ? {} : { inject }),
    },
  );
  return { ...traced, ms: performance.now() - from };
};

/** A home that was written in before, closed well. */
function usedHome(home: string): void {
  mkdirSync(home, { recursive: true });
  const { stdout } = run(home, { isFresh: true });
  if (!stdout.endsWith("done\n")) throw new Error(`the writer did not end well: ${stdout}`);
}

/** Every site of a short run: in a home that is being made, and in one that is there. */
export function sites(): Site[] {
  const folder = mkdtempSync(join(tmpdir(), "usher-sites-"));
  const found: Site[] = [];
  for (const isFresh of [true, false]) {
    const home = join(folder, "home"); // the second run finds what the first has made
    mkdirSync(home, { recursive: true });
    for (const [name, most] of countByThread(run(home, { isFresh }).calls)) {
      for (let when = 1; when <= most; when++) {
        for (const error of ["EIO", "ENOSPC"] as const)
          for (const isForever of [false, true]) found.push({ isFresh, name, when, error, isForever });
      }
    }
  }
  rmSync(folder, { recursive: true });
  return found;
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
export function failAt(chosen: readonly Site[]): { outcomes: Outcome[]; verdict: Verdict } {
  const folder = mkdtempSync(join(tmpdir(), "usher-failing-"));
  const homes: (Ledger & { home: string })[] = [];
  const outcomes = chosen.map((site, at): Outcome => {
    const home = join(folder, `home-${at}`);
    if (site.isFresh) mkdirSync(home, { recursive: true });
    else usedHome(home);
    const { name, error, when, isForever } = site;
    const done = run(home, {
      isFresh: site.isFresh,
      inject: `${name}:error=${error}:when=${when}${isForever ? "+" : ""}`,
    });
    homes.push({ home, batch, ...ledgerOf(done.stdout, site) });
    return {
      site,
      faults: dishonest(done),
      isAborted: done.signal !== null || (done.code ?? 0) > 1,
      isHit: done.isInjected,
    };
  });
  const verdict = checkHomes(homes);
  rmSync(folder, { recursive: true });
  return { outcomes, verdict };
}

function ledgerOf(stdout: string, { isFresh }: Site) {
  const all = (pattern: RegExp) => [...stdout.matchAll(pattern)].map((found) => Number(found[1]));
  // a used home holds every call and state of the run before
  const before = isFresh ? [] : Array.from({ length: calls }, (_, call) => call);
  return {
    acked: [...new Set([...before, ...all(/^ack (\d+)$/gm)])],
    refused: all(/^nak (\d+) \w+ disk_full/gm),
    stores: Math.max(isFresh ? -1 : Math.floor(calls / 3) - 1, ...all(/^store (\d+)$/gm)),
  };
}

/** An answer for each call, or an end that says that there is none, in time. */
function dishonest({ stdout, code, signal, ms }: Traced & { ms: number }): string[] {
  const faults: string[] = [];
  if (ms >= runMsMax || signal === "SIGKILL") faults.push(`hangs: ${Math.round(ms)} ms`);
  for (const [, call, after] of stdout.matchAll(/^nak (\d+) .*after (\d+) ms$/gm)) {
    if (Number(after) > 2000) faults.push(`call ${call} was refused after ${after} ms`);
  }
  const asked = [...stdout.matchAll(/^recv (\d+)$/gm)].length;
  const answered = [...stdout.matchAll(/^(ack|nak) \d+/gm)].length;
  const isEnd = signal !== null || code !== 0;
  if (asked !== answered && !isEnd) faults.push(`${asked} calls, ${answered} answers, exit code 0`);
  if (/^failed/m.test(stdout) && !isEnd) faults.push("failed, yet ended with 0");
  if (code === 0 && !stdout.endsWith("done\n")) faults.push(`ended with 0 before it was done: ${stdout}`);
  return faults;
}

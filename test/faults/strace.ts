import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const required = process.env["USHER_REQUIRE_SERVICES"] === "1";
const isThere = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
if (!isThere && !required)
  console.warn("skipped: strace is not there, or may not trace (apt-get install strace)");

/** False where the faults that need strace are passed over; where services are required, they fail instead. */
export const canTrace: boolean = isThere || required;

/** One system call, after it returned. */
export interface SystemCall {
  readonly thread: string;
  readonly name: string;
  /** The arguments as text, `\xNN` where they are strings. */
  readonly text: string;
  /** What it returned; −1 is a failure. */
  readonly result: number;
  /** Path of the descriptor that it returned, for `openat`. */
  readonly opened: string;
}

/** What a traced program printed and did. */
export interface Traced {
  readonly calls: readonly SystemCall[];
  /** Whether a call failed because it was asked to. */
  readonly isInjected: boolean;
  readonly stdout: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TraceOptions {
  /** System calls to trace. */
  readonly names: readonly string[];
  /** Only calls on these paths. Default: all. */
  readonly paths?: readonly string[];
  /** strace's expression, such as `pwrite64:error=EIO:when=3`. */
  readonly inject?: string;
  /** Whether the contents are wanted. Default false. */
  readonly contents?: boolean;
  readonly timeoutMs?: number;
}

/** The text of an argument of a traced call: `\xNN` become bytes. */
export const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll("\\x", ""), "hex");

/** Path of the descriptor that a call was made on. */
export const pathOf = (text: string): string => bytesOf(/^\d+<([^>]*)>/.exec(text)?.[1] ?? "").toString();

/** One thread of the pool, so that `when=n` counts the calls of the process; no calls that bypass the system's. */
const environment = { UV_THREADPOOL_SIZE: "1", UV_USE_IO_URING: "0" };

/** Runs a Node program under strace to its end. */
export function trace(program: readonly string[], options: TraceOptions): Traced {
  const folder = mkdtempSync(join(tmpdir(), "usher-trace-"));
  const file = join(folder, "trace");
  const done = spawnSync("strace", straceArgs(program, { ...options, file }), {
    env: { ...process.env, ...environment },
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: options.timeoutMs ?? 60_000,
    killSignal: "SIGKILL",
  });
  if (done.error && (done.error as NodeJS.ErrnoException).code !== "ETIMEDOUT") throw done.error;
  const text = readFileSync(file, "latin1");
  rmSync(folder, { recursive: true });
  return {
    calls: parse(text),
    isInjected: text.includes("(INJECTED)"),
    stdout: done.stdout,
    code: done.status,
    signal: done.signal,
  };
}

/** Starts a Node program under strace that goes on meanwhile. `calls` gives what it did, once it has ended. */
export function startTraced(
  program: readonly string[],
  options: Pick<TraceOptions, "names">,
): { child: ChildProcess; calls(): readonly SystemCall[] } {
  const folder = mkdtempSync(join(tmpdir(), "usher-trace-"));
  const file = join(folder, "trace");
  const child = spawn("strace", straceArgs(program, { ...options, file }), {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return {
    child,
    calls() {
      const text = readFileSync(file, "latin1");
      rmSync(folder, { recursive: true });
      return parse(text);
    },
  };
}

function straceArgs(
  program: readonly string[],
  { file, names, paths = [], inject, contents = false }: TraceOptions & { file: string },
): string[] {
  return [
    ...["-f", "--seccomp-bpf", "-xx", "-y", "-o", file, "-s", contents ? "10000000" : "256"],
    ...paths.flatMap((path) => ["-P", path]),
    ...["-e", `trace=${names.join(",")}`],
    ...(inject === undefined ? [] : ["-e", `inject=${inject}`]),
    ...[process.execPath, ...program],
  ];
}

function parse(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const begun = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, thread, rest] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    if (thread === undefined || rest === undefined) continue;
    if (rest.endsWith("<unfinished ...>")) {
      begun.set(thread, rest.slice(0, -"<unfinished ...>".length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest);
    const whole = resumed ? `${begun.get(thread) ?? ""}${resumed[1]}` : rest;
    const head = /^(\w+)\(/.exec(whole);
    // short lines are filled up to a column, so more than one blank may come; strings hold no brackets, they are \\xNN
    const outcome = /\)\s+= (-?\d+)(?:<([^>]*)>)?[^)]*(?:\([^)]*\))?$/.exec(whole);
    if (!outcome || !head) continue; // signals and exits
    calls.push({
      thread,
      name: head[1] as string,
      text: whole.slice(head[0].length, outcome.index),
      result: Number(outcome[1]),
      opened: bytesOf(outcome[2] ?? "").toString(),
    });
  }
  return calls;
}

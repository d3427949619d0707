import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../bin/usher.js", import.meta.url));

/** What a finished command left behind. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Everything printed so far, stdout and stderr mixed. */
  output(): string;
  /** Resolves when something printed matches; rejects when the command ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Environment in which nothing is fetched from outside: the download address is a closed port. */
const offline = { USHER_DOWNLOAD_BASE_URL: "http://127.0.0.1:9" };

/** Runs the real command line in a process of its own. @param within Words before the command, such as those that enter a namespace. */
export function startUsher(
  args: readonly string[],
  environment: Record<string, string> = {},
  within: readonly string[] = [],
): Running {
  const [command, ...words] = [...within, process.execPath, program, ...args] as [string, ...string[]];
  const child = spawn(command, words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...offline, ...environment },
  });
  let stdout = "";
  let stderr = "";
  let mixed = "";
  const waiting = new Set<() => void>();
  const take = (add: (text: string) => void) => (bytes: Buffer) => {
    add(bytes.toString());
    mixed += bytes.toString();
    for (const look of waiting) look();
  };
  child.stdout.on(
    "data",
    take((text) => (stdout += text)),
  );
  child.stderr.on(
    "data",
    take((text) => (stderr += text)),
  );
  const finished = once(child, "close").then(([code, signal]) => {
    for (const look of waiting) look();
    return { code, signal, stdout, stderr } as Finished;
  });
  return {
    child,
    finished,
    output: () => mixed,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(mixed);
          const ended = child.exitCode !== null || child.signalCode !== null;
          if (!found && !ended) return;
          waiting.delete(look);
          if (found) resolve(found);
          else reject(new Error(`ended before ${pattern} was printed:\n${mixed}`));
        };
        waiting.add(look);
        look();
        child.once("close", look);
      }),
  };
}

/** Runs a command to its end. */
export function runUsher(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Finished> {
  return startUsher(args, environment).finished;
}

/** Starts a server and waits until it serves. */
export async function startServer(
  args: readonly string[],
  environment: Record<string, string> = {},
  within: readonly string[] = [],
) {
  const running = startUsher([...args, "--port", "0"], environment, within);
  const [, address = ""] = await running.until(/(?:serving|serves) on (http:\/\/127\.0\.0\.1:\d+)/);
  return { ...running, address };
}

/** The numbered lines of a printed list. */
export function printedList(output: string): string[] {
  return output.split("\n").filter((line) => /^\d+\. .+ – .+/.test(line));
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** This file runs from dist/bench/bench, and in tests from bench. */
const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../bin/usher.js" : "../../../bin/usher.js", import.meta.url),
);

/** A server in a process of its own. */
export interface ServedHome {
  readonly address: string;
  /** A line of /proc/<pid>/status in bytes, such as VmRSS or RssAnon; `undefined` where the system does not tell. */
  memoryBytes(name: "VmRSS" | "RssAnon"): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** Starts `usher serve` on a free port and waits until it serves. */
export const serveHome = (home: string, options: ServeOptions = {}): Promise<ServedHome> =>
  startServer([program, "serve", "--home", home, "--port", "0"], options);

export interface ServeOptions {
  /** The one core that the server may use, where the system has `taskset`. Default: all. */
  readonly core?: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Takes what it prints beside its address, such as its log. */
  readonly onLog?: (line: string) => void;
}

/** Starts a Node program that prints `serves on <address>`. */
export async function startServer(args: readonly string[], options: ServeOptions = {}): Promise<ServedHome> {
  const { core, env = {}, onLog } = options;
  const pinned = core === undefined ? [] : ["taskset", "-c", String(core)];
  const [command = "", ...rest] = [...pinned, process.execPath, ...args];
  const server: ChildProcess = spawn(command, rest, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  return new Promise((resolve, reject) => {
    server.once("close", () => reject(new Error("the server ended before it listened")));
    createInterface({ input: server.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const address = /serves on (http:\/\/[^\s:]+:\d+)/.exec(line)?.[1];
      if (address === undefined) onLog?.(line);
      else resolve(served(server, address));
    });
  });
}

const served = (server: ChildProcess, address: string): ServedHome => ({
  address,
  memoryBytes: async (name) => {
    const status = await readFile(`/proc/${server.pid}/status`, "utf8").catch(() => ""); // Linux only
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  },
  stop: async () => {
    server.kill("SIGTERM");
    await once(server, "close");
  },
});

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
export async function serveHome(home: string): Promise<ServedHome> {
  const server: ChildProcess = spawn(process.execPath, [program, "serve", "--home", home, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: server.stdout as NodeJS.ReadableStream })) {
    const address = /serves on (http:\S+)/.exec(line)?.[1];
    if (address !== undefined) return served(server, address);
  }
  throw new Error("the server ended before it listened");
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

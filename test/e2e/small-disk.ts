import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";

/** A small disk that only processes in a namespace of their own have mounted; gone with `close`. */
export interface SmallDisk {
  /** Where it lies for this process. */
  readonly outside: string;
  /** Where it lies for a process that is started with {@link within}. */
  readonly inside: string;
  /** Words to put before a command, so that it sees the disk. */
  readonly within: readonly string[];
  close(): Promise<void>;
}

/** Ways into a namespace of mounts: root's, and that of everybody where the system lets users have namespaces. */
const ways = [
  { unshare: ["-m"], enter: ["-m"] },
  { unshare: ["-r", "-m"], enter: ["-U", "-m", "--preserve-credentials"] },
];

/** Mounts a disk of so many MiB in memory, without rights where the system allows. @returns `undefined`, and a loud word, where it does not. */
export async function smallDisk(folder: string, sizeMib: number): Promise<SmallDisk | undefined> {
  await mkdir(folder);
  const told: string[] = [];
  for (const { unshare, enter } of ways) {
    const script = `mount -t tmpfs -o size=${sizeMib}m tmpfs "$0" && echo mounted && exec sleep 100000`;
    const holder = spawn("unshare", [...unshare, "sh", "-c", script, folder], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (!(await isMounted(holder, told))) continue;
    const closed = once(holder, "close");
    return {
      outside: `/proc/${holder.pid}/root${folder}`,
      inside: folder,
      within: ["nsenter", "-t", String(holder.pid), ...enter],
      close: async () => {
        holder.kill("SIGKILL");
        await closed;
      },
    };
  }
  if (process.env["USHER_REQUIRE_SERVICES"] === "1")
    throw new Error(`expected a small disk that can be mounted, got: ${told.join("; ")}`);
  console.warn(`SKIPPED: a full disk; this machine does not let the test mount one (${told.join("; ")})`);
  return undefined;
}

function isMounted(holder: ChildProcess, told: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    holder.stdout!.once("data", () => resolve(true));
    holder.stderr!.on("data", (bytes: Buffer) => told.push(bytes.toString().trim()));
    holder.once("error", (error) => {
      told.push(error.message);
      resolve(false);
    });
    holder.once("close", () => resolve(false));
  });
}

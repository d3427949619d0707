import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** The clone: this file runs from dist/bench/bench, and in tests from bench. */
export const root = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? ".." : "../../..", import.meta.url),
);

/** Where figures were measured: everything that one must know to compare them. */
export function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} cores (${processors[0]?.model.trim() ?? "unknown"}), ${memory} GiB, ${process.platform} ${process.arch}, Node ${process.version}`;
}

/** Short hash of the commit, with `+` where files were changed since. */
export function commit(): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  try {
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--", "src", "wasm") ? "+" : "")
    );
  } catch {
    return "unknown"; // not a git clone, such as an unpacked archive
  }
}

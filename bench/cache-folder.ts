import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * A folder for what benchmarks make once and read often: grown data sets, Python environments. Outside the clone: the user's cache
 * folder, or `USHER_BENCH_CACHE`. Deleting it costs nothing but time.
 */
export function cacheFolder(...inside: string[]): string {
  const { USHER_BENCH_CACHE, LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  const caches = XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache");
  const folder = join(USHER_BENCH_CACHE || join(caches, "usher-bench"), ...inside);
  mkdirSync(folder, { recursive: true });
  return folder;
}

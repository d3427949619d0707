import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache-folder.ts";
import { type Job, runProgram, type Turn } from "./contest.ts";
import { root } from "./project.ts";

/** A rival: a script of `bench/rivals/` and the packages it needs. */
export interface Rival {
  readonly script: string;
  /** File beside the script; default `requirements.txt`. */
  readonly requirements?: string;
}

const rivals = join(root, "bench", "rivals");

/** Lets a Python rival do a job in a process of its own. Of the job's parameters, `threads` are its own and `blasThreads` (1) those of BLAS. */
export async function runRival(rival: Rival, job: Job): Promise<Turn> {
  const python = pythonFor(rival.requirements ?? "requirements.txt");
  const { threads = 1, blasThreads = 1 } = job.parameters;
  const environment = {
    OPENBLAS_NUM_THREADS: `${blasThreads}`,
    OMP_NUM_THREADS: `${threads}`,
    PYTHONWARNINGS: "ignore",
    PYTHONDONTWRITEBYTECODE: "1",
  };
  return runProgram({ program: python, args: [join(rivals, rival.script)], job, environment });
}

/** The interpreter of a virtual environment with exactly these packages, made at the first call; its name is a hash of the list. */
function pythonFor(requirements: string): string {
  const list = join(rivals, requirements);
  const hash = createHash("sha256").update(readFileSync(list)).digest("hex").slice(0, 12);
  const folder = join(cacheFolder("python"), hash);
  const interpreter = (of: string) =>
    process.platform === "win32" ? join(of, "Scripts", "python.exe") : join(of, "bin", "python");
  const ready = join(folder, "installed");
  if (!existsSync(ready)) {
    console.log(`installing ${requirements} into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    execute(process.platform === "win32" ? "python" : "python3", ["-m", "venv", folder]);
    execute(interpreter(folder), ["-m", "pip", "install", "--quiet", "-r", list]);
    writeFileSync(ready, "");
  }
  return interpreter(folder);
}

function execute(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(" ")}: exit code ${status}`);
}

import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const python = process.env["USHER_PYTHON"] ?? "python3";
const isThere = spawnSync(python, ["-c", "import deltalake, pyarrow"]).status === 0;

/** Whether tests that need a Python with deltalake are left out: where none is there, unless services are required. */
export const skipsPython = !isThere && process.env["USHER_REQUIRE_SERVICES"] !== "1";
if (skipsPython)
  console.warn(
    `skipped: ${python} has no deltalake and pyarrow; name a Python that has them in USHER_PYTHON`,
  );

/** What read_delta.py prints of one table. */
export interface PythonTable {
  readonly version: number;
  readonly rows: number;
  readonly columns: Readonly<Record<string, unknown>>;
  readonly first: Readonly<Record<string, string>>;
}

/** The tables of a lake as Python reads them; of the newest versions unless told otherwise. */
export async function readWithPython(
  folder: string,
  versions: Readonly<Record<string, number>> = {},
): Promise<Record<string, PythonTable>> {
  const script = join(import.meta.dirname, "read_delta.py");
  const { stdout } = await promisify(execFile)(python, [script, folder, JSON.stringify(versions)], {
    maxBuffer: 1 << 24,
  });
  return JSON.parse(stdout);
}

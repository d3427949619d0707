import { access, constants } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { openDuckdb } from "../engine/duckdb.ts";
import { freeBytesOf } from "../home/disk-watch.ts";
import { ownerOf } from "../home/lock.ts";
import { kernelChoice } from "../kernels/kernel-mode.ts";
import { threadCount } from "../kernels/pool.ts";
import { version } from "../version.ts";
import type { Command } from "./command.ts";

/** One finding of the doctor. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly value: string;
  /** What to run or change where it is not ok. */
  readonly remedy?: string;
}

const freeBytesMin = 1 << 30;

/** `usher doctor`: versions, kernels and the state of the home, with a remedy for what is wrong. */
export const doctor: Command = {
  name: "doctor",
  summary: "print versions, kernels in use and the state of the home, with a remedy for each fault",
  async run({ home, say }) {
    const findings: Finding[] = [
      { name: "usher", ok: true, value: version },
      { name: "node", ok: true, value: `${process.versions.node} on ${process.platform} ${process.arch}` },
      kernelsFinding(),
      await duckdbFinding(),
      ...(await homeFindings(home)),
    ];
    for (const { name, ok, value, remedy } of findings) {
      say(`${ok ? "ok  " : "FAIL"}  ${name}: ${value}${remedy === undefined ? "" : ` → ${remedy}`}`);
    }
    return findings;
  },
  failed: (findings) => (findings as Finding[]).some(({ ok }) => !ok),
};

function kernelsFinding(): Finding {
  const { mode, reason } = kernelChoice();
  return { name: "kernels", ok: true, value: `${mode} (${reason}), ${threadCount()} threads` };
}

async function duckdbFinding(): Promise<Finding> {
  try {
    const engine = await openDuckdb();
    const [row] = await engine.rows("SELECT version() AS version");
    await engine.close();
    return { name: "duckdb", ok: true, value: String(row?.["version"]) };
  } catch (error) {
    return { name: "duckdb", ok: false, value: (error as Error).message, remedy: "run `npm ci` again" };
  }
}

async function homeFindings(home: string): Promise<Finding[]> {
  const folder = resolve(home);
  const owner = await ownerOf(folder);
  const existing = await nearestExisting(folder);
  const freeBytes = await freeBytesOf(existing);
  const writable = await access(existing, constants.W_OK).then(
    () => true,
    () => false,
  );
  return [
    {
      name: "home",
      ok: writable,
      value: `${folder}${existing === folder ? "" : " (not made yet)"}`,
      ...(writable ? {} : { remedy: `make ${existing} writable, or name another folder with --home` }),
    },
    {
      name: "owner",
      ok: true,
      value: owner ? `process ${owner.pid}, ${owner.address ?? "not listening"}` : "nobody",
    },
    {
      name: "free space",
      ok: freeBytes >= freeBytesMin,
      value: `${(freeBytes / 2 ** 30).toFixed(1)} GiB`,
      ...(freeBytes >= freeBytesMin
        ? {}
        : { remedy: "free at least 1 GiB, or name another folder with --home" }),
    },
  ];
}

/** The folder itself, or the first of its parents that is there. */
async function nearestExisting(folder: string): Promise<string> {
  try {
    await access(folder);
    return folder;
  } catch {
    return nearestExisting(dirname(folder)); // the root is always there
  }
}

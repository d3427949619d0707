import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Random } from "../../src/data/random.ts";
import { openLmdbEventLog } from "../../src/events/lmdb-event-log.ts";
import { checkHomes, subjects } from "./power-cut.ts";

const consumerProgram = fileURLToPath(new URL("log-consumer.js", import.meta.url));

/** A child, what it has printed, and a promise of the first line. */
function start(program: string, settings: Record<string, unknown>) {
  const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout!.on("data", (bytes: Buffer) => (printed += bytes.toString()));
  const begun = once(child.stdout!, "data");
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, printed }));
  return { child, begun, ended };
}

/** What rounds of killing a loaded writer gave. */
export interface KillReport {
  readonly rounds: number;
  /** Rounds in which a call was under way when the kill came. */
  readonly inFlight: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly faults: readonly string[];
}

const batch = 10;

/** Kills a writer with eight calls at a time, at seeded moments; compares what it acknowledged with the log. */
export async function killWriters(rounds: number, random: Random): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), "usher-killed-"));
  const homes = [];
  let inFlight = 0;
  let acknowledged = 0;
  for (let round = 0; round < rounds; round++) {
    const home = join(folder, `home-${round}`);
    mkdirSync(home);
    const { child, begun, ended } = start(subjects.log.writer, {
      home,
      calls: 1e9,
      batch,
      writers: 8,
      deadlineMs: 10_000,
    });
    await begun;
    await setTimeout(random.uniform() * 400);
    child.kill("SIGKILL");
    const { printed, signal } = await ended;
    if (signal !== "SIGKILL") throw new Error(`the writer ended before the kill: ${printed.slice(-200)}`);
    const acked = [...printed.matchAll(/^ack (\d+)$/gm)].map((found) => Number(found[1]));
    if ([...printed.matchAll(/^recv \d+$/gm)].length > acked.length) inFlight++;
    acknowledged += acked.length * batch;
    homes.push({ home, batch, acked, stores: -1 });
  }
  const { lost, faults } = checkHomes(homes);
  rmSync(folder, { recursive: true });
  return { rounds, inFlight, acknowledged, lost, faults };
}

/** Kills a consumer between effects until one comes through. @returns What its effects left, against what the log holds. */
export async function killConsumers({ plantEarly }: { plantEarly: boolean }, random: Random) {
  const home = mkdtempSync(join(tmpdir(), "usher-consumed-"));
  const out = join(home, "effects.txt");
  const records = 400;
  const log = await openLmdbEventLog({ folder: join(home, "state", "log") });
  const ids = Array.from({ length: records }, () => randomUUID());
  const appended = ids.map((id, at) => ({ id, key: `user ${at % 9}`, topic: "events_views" as const }));
  await log.append(appended.map((one) => ({ ...one, receivedMs: 1, value: Buffer.from(one.id) })));
  await log.close();
  let kills = 0;
  for (;;) {
    const { child, begun, ended } = start(consumerProgram, { home, out, plantEarly });
    await begun;
    if (kills < 6) {
      await setTimeout(random.uniform() * 60);
      child.kill("SIGKILL");
    }
    const { printed, signal } = await ended;
    if (signal === "SIGKILL") kills++;
    else if (printed.endsWith("done\n")) break;
    else throw new Error(`the consumer ended: ${printed.slice(-200)}`);
  }
  const effects = existsSync(out) ? readFileSync(out, "utf8").trimEnd().split("\n") : [];
  rmSync(home, { recursive: true });
  const seen = new Set(effects);
  return { records, kills, lost: ids.filter((id) => !seen.has(id)).length, effects: effects.length };
}

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { servedHome } from "../e2e/server-kills.ts";
import { DiskModel, diskCalls } from "./disk-model.ts";
import { type PlantedBug, plantedArgs } from "./planted-bugs.ts";
import { bytesOf, canTrace, pathOf, type SystemCall, startTraced } from "./strace.ts";

const program = fileURLToPath(new URL("../../bin/usher.js", import.meta.url));
const posts = 10;

let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  ground = await servedHome();
});
afterAll(() => rm(ground.folder, { recursive: true, force: true }));

/** Runs the server under strace, sends events to it one after the other, and stops it. @returns Every call that it made. */
async function tracedServer(home: string, bug?: PlantedBug): Promise<readonly SystemCall[]> {
  const { child, calls } = startTraced(
    [...plantedArgs(bug), program, "serve", "--home", home, "--port", "0"],
    { names: [...diskCalls, "read"] },
  );
  const closed = once(child, "close");
  let printed = "";
  child.stdout!.on("data", (bytes: Buffer) => (printed += bytes.toString()));
  await expect.poll(() => printed, { timeout: 50_000 }).toMatch(/serv\w+ on http/);
  const { pid } = JSON.parse(await readFile(join(home, "usher.lock"), "utf8")) as { pid: number };
  try {
    const [, address] = /serv\w+ on (http:\/\/127\.0\.0\.1:\d+)/.exec(printed) as RegExpExecArray;
    for (let at = 0; at < posts; at++) {
      const event = { event_id: randomUUID(), event_type: "like", user_id: `u${at % 3}`, item_id: "1" };
      const answer = await fetch(`${address}/v1/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...event, event_ts: new Date().toISOString() }),
      });
      expect(answer.status).toBe(202);
      expect(await answer.json()).toMatchObject({ results: [{ status: "accepted" }] });
    }
  } finally {
    process.kill(pid, "SIGTERM"); // strace does not hand it on
    await closed;
  }
  return calls();
}

/** Each post, from the bytes of the request to those of the answer: what was written to the log and synced in between. */
async function acknowledgements(home: string, bug?: PlantedBug) {
  const folder = join(home, "state");
  await rm(folder, { recursive: true, force: true }); // made anew, so that the model of the disk sees every write
  const model = new DiskModel(folder);
  const data = join(folder, "log", "data.mdb");
  const found: { writes: number; syncs: number; isDurable: boolean }[] = [];
  let now = { writes: 0, syncs: 0, isDurable: false };
  for (const call of await tracedServer(home, bug)) {
    model.apply(call);
    const { name, text, result } = call;
    const begins = () => bytesOf(/"([^"]*)"/.exec(text)?.[1] ?? "").toString("latin1");
    if (name === "read" && result > 0 && begins().startsWith("POST /v1/events"))
      now = { writes: 0, syncs: 0, isDurable: false };
    else if (/^write/.test(name) && begins().startsWith("HTTP/1.1 202"))
      found.push({ ...now, isDurable: model.isDurable(data) });
    else if (result >= 0 && pathOf(text) === data) {
      if (/^(fsync|fdatasync|msync)$/.test(name)) now.syncs++;
      else if (/write/.test(name)) now.writes++;
    }
  }
  return found;
}

describe.skipIf(!canTrace)("the server answers 202", { timeout: 180_000 }, () => {
  it("after the log was written and synced, each time", async () => {
    const found = await acknowledgements(await ground.copy());
    expect(found).toHaveLength(posts);
    for (const { writes, syncs, isDurable } of found) {
      expect(writes).toBeGreaterThan(0);
      expect(syncs).toBeGreaterThan(0);
      expect(isDurable).toBe(true);
    }
  });

  it.each(["noSync", "lateWrite"] as const)("the same look catches a planted %s", async (bug) => {
    const found = await acknowledgements(await ground.copy(), bug);
    expect(found).toHaveLength(posts);
    const good = found.filter(({ writes, syncs, isDurable }) => writes > 0 && syncs > 0 && isDurable);
    expect(good.length).toBeLessThan(posts / 2); // a late write of one may come in time for the next
  });
});

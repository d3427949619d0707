import { cp, open, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import { Ledger, listedEvents, servedHome, someEvent } from "./server-kills.ts";
import { type SmallDisk, smallDisk } from "./small-disk.ts";
import { startServer } from "./usher-process.ts";

let ground: Awaited<ReturnType<typeof servedHome>>;
let disk: SmallDisk | undefined;
const userIds = Array.from({ length: 20 }, (_, user) => `kill-${user}`);

beforeAll(async () => {
  ground = await servedHome();
  disk = await smallDisk(join(ground.folder, "disk"), 96);
  if (disk) await cp(ground.home, join(disk.outside, "home"), { recursive: true });
});
afterAll(async () => {
  await disk?.close();
  await rm(ground.folder, { recursive: true, force: true });
});

/** Takes all room of a disk but so many bytes. */
async function fillUp({ outside }: SmallDisk, leftBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(outside);
  const file = await open(join(outside, "filler"), "a");
  const block = Buffer.alloc(1 << 20, 7);
  for (let left = bavail * bsize - leftBytes; left > 0; left -= block.length)
    await file.write(block, 0, Math.min(left, block.length));
  await file.close();
}

describe("a full disk", () => {
  it("refuses events with 503 and goes on answering; with room again it takes them; nothing acknowledged is lost", async (context) => {
    if (!disk) return context.skip("no small disk can be mounted here");
    const random = seededRandom(5);
    const ledger = new Ledger();
    const { inside, outside, within } = disk;
    const start = () => startServer(["serve", "--home", join(inside, "home")], {}, within);
    let server = await start();
    const send = () =>
      ledger.post(
        server.address,
        Array.from({ length: 200 }, () => someEvent(random)),
      );
    expect(await send()).toBe(true);
    await fillUp(disk, 20 << 20);
    let taken = 0;
    while ((await send()) && taken < 500) taken++;
    expect(taken).toBeLessThan(500);
    await fillUp(disk, 8 << 20); // a body was refused whole; now there is no room for a single event either

    const refused = await fetch(`${server.address}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(someEvent(random)),
    });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, expect.any(String)]);
    expect(await refused.json()).toMatchObject({ code: "LOG_UNAVAILABLE" });
    const list = await fetch(`${server.address}/v1/users/kill-1/recommendations`);
    expect(list.status).toBe(200);
    await setTimeout(6000); // the live state finds no room either, and the disk was looked at
    const ready = await fetch(`${server.address}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { detail: "disk is failed", dependencies: { disk: { status: "failed" } } },
    ]);
    const stale = await fetch(`${server.address}/v1/users/kill-1/recommendations`);
    expect((await stale.json()) as object).toMatchObject({ degraded: ["disk"] });
    expect((await fetch(`${server.address}/health/live`)).status).toBe(200);

    server.child.kill("SIGTERM"); // a stop is in order, although the live state cannot be written
    expect((await server.finished).code).toBe(0);
    await rm(join(outside, "filler"));
    server = await start();
    expect(await send()).toBe(true);
    const listed = await listedEvents(server.address, userIds);
    const lost = [...ledger.acknowledged.keys()].filter((id) => !listed.has(id));
    const doubled = [...listed.values()].filter((count) => count > 1);
    console.log(
      `full disk: ${ledger.acknowledged.size} acknowledged, ${lost.length} lost, ${doubled.length} doubled`,
    );
    expect([lost, doubled]).toEqual([[], []]);
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
  });

  it("refuses an upload with 507 and keeps nothing of it; with room again it takes it", async (context) => {
    if (!disk) return context.skip("no small disk can be mounted here");
    const { inside, outside, within } = disk;
    const server = await startServer(["serve", "--home", join(inside, "home")], {}, within);
    const upload = async (content: string) => {
      const form = new FormData();
      form.append("files", new Blob([content]), "ratings.csv");
      const answer = await fetch(`${server.address}/v1/imports`, { method: "POST", body: form });
      return { ...((await answer.json()) as { code?: string; detail?: string }), status: answer.status };
    };
    await fillUp(disk, 4 << 20);
    expect(await upload(`user_id,item_id,rating\n${"a,x,4\n".repeat(2_000_000)}`)).toMatchObject({
      status: 507,
      code: "DISK_FULL",
      detail: expect.stringContaining("The disk is full"),
    });
    expect(await readdir(join(outside, "home", "uploads"))).toEqual([]);
    await rm(join(outside, "filler"));
    expect((await upload("user_id,item_id,rating\na,x,4\n")).status).toBe(202);
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
  }, 120_000);
});

import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { defaultConfiguration } from "../../src/contracts/configuration.ts";
import { watchDisk } from "../../src/home/disk-watch.ts";
import { openUsher } from "../../src/usher.ts";
import { smallDisk } from "../e2e/small-disk.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-disk-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a watched disk", () => {
  it("is ready with enough room, and says how much there is", async () => {
    const disk = await watchDisk({ folder, freeBytesMin: 0 });
    expect([disk.state(), disk.freeBytes()]).toEqual([{ status: "ready" }, expect.any(Number)]);
    disk.close();
  });
  it("has failed with less room than it must have, and without a folder", async () => {
    const full = await watchDisk({ folder, freeBytesMin: 2 ** 50 });
    expect(full.state()).toEqual({
      status: "failed",
      detail: expect.stringMatching(/expected 1125899906842624 bytes free, got \d+; make room$/),
    });
    full.close();
    const nowhere = await watchDisk({ folder: join(folder, "nowhere"), freeBytesMin: 0 });
    expect(nowhere.state()).toMatchObject({ status: "failed", detail: expect.stringContaining("ENOENT") });
    nowhere.close();
  });
  it("is looked at again: one that can only be read has failed until it can be written", async (context) => {
    const small = await smallDisk(join(folder, "small"), 4);
    if (!small) return context.skip("no small disk can be mounted here");
    const disk = await watchDisk({ folder: small.outside, freeBytesMin: 1, everyMs: 10 });
    const [command = "", ...words] = small.within;
    const remount = (how: string) =>
      execFileSync(command, [...words, "mount", "-o", `remount,${how}`, small.inside]);
    remount("ro");
    await vi.waitFor(() => expect(disk.state()).toMatchObject({ detail: expect.stringContaining("EROFS") }));
    remount("rw");
    await vi.waitFor(() => expect(disk.state()).toEqual({ status: "ready" }));
    disk.close();
    await small.close();
  });
});

it("a server without room is not ready, and shows how much there is", async () => {
  const configuration = { ...defaultConfiguration, port: 0, disk: { free_bytes_min: 2 ** 50 } };
  const usher = await openUsher({ home: join(folder, "home"), configuration });
  const address = await usher.listen();
  const answer = await fetch(`${address}/health/ready`);
  expect([answer.status, await answer.json()]).toMatchObject([
    503,
    { dependencies: { disk: { status: "failed", detail: expect.stringContaining("bytes free") } } },
  ]);
  expect(await (await fetch(`${address}/metrics`)).text()).toMatch(/^usher_disk_free_bytes [\d.e+]+$/m);
  await usher.close();
});

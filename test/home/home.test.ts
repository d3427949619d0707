import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openHome } from "../../src/home/home.ts";
import { lockHome, ownerOf } from "../../src/home/lock.ts";

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "usher-home-")), "home");
});

/** Another process that takes the lock, announces port 4711 and keeps it until it is killed. */
async function otherOwner() {
  const url = new URL("../../dist/home/lock.js", import.meta.url).href;
  const program = `import(${JSON.stringify(url)}).then(async ({ lockHome }) => {
    await (await lockHome(process.argv[1])).announce('http://127.0.0.1:4711'); console.log("held"); setInterval(() => {}, 1000); })`;
  const child = spawn(process.execPath, ["-e", program, folder], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

describe("home", () => {
  it("is made where there is none, and opens again", async () => {
    const home = await openHome(folder);
    expect(JSON.parse(await readFile(join(folder, "home.json"), "utf8"))).toMatchObject({ format: 1 });
    await home.lock.release();
    expect(existsSync(join(folder, "usher.lock"))).toBe(false);
    const again = await openHome(folder);
    await again.lock.release();
  });

  it("has one owner in a process", async () => {
    const lock = await lockHome(folder);
    await expect(lockHome(folder)).rejects.toMatchObject({ code: "HOME_LOCKED" });
    await lock.release();
  });

  it("names pid and port of the owner, and is taken over when the owner was killed", async () => {
    const child = await otherOwner();
    await expect(openHome(folder)).rejects.toMatchObject({
      code: "HOME_LOCKED",
      message: expect.stringContaining(`process ${child.pid} on port 4711`),
    });
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await ownerOf(folder)).toMatchObject({ pid: child.pid, address: "http://127.0.0.1:4711" });
    const home = await openHome(folder);
    expect(await ownerOf(folder)).toMatchObject({ pid: process.pid });
    await home.lock.release();
  });

  it("refuses a format of another version", async () => {
    await (await openHome(folder)).lock.release();
    await writeFile(join(folder, "home.json"), '{"format": 99}');
    await expect(openHome(folder)).rejects.toMatchObject({
      code: "HOME_FORMAT",
      message: expect.stringContaining("got 99"),
    });
    await writeFile(join(folder, "home.json"), "{");
    await expect(openHome(folder)).rejects.toMatchObject({ code: "HOME_FORMAT" });
  });

  it("refuses a path that is a file", async () => {
    await writeFile(folder, "x");
    await expect(openHome(folder)).rejects.toMatchObject({ code: "HOME_UNWRITABLE" });
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { servedHome } from "../e2e/server-kills.ts";
import { startServer } from "../e2e/usher-process.ts";
import { tokenOf } from "../server/access/closed-app.ts";

let folder: string;
let ground: Awaited<ReturnType<typeof servedHome>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-hangup-"));
  ground = await servedHome();
});
afterAll(async () => {
  for (const used of [folder, ground.folder]) await rm(used, { recursive: true });
});

it.skipIf(process.platform === "win32")(
  "SIGHUP has a server read its secrets again; one that is not good changes nothing",
  async () => {
    const secrets = ["the first secret of 32 bytes or more", "the second secret of 32 bytes or more"];
    const admins = ["the-first-admin-key-of-32-bytes-or-more", "the-second-admin-key-of-32-bytes-or-more"];
    const [secretFile, adminFile] = [join(folder, "secret"), join(folder, "admin")];
    const put = async (at: number) => {
      await writeFile(secretFile, secrets[at] ?? "short");
      await writeFile(adminFile, admins[at] ?? "short");
    };
    await put(0);
    const server = await startServer(["serve", "--home", ground.home], {
      USHER_TOKENS_SECRET_FILE: secretFile,
      USHER_ACCESS_ADMIN_KEY_FILE: adminFile,
    });
    const ask = async (path: string, credential: string) => {
      const headers = { authorization: `Bearer ${credential}` };
      return (await fetch(`${server.address}${path}`, { headers })).status;
    };
    const tokens = await Promise.all(secrets.map((secret) => tokenOf("kill-1", {}, secret)));
    const statuses = () =>
      Promise.all([
        ...tokens.map((token) => ask("/v1/users/kill-1/recommendations", token)),
        ...admins.map((key) => ask("/v1/keys", key)),
      ]);
    expect(await statuses()).toEqual([200, 401, 200, 401]);
    await put(1);
    server.child.kill("SIGHUP");
    await vi.waitFor(() => expect(server.output()).toContain("were read again"), 5000);
    expect(await statuses()).toEqual([401, 200, 401, 200]);
    await put(2);
    server.child.kill("SIGHUP");
    await vi.waitFor(() => expect(server.output()).toContain("stay as they were"), 5000);
    expect(await statuses()).toEqual([401, 200, 401, 200]);
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
  },
  60_000,
);

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { SurfaceDocument } from "../../src/contracts/surfaces.ts";
import { openSurfaces, type SurfaceStore } from "../../src/recommend/surface-store.ts";
import { createApp } from "../../src/server/app.ts";
import { listen } from "../../src/server/listen.ts";
import { smallContext } from "../server/checked-app.ts";

const evening: SurfaceDocument = {
  name: "evening",
  title: "For this evening",
  sources: [{ source: "model" }],
  filter: "year < 1990",
  weights: { model: 1, freshness: 0.5 },
  fallback: "top",
};
let home: string;
let file: string;
let store: SurfaceStore;
let app: ReturnType<typeof createApp>;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-cli-surfaces-"));
  store = await openSurfaces(join(home, "surfaces"));
  app = createApp(smallContext({ surfaces: store }));
  // a server of this process, which the lock of the home names
  const address = await listen(app, { host: "127.0.0.1", port: 0 });
  const lock = { pid: process.pid, started_at: new Date().toISOString(), address };
  await writeFile(join(home, "usher.lock"), JSON.stringify(lock));
  file = join(home, "evening.json");
  await writeFile(file, JSON.stringify(evening));
});
afterAll(async () => {
  await app.close();
  await rm(home, { recursive: true });
});

/** Runs `usher surfaces …`: the exit code, and what it printed. */
async function run(...words: string[]) {
  const printed: string[] = [];
  const catching = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => printed.push(String(text)) > 0),
  );
  try {
    const code = await main(["surfaces", ...words, "--home", home]);
    return { code, out: printed.join("") };
  } finally {
    for (const stream of catching) stream.mockRestore();
  }
}

describe("usher surfaces", () => {
  it("tries a document for a user before it is saved, and each score is the sum that is shown", async () => {
    const { code, out } = await run("preview", "evening", "--file", file, "--user", "1", "--k", "1");
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^1\. .* – .*\[model [\d.]+, freshness [\d.]+\]\n$/),
    });
    expect((await run("show", "evening")).out).toContain("[SURFACE_UNKNOWN]");
    const { items } = JSON.parse(
      (await run("preview", "because-you-watched", "--item", "5", "--k", "2", "--json")).out,
    );
    expect(items).toHaveLength(2);
  });

  it("saves from a file, lists, shows, goes back and deletes", async () => {
    expect((await run("put", "evening", "--file", file)).out).toMatch(
      /^evening {2}version 1 .*For this evening\n$/,
    );
    await writeFile(file, JSON.stringify({ ...evening, title: "Tonight" }));
    expect((await run("put", "evening", "--file", file)).out).toContain("version 2");
    expect(JSON.parse((await run("show", "evening")).out)).toEqual({ ...evening, title: "Tonight" });
    expect((await run()).out).toMatch(
      /^continue {2}version 0 {2}built in {2}Continue\nevening {2}version 2/m,
    );
    expect((await run("rollback", "evening")).out).toMatch(/version 3 .*as version 1 {2}For this evening/);
    expect((await run("rollback", "evening", "--to", "2")).out).toMatch(
      /version 4 .*as version 2 {2}Tonight/,
    );
    expect((await run("delete", "evening")).out).toMatch(/version 5 .*deleted/);
    expect((await run("list")).out).not.toContain("evening");
    const numbers = JSON.parse((await run("versions", "evening", "--json")).out);
    expect(numbers.map(({ version }: { version: number }) => version)).toEqual([5, 4, 3, 2, 1]);
    expect((await run("rollback", "evening")).code).toBe(0);
    expect((await run("list")).out).toMatch(/evening {2}version 6/);
  });

  it.each([
    [["dance"], 2, "expected list, show, versions, put, preview, rollback, delete"],
    [["show"], 2, "expected a name"],
    [["show", "nowhere"], 1, "SURFACE_UNKNOWN"],
    [["put", "evening"], 2, "expected --file"],
    [["put", "evening", "--file", "no-such-file"], 2, "expected a surface as JSON"],
    [["preview", "top", "--k", "0"], 2, "k: expected an integer in 1..200"],
    [["rollback", "top", "--to", "x"], 2, "expected --to with a whole number"],
    [["delete", "top"], 2, "got one that is built in"],
  ])("%j is refused", async (words, code, message) => {
    expect(await run(...words)).toEqual({ code, out: expect.stringContaining(message) });
  });
});
